"""From symptoms to causes: what fails for one reason is one case, and what only waits for it stands below it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from jusante.core.asset import Ingested
from jusante.core.blast import Touched, readers_of
from jusante.core.graph import Graph
from jusante.core.incident import Cause, Severity, Suspect
from jusante.core.run import Task
from jusante.core.words import counted
from jusante.dataops.incidents.severity import severity
from jusante.dataops.incidents.suspects import STRONG
from jusante.dataops.incidents.symptoms import Symptom, is_well, waits

ALIKE = frozenset({"source_down", "source_denied", "source_failed", "secret"})
"""Kinds that befall several tables of a source at once."""
RUN = "run"
"""What is at fault where a run died and nobody can say what it was making."""
EVERYWHERE = {"storage": "storage", "installation": "installation", "crash": RUN}
"""Kinds that have one place for the whole project."""
UNSAID = "more is not shown"
"""What an error says that is not told in full, because it may quote personal data: it is like any other."""
OF_MODELS = frozenset({"query", "model", "audit", "bug"})

Suspecting = Callable[[Symptom], tuple[Suspect, ...]]


@dataclass(frozen=True, slots=True)
class Case:
    """A cause with all that it did in one run. `key` is the same for the same cause in later runs."""

    key: str
    cause: Cause
    assets: tuple[str, ...]
    below: tuple[str, ...]
    touched: tuple[Touched, ...]
    severity: Severity
    suspects: tuple[Suspect, ...]


def cases_of(
    graph: Graph, tasks: Sequence[Task], symptoms: Iterable[Symptom], suspecting: Suspecting
) -> tuple[Case, ...]:
    """One case for each cause. Pure, but for what `suspecting` looks up."""
    well = {task.asset for task in tasks if is_well(task)}
    waiting = [task.asset for task in tasks if waits(task)]
    groups: dict[str, list[Symptom]] = {}
    roots = _without_followers(graph, tuple(symptoms))
    suspected = {symptom: suspecting(symptom) for symptom in roots}
    for symptom in roots:
        groups.setdefault(_key(graph, symptom, roots, well), []).append(symptom)
    groups = _joined(groups, suspected)
    return tuple(_case(graph, key, group, suspected, waiting) for key, group in groups.items())


def _without_followers(graph: Graph, symptoms: tuple[Symptom, ...]) -> tuple[Symptom, ...]:
    """Those with nothing above them that fails: the nearest failing ancestor is the root."""
    found: dict[tuple[str, str], Symptom] = {}
    for symptom in symptoms:
        found.setdefault((symptom.asset, _family(symptom.kind)), symptom)
    stopping = {symptom.asset for symptom in found.values() if symptom.code}
    return tuple(each for each in found.values() if not _above(graph, each.asset) & stopping)


def _above(graph: Graph, name: str) -> set[str]:
    return set(graph.above([name])) - {name} if name in graph else set()


def _family(kind: str) -> str:
    return "models" if kind in OF_MODELS else kind


def _key(graph: Graph, symptom: Symptom, all_: Sequence[Symptom], well: set[str]) -> str:
    if symptom.kind in EVERYWHERE:
        return EVERYWHERE[symptom.kind]
    if symptom.kind in {*OF_MODELS, "late"}:  # what is late and fails then is one thing
        return f"asset:{symptom.asset}"
    if symptom.kind == "no_data":  # all that wait for one table are one thing
        return f"no_data:{symptom.where or symptom.asset}"
    if symptom.kind == "budget":  # one budget may be that of many; each owner hears of theirs
        return f"budget:{symptom.where}:{graph[symptom.asset].owner or ''}"
    source = _source(graph, symptom.asset)
    if source and symptom.kind in ALIKE and _is_of_source(graph, symptom, source, all_, well):
        return f"source:{source}"
    return f"{symptom.kind}:{symptom.asset}"


def _is_of_source(graph: Graph, symptom: Symptom, source: str, all_: Sequence[Symptom], well: set[str]) -> bool:
    """Whether the source as a whole is at fault: it cannot be reached, or all its tables fail in the same words.

    A table that came through shows that the source is there.
    """
    tables = {asset.id for asset in graph if _source(graph, asset.id) == source}
    if tables & well:
        return False
    alike = [each for each in all_ if each.asset in tables and each.kind == symptom.kind]
    if symptom.kind == "source_failed":
        said = {_plain(each) for each in alike if UNSAID not in each.what}
        return len(alike) > 1 and len(said) <= 1
    return True


def _plain(symptom: Symptom) -> str:
    """An error without the name of what it befell."""
    return symptom.what.replace(symptom.asset, "*").replace(symptom.asset.rpartition(".")[2], "*")


def _source(graph: Graph, name: str) -> str:
    definition = graph[name].definition if name in graph else None
    return definition.source.source if isinstance(definition, Ingested) else ""


def _joined(
    groups: Mapping[str, list[Symptom]], suspected: Mapping[Symptom, tuple[Suspect, ...]]
) -> dict[str, list[Symptom]]:
    """Failures of several assets with one strong suspect above them all are one case, of what is suspected."""
    found: dict[str, list[Symptom]] = {}
    for key, group in groups.items():
        first = next(iter(suspected[group[0]]), None)
        above = first and first.weight >= STRONG and first.subject != group[0].asset
        shared = first is not None and key.startswith("asset:") and bool(above)
        found.setdefault(f"change:{first.kind}:{first.subject}" if shared and first else key, []).extend(group)
    # One alone is a case of its own place: what it suspects is told, and not yet proved by a second.
    return {
        key if len(group) > 1 or not key.startswith("change:") else f"asset:{group[0].asset}": group
        for key, group in found.items()
    }


def _case(
    graph: Graph,
    key: str,
    group: Sequence[Symptom],
    suspected: Mapping[Symptom, tuple[Suspect, ...]],
    waiting: Sequence[str],
) -> Case:
    first = group[0]
    assets = tuple(sorted({symptom.asset for symptom in group}))
    under = graph.below(name for name in assets if name in graph)
    needed = {name for symptom in group for name in symptom.needed_by}
    by_column = any(symptom.needed_by or symptom.touched is not None for symptom in group)
    below = tuple(
        name for name in waiting if name in needed or (not by_column and name in under and name not in assets)
    )
    known = {each.id: each for symptom in group for each in symptom.touched or ()}
    touched = tuple(known.values()) if by_column and known else readers_of(graph, assets)
    cause = _cause(key, first, len(assets))
    return Case(
        key, cause, assets, below, touched, severity(first.kind, touched, below), _of_all(key, assets, suspected[first])
    )


def _of_all(key: str, assets: Sequence[str], suspects: tuple[Suspect, ...]) -> tuple[Suspect, ...]:
    """Of a source that fails as a whole, it is the source that is suspected, and not one of its tables."""
    if not key.startswith("source:"):
        return suspects
    return tuple(replace(each, subject=key) if each.subject in assets else each for each in suspects)


def _cause(key: str, first: Symptom, count: int) -> Cause:
    cause = Cause(first.asset, first.kind, first.what, first.where, first.fix, first.code)
    kind, _, subject = key.partition(":")
    if kind == "source":
        return replace(cause, asset=key)
    if key == RUN and count == 1:
        return cause
    if key in EVERYWHERE.values():
        return replace(cause, asset=key)
    if kind == "change":
        what = f"{counted(count, 'asset')} fail alike since {subject.partition(':')[2]} changed: {first.what}"
        return replace(cause, asset=subject.partition(":")[2], what=what)
    return cause
