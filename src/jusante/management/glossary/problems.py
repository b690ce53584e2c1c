"""What is wrong with the glossary, each with file and line."""

from collections.abc import Callable, Iterator, Sequence

from jusante.core.asset import BuiltDashboard
from jusante.core.classification import is_looser
from jusante.core.glossary import Entry, Glossary
from jusante.core.graph import Graph
from jusante.core.meaning import Meaning
from jusante.core.names import nearest
from jusante.core.problem import Problem
from jusante.management.glossary.claims import Claim, ColumnsOf, chart_named, column_named

MeaningOf = Callable[[Claim], Meaning | None]
"""What something that a term names means; None where it cannot be told."""


def glossary_problems(glossary: Glossary, graph: Graph, columns_of: ColumnsOf) -> list[Problem]:
    """Words that stand for two things, names of what is not there, terms without an owner or an implementation."""
    found = [*_ambiguous(glossary)]
    for entry in glossary:
        found += [*_dangling(entry, glossary, graph, columns_of), *_lonely(entry)]
    return found


def _ambiguous(glossary: Glossary) -> Iterator[Problem]:
    seen: dict[str, Entry] = {}
    for entry in glossary:
        for word in entry.words:
            other = seen.setdefault(word.lower(), entry)
            if other is not entry:
                what = f"{word!r} stands for {entry.name} here and for {other.name} in {other.place}"
                if word.lower() == entry.name.lower() == other.name.lower():
                    what = f"the term {word} is defined twice, also in {other.place}"
                yield Problem(
                    "J180", "error", what, str(entry.where(word)), "keep one meaning, and name the other one otherwise"
                )


def _dangling(entry: Entry, glossary: Glossary, graph: Graph, columns_of: ColumnsOf) -> Iterator[Problem]:
    for name in entry.term.columns:
        if column_named(name, graph, columns_of) is None:
            yield _missing(entry, "column", name, _columns_near(name, graph, columns_of))
    for name in entry.term.metrics:
        if chart_named(name, graph) is None:
            yield _missing(entry, "chart", name, _charts(graph))
    for name in entry.term.related:
        if glossary.find(name) is None:
            yield _missing(entry, "term", name, [each.name for each in glossary if each is not entry])
    for name in entry.term.differs:
        if name not in {*entry.term.columns, *entry.term.metrics}:
            yield _missing(entry, "column of its own", name, [*entry.term.columns, *entry.term.metrics])


def _missing(entry: Entry, kind: str, name: str, there: Sequence[str]) -> Problem:
    near = nearest(name, there)
    fix = f"did you mean {near}?" if near else f"take it out, or make the {kind}"
    return Problem(
        "J181", "error", f"term {entry.name} names the {kind} {name}, which is not there", str(entry.where(name)), fix
    )


def _columns_near(name: str, graph: Graph, columns_of: ColumnsOf) -> list[str]:
    asset = name.rpartition(".")[0]
    tables = [asset] if asset in graph else [near] if (near := nearest(asset, graph.ids)) else []
    return [f"{table}.{column}" for table in tables for column in columns_of(table)]


def _charts(graph: Graph) -> list[str]:
    return [
        f"{asset.definition.dashboard.dashboard}.{chart.title}"
        for asset in graph
        if isinstance(asset.definition, BuiltDashboard)
        for chart in asset.definition.dashboard.charts
    ]


def _lonely(entry: Entry) -> Iterator[Problem]:
    if not (entry.term.columns or entry.term.metrics):
        fix = "write columns: [table.column], or take the term out"
        yield Problem("J183", "warning", f"nothing implements the term {entry.name}", str(entry.place), fix)
    if entry.term.owner is None:
        fix = "write owner: who decides what it means; or once for the file"
        yield Problem("J184", "warning", f"nobody owns the term {entry.name}", str(entry.place), fix)


def secrecy_problems(entry: Entry, claimed: Sequence[Claim], graph: Graph) -> Iterator[Problem]:
    """The tables and dashboards that let more people see than the term says."""
    wanted = entry.term.classification
    for claim in claimed:
        said = graph[claim.asset].classification
        if wanted and said and is_looser(said, wanted):
            what = f"{claim.asset} is {said}, and {claim.name} is {entry.name}, which is {wanted}"
            yield Problem("J186", "warning", what, str(claim.place), f"say classification: {wanted} there")


def meaning_problems(
    entry: Entry, claimed: Sequence[Claim], meaning_of: MeaningOf, known: Callable[[Claim], bool]
) -> Iterator[Problem]:
    """The things that claim a term and are made differently from the first of them.

    Only what is `known` to its sources is judged. Whether two attributes are one is seen from the joins above all claims.
    """
    all_known = all(known(claim) for claim in claimed)
    told = [(claim, meaning) for claim in claimed if (meaning := meaning_of(claim))]
    if len(told) < 2:
        return
    (first, wanted), rest = told[0], told[1:]
    for claim, meaning in rest:
        same = wanted.means(meaning)
        accepted = claim.name in entry.term.differs
        if not (all_known or (wanted.aggregates and meaning.aggregates and known(first) and known(claim))):
            continue
        if same and accepted:
            what = f"{claim.name} is said to differ from {first.name}, and means the same"
            yield Problem("J185", "warning", what, str(entry.where(claim.name)), "take it out of differs")
        elif not same and not accepted:
            what = f"{entry.name} means two things: {_contrast(first, wanted, claim, meaning)}"
            fix = f"make one of them as the other, give one another term, or say differs: {{{claim.name}: why}}"
            yield Problem("J182", "error", what, str(claim.place), fix)


def _contrast(first: Claim, wanted: Meaning, claim: Claim, meaning: Meaning) -> str:
    """Both in words; of equal expressions only the conditions that one has and the other has not."""
    if wanted.expression != meaning.expression:
        return f"{first.name} is {wanted.sentence}; {claim.name} is {meaning.sentence}"
    only_first = [words for text, words in wanted.told if text not in meaning.conditions]
    only_other = [words for text, words in meaning.told if text not in wanted.conditions]
    sides = [(first.name, only_first), (claim.name, only_other)]
    told = "; ".join(f"only in {name} {' and '.join(words)}" for name, words in sides if words)
    return f"{first.name} and {claim.name} are both {wanted.words}, but {told}"
