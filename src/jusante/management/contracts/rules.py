"""The quality rules of a contract: what each of them says, what it lets pass, and whether another says as much."""

from collections.abc import Iterator, Sequence
from typing import Any

from jusante.core.contract import QualityRule

_BOUNDS = {
    "must_be": "=",
    "must_not_be": "≠",
    "must_be_greater_than": ">",
    "must_be_greater_or_equal_to": "≥",
    "must_be_less_than": "<",
    "must_be_less_or_equal_to": "≤",
    "must_be_between": "between",
    "must_not_be_between": "not between",
}
_LIGHT = {"info", "warning", "warn", "low", "minor"}
_INFINITY = float("inf")


def title(rule: QualityRule) -> str:
    """What a rule says, in a few words."""
    about = (
        rule.measures or rule.name or (" ".join(rule.query.split())[:60] if rule.query else rule.description) or "rule"
    )
    bound = next(
        ((sign, getattr(rule, name)) for name, sign in _BOUNDS.items() if getattr(rule, name) is not None), None
    )
    if bound is None:
        return about
    low_high = isinstance(bound[1], tuple)
    value = f"{_number(bound[1][0])} and {_number(bound[1][1])}" if low_high else _number(bound[1])
    percent = " %" if rule.unit == "percent" else ""
    return f"{about} {bound[0]} {value}{percent}"


def is_light(rule: QualityRule) -> bool:
    """Whether breaking it is told and nothing more."""
    return (rule.severity or "").lower() in _LIGHT


def holds(rule: QualityRule, measured: Any) -> bool:
    """Whether a measured value is one that the rule lets pass. A rule without a bound wants nothing to be found."""
    if not any(getattr(rule, name) is not None for name in _BOUNDS):
        return not measured
    if measured is None:
        return False
    between, beyond = rule.must_be_between, rule.must_not_be_between
    tests = (
        rule.must_be is None or _same(measured, rule.must_be),
        rule.must_not_be is None or not _same(measured, rule.must_not_be),
        rule.must_be_greater_than is None or measured > rule.must_be_greater_than,
        rule.must_be_greater_or_equal_to is None or measured >= rule.must_be_greater_or_equal_to,
        rule.must_be_less_than is None or measured < rule.must_be_less_than,
        rule.must_be_less_or_equal_to is None or measured <= rule.must_be_less_or_equal_to,
        between is None or between[0] <= measured <= between[1],
        beyond is None or not beyond[0] <= measured <= beyond[1],
    )
    return all(tests)


def compare_quality(before: Sequence[QualityRule], after: Sequence[QualityRule]) -> Iterator[tuple[str, bool, str]]:
    """The changes from one list of rules to another: what, whether it breaks a reader, and why."""
    now = {_identity(rule): rule for rule in after}
    for rule in before:
        same = now.pop(_identity(rule), None)
        if same is None:
            yield f"rule dropped: {title(rule)}", True, "what it kept out may come"
        else:
            yield from _of_rule(rule, same)
    for rule in now.values():
        yield f"rule added: {title(rule)}", False, "a stronger promise"


def compare_values(
    word: str, before: Sequence[Any] | None, after: Sequence[Any] | None
) -> Iterator[tuple[str, bool, str]]:
    """The changes of a list of values that may come; None where any may."""
    if before is None and after is not None:
        yield f"{word} are listed now", False, "a stronger promise"
    elif before is not None and after is None:
        yield f"{word} are listed no more", True, "any value may come"
    elif before is not None and after is not None:
        if fresh := [value for value in after if value not in before]:
            yield f"{word} may be {_listed(fresh)} now", True, "values may come that nobody knows yet"
        if gone := [value for value in before if value not in after]:
            yield f"{word} are {_listed(gone)} no more", False, "each value is one that was promised before"


def _of_rule(before: QualityRule, after: QualityRule) -> Iterator[tuple[str, bool, str]]:
    yield from compare_values("values", before.arguments.get("validValues"), after.arguments.get("validValues"))
    rest = [{k: v for k, v in rule.arguments.items() if k != "validValues"} for rule in (before, after)]
    if rest[0] != rest[1] or " ".join((before.query or "").split()) != " ".join((after.query or "").split()):
        yield f"rule changed: {title(after)}", True, "it measures something else"
    elif title(before) != title(after):
        loose = not _implies(after, before)
        reason = "more may pass than before" if loose else "no more passes than before"
        yield f"rule {title(before)} is {title(after)} now", loose, reason
    if is_light(after) and not is_light(before):
        yield f"rule {title(after)} is only a {after.severity} now", True, "breaking it is told and nothing more"


def _implies(one: QualityRule, other: QualityRule) -> bool:
    """Whether whatever passes the one passes the other, as far as both are ranges of numbers."""
    mine, theirs = _range(one), _range(other)
    if mine is None or theirs is None or one.unit != other.unit:
        return False
    return theirs[0] <= mine[0] and mine[1] <= theirs[1]


def _range(rule: QualityRule) -> tuple[float, float] | None:
    """The numbers that pass; open ends are a hair inside. None where they are no range."""
    hair = 1e-9
    if isinstance(rule.must_be, int | float):
        return float(rule.must_be), float(rule.must_be)
    if rule.must_be_between is not None:
        return rule.must_be_between
    if rule.must_be is not None or rule.must_not_be is not None or rule.must_not_be_between is not None:
        return None
    low = rule.must_be_greater_or_equal_to
    low = rule.must_be_greater_than + hair if rule.must_be_greater_than is not None else low
    high = rule.must_be_less_or_equal_to
    high = rule.must_be_less_than - hair if rule.must_be_less_than is not None else high
    return (-_INFINITY if low is None else low), (_INFINITY if high is None else high)


def _identity(rule: QualityRule) -> str:
    """By what a rule is known again: its id, its name, else what it measures."""
    if rule.id or rule.name:
        return str(rule.id or rule.name)
    columns = rule.arguments.get("properties")
    return f"{rule.type}:{rule.measures}:{columns}:{' '.join((rule.query or rule.description or '').split())}"


def _same(measured: Any, wanted: Any) -> bool:
    try:
        return bool(float(measured) == float(wanted))
    except (TypeError, ValueError):
        return str(measured) == str(wanted)


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _listed(values: Sequence[Any]) -> str:
    shown = ", ".join(map(str, values[:5]))
    return f"{shown} …" if len(values) > 5 else shown
