"""Which of the changes is it? Each is given a weight, by what went wrong and by what points to it; the reasons are told.

The weights are ranks, not probabilities: an edit is more often the reason of a query that cannot run than new data are,
and new data more often that of a check that fails. What the error itself names goes before what is merely new.
"""

import re
from collections.abc import Iterable, Mapping

from jusante.core.incident import Suspect
from jusante.dataops.incidents.changes import Change
from jusante.dataops.incidents.symptoms import Symptom

MOST = 5
STRONG = 0.5
"""From this weight on, what several failures suspect alike is taken for the cause of them all."""

CERTAIN = frozenset(
    {
        "source_down",
        "source_denied",
        "secret",
        "budget",
        "storage",
        "no_data",
        "installation",
        "data_drift",
        "personal_data",
    }
)
"""Kinds whose error says what it is: nothing else is suspected."""

_WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "query": {"definition": 0.80, "schema": 0.70, "environment": 0.50, "data": 0.35, "outage": 0.25},
    "model": {"definition": 0.78, "schema": 0.66, "environment": 0.50, "data": 0.45, "outage": 0.25},
    "audit": {"definition": 0.72, "data": 0.62, "schema": 0.60, "outage": 0.45, "environment": 0.25},
    "source_failed": {"definition": 0.70, "schema": 0.55, "data": 0.60, "environment": 0.40},
    "drift": {"definition": 0.40, "schema": 0.30, "environment": 0.10},
    "monitor": {"definition": 0.60, "data": 0.50, "environment": 0.45, "schema": 0.30},
    "bug": {"environment": 0.70, "definition": 0.65, "data": 0.50, "schema": 0.50},
    "crash": {"definition": 0.45, "data": 0.30},
    "late": {"outage": 0.70, "definition": 0.45, "environment": 0.30, "data": 0.30},
    "policy": {"definition": 0.80, "schema": 0.50},
}
_SELF_EVIDENT: Mapping[str, tuple[str, str, str, float, str]] = {
    "source_down": ("outage", "source:{source}", "source {source} cannot be reached", 0.95, "it says so itself"),
    "source_denied": ("environment", "source:{source}", "source {source} refuses us", 0.95, "it says so itself"),
    "secret": ("environment", "source:{source}", "{what}", 0.95, "it is not set where this runs"),
    "source_failed": ("data", "{asset}", "what source {source} sends", 0.65, "it says so itself"),
    "drift": ("schema", "{asset}", "{what}", 0.95, "seen at the source"),
    "data_drift": ("data", "{asset}", "{what}", 0.95, "measured against the loads before"),
    "personal_data": ("schema", "{asset}", "{what}", 0.95, "seen at the source"),
    "storage": ("environment", "storage", "{what}", 0.95, "the file system says so"),
    "no_data": ("data", "{where}", "{what}", 0.95, "nothing was ever loaded or made there"),
    "installation": ("environment", "environment", "{what}", 0.95, "it could not be imported"),
    "crash": (
        "environment",
        "run",
        "the process that ran, or its machine",
        0.75,
        "no error was left: it was ended from outside",
    ),
}
_OTHERS = {"definition": 0.5, "schema": 0.4, "data": 0.4, "environment": 0.4, "outage": 0.4}
_FROM_DATA = re.compile(
    r"conversion error|could not (convert|cast)|out of range|overflow|(division|divide) by zero|malformed|invalid input",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"not found|does not exist|does not have|no column|unknown column|keyerror|no field", re.IGNORECASE
)
_LATE = re.compile(r"\bfresh|\bnewest\b|\bold\b", re.IGNORECASE)


def suspects(symptom: Symptom, found: Iterable[Change]) -> tuple[Suspect, ...]:
    """What may be the reason, the likeliest first, `MOST` at the most."""
    known = tuple(found) if symptom.kind not in CERTAIN else ()
    is_new = any(change.is_first for change in known)
    is_edited = any(change.kind == "definition" and not change.distance for change in known) and not is_new
    weighed = (_weighed(symptom, change, is_edited=is_edited, is_new=is_new) for change in known)
    ranked = [_given(symptom), *weighed]
    best: dict[tuple[str, str], Suspect] = {}
    for each in sorted((each for each in ranked if each), key=lambda each: (-each.weight, each.subject)):
        best.setdefault((each.kind, each.subject), each)
    return tuple(best.values())[:MOST]


def _given(symptom: Symptom) -> Suspect | None:
    """What the failure says of itself: a source that does not answer needs no further suspects."""
    if symptom.kind not in _SELF_EVIDENT:
        return None
    kind, subject, what, weight, reason = _SELF_EVIDENT[symptom.kind]
    source = symptom.asset.partition(".")[0]
    names = {"source": source, "asset": symptom.asset, "what": symptom.what, "where": symptom.where}
    return Suspect(kind, subject.format(**names), what.format(**names), weight, (reason,))


def _weighed(symptom: Symptom, change: Change, *, is_edited: bool, is_new: bool) -> Suspect | None:
    weight = _WEIGHTS.get(symptom.kind, _OTHERS).get(change.kind)
    if weight is None:
        return None
    reasons: list[str] = [_nearness(change, is_new=is_new)]
    weight -= 0.02 * min(change.distance, 5)
    if change.is_first:
        return _suspect(change, 0.55, "nothing is known of a time when it was well")
    if named := _named(symptom.what, change.columns):
        weight += 0.25 if _MISSING.search(symptom.what) else 0.15
        reasons.append(f"the error speaks of {named}")
    elif change.kind == "definition" and change.distance and not change.columns and symptom.kind != "audit":
        weight -= 0.10  # an edit above that took no column away seldom keeps a reader from running
    if change.kind == "data" and _FROM_DATA.search(symptom.what):
        weight += 0.20 if is_edited else 0.40  # new data come every day, an edit does not
        reasons.append("the error is about values")
    if change.is_odd:
        weight += 0.15
        reasons.append("they are not what they were")
    if change.kind == "outage" and symptom.kind == "audit" and _LATE.search(symptom.what):
        weight += 0.45
        reasons.append("the check is about how new the data are")
    return _suspect(change, weight, *reasons)


def _suspect(change: Change, weight: float, *reasons: str) -> Suspect:
    return Suspect(change.kind, change.subject, change.what, round(min(weight, 0.99), 2), reasons)


def _nearness(change: Change, *, is_new: bool) -> str:
    if not change.distance:
        return "it was never well" if is_new else "since it was well last"
    where = "read directly" if change.distance == 1 else f"{change.distance} steps above"
    return where if is_new else f"{where}, and changed since it was well last"


def _named(text: str, columns: Iterable[str]) -> str:
    """A column that the words of an error name; empty where they name none."""
    words = {word.lower() for word in re.findall(r"\w+", text)}
    return next((column for column in sorted(columns) if column.lower() in words), "")
