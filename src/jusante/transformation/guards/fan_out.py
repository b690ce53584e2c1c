"""J160, J161, J174, J175: a join inflates what is added up, or weights what is averaged."""

from collections.abc import Iterator

from sqlglot import exp

from jusante.transformation.guards.subject import Found, Subject
from jusante.transformation.row_growth.conditions import shown
from jusante.transformation.row_growth.measures import Measure
from jusante.transformation.row_growth.relation import Blame, Key
from jusante.transformation.row_growth.rewrite import rewrite


def fan_out(subject: Subject) -> Iterator[Found]:
    """Each join that inflates, with the measures, the keys of both sides and what to write instead."""
    for each in subject.analysis.inflated:
        instead = rewrite(each)
        piece = f"{instead.why}: {instead.piece}" if instead else ""
        for weighted in (False, True):
            measures = [measure for measure in each.measures if measure.is_weighted == weighted]
            if measures:
                yield _found(each.blame, measures, piece, "J174" if weighted else "J160")


def _found(blame: Blame, measures: list[Measure], piece: str, code: str) -> Found:
    measures = sorted(measures, key=lambda measure: not _is_sum(measure))  # those that can be sized come first
    texts = tuple(measure.text for measure in measures)
    return Found(
        code="J175" if blame.model else code if blame.is_proven else "J161",
        what=_what(blame, texts, "shifted" if code == "J174" else "inflated"),
        line=blame.line if blame.model is None else 1,
        fix=_fix(blame, piece),
        facts=_facts(blame),
        blame=blame,
        measures=texts,
        rewrite=piece,
        values=tuple(measure.of[0].sql("duckdb", comments=False) for measure in measures if _is_sum(measure)),
    )


def _is_sum(measure: Measure) -> bool:
    return isinstance(measure.node, exp.Sum) and len(measure.of) == 1 and measure.node.this is measure.of[0]


def _what(blame: Blame, measures: tuple[str, ...], verb: str) -> str:
    where = f" in {blame.model}" if blame.model else ""
    on = f" on {blame.condition}" if blame.condition else ""
    be = "may be" if not blame.is_proven else "is" if len(measures) == 1 else "are"
    said = "repeats" if blame.is_proven else "may repeat"
    return (
        f"{', '.join(measures)} {be} {verb}: the {blame.kind}{on}{where} {said} each row of {blame.repeated} "
        f"for each row of {blame.by}"
    )


def _facts(blame: Blame) -> tuple[str, ...]:
    return (
        f"{blame.repeated} has {keys(blame.repeated_keys)}",
        f"{blame.by} has {keys(blame.by_keys)}"
        + (f"; the join compares {shown(theirs for _, theirs in blame.on)}" if blame.on else ""),
    )


def keys(known: tuple[Key, ...]) -> str:
    """Keys in words: `the key [order_id, line]`."""
    real = [shown(key) for key in known if key]
    if any(not key for key in known):
        return "one row"
    return f"the {'key' if len(real) == 1 else 'keys'} {' and '.join(real)}" if real else "no key that is known"


def _fix(blame: Blame, piece: str) -> str:
    if blame.model:
        return f"say in {blame.model} what one row is (grain), or take what is added up from where it stands once"
    declare = ""
    if not blame.is_proven and blame.by_table and blame.on:
        columns = ", ".join(dict.fromkeys(theirs for _, theirs in blame.on))
        declare = (
            f"if [{columns}] tells the rows of {blame.by_table} apart, declare it (key, grain or unique: it is tested)"
        )
    general = f"aggregate {blame.by} before the join, or keep one row of it for each {blame.repeated}"
    return "; else ".join(each for each in (declare, piece or general) if each)
