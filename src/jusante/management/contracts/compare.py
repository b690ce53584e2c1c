"""Two versions of a contract: each change, and whether it breaks who relies on the older one.

Breaking is what a reader may notice: something is gone, or a value may come that was promised not to.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jusante.core.classification import RANKS
from jusante.core.contract import ContractFile, SchemaObject, SchemaProperty, ServiceLevel
from jusante.core.schema import widens
from jusante.management.contracts.rules import compare_quality, compare_values

_LESS_IS_BETTER = {"latency", "frequency", "freshness", "generalavailability", "timeofdetection", "timetorepair"}
_MORE_IS_BETTER = {"retention", "availability", "throughput", "completeness", "uptime"}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a promise. `column` is empty where it is about a table, `table` where it is about the contract."""

    table: str
    column: str
    what: str
    breaking: bool
    reason: str

    @property
    def subject(self) -> str:
        """What it is about."""
        return ".".join(part for part in (self.table, self.column) if part) or "the contract"

    @property
    def sentence(self) -> str:
        """The change and why it is judged so."""
        return f"{self.subject}: {self.what} ({self.reason})"

    def as_dict(self) -> dict[str, Any]:
        """The change as `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


def compare(old: ContractFile | None, new: ContractFile | None) -> tuple[Change, ...]:
    """Every change from one version to the next, the breaking ones first; None where there is no such contract."""
    if old is None or new is None:
        return _whole(old, new)
    found = [*_terms(old, new), *_tables(old, new), *_service(old, new)]
    return tuple(sorted(found, key=lambda change: not change.breaking))


def asks_for_major(old: ContractFile, new: ContractFile, changes: tuple[Change, ...]) -> bool:
    """Whether something breaks and the version does not say so by a new major number."""
    return any(change.breaking for change in changes) and old.version.split(".")[0] == new.version.split(".")[0]


def _whole(old: ContractFile | None, new: ContractFile | None) -> tuple[Change, ...]:
    if new is not None:
        return (Change("", "", "the contract is new", False, "nothing was promised before"),)
    if old is None:
        return ()
    gone = [Change(table.name, "", "is no longer promised", True, "the contract is gone") for table in old.objects]
    return tuple(gone) or (Change("", "", "the contract is gone", True, "nothing is promised any more"),)


def _terms(old: ContractFile, new: ContractFile) -> Iterator[Change]:
    if new.status != old.status and (new.status or "").lower() in {"deprecated", "retired"}:
        over = (new.status or "").lower() == "retired"
        reason = "it is promised no more" if over else "it is still kept, for now"
        yield Change("", "", f"status is {new.status} now", over, reason)
    if new.owner != old.owner:
        yield Change("", "", f"owner is {new.owner or 'nobody'}, was {old.owner or 'nobody'}", False, "the data stay")


def _tables(old: ContractFile, new: ContractFile) -> Iterator[Change]:
    for before in old.objects:
        after = new.table(before.name)
        if after is None:
            yield Change(before.name, "", "table dropped", True, "whoever reads it finds nothing")
        else:
            yield from _table(before, after)
    for after in new.objects:
        if old.table(after.name) is None:
            yield Change(after.name, "", "table added", False, "nobody reads it yet")


def _table(before: SchemaObject, after: SchemaObject) -> Iterator[Change]:
    name = before.name
    if (before.physical_name or name) != (after.physical_name or after.name):
        at = after.physical_name or after.name
        yield Change(name, "", f"lies at {at} now", True, "whoever reads it by its name at the source finds nothing")
    if before.key and not after.key:
        yield Change(name, "", "key dropped", True, "rows may repeat, and a join on it may multiply them")
    elif before.key and set(before.key) != set(after.key):
        what = f"key ({', '.join(before.key)}) is ({', '.join(after.key)}) now"
        yield Change(name, "", what, True, "one row stands for something else")
    elif after.key and not before.key:
        yield Change(name, "", f"key ({', '.join(after.key)}) added", False, "a stronger promise")
    yield from _columns(name, before, after)
    for what, breaking, reason in compare_quality(before.quality, after.quality):
        yield Change(name, "", what, breaking, reason)


def _columns(table: str, before: SchemaObject, after: SchemaObject) -> Iterator[Change]:
    renamed = _renamed(before, after)
    for column in before.properties:
        now = after.column(column.at_source)
        if now is not None:
            for what, breaking, reason in _column(column, now):
                yield Change(table, column.at_source, what, breaking, reason)
        elif column.at_source in renamed:
            reason = "whoever reads it by its old name finds nothing"
            yield Change(table, column.at_source, f"renamed to {renamed[column.at_source]}", True, reason)
        else:
            yield Change(table, column.at_source, "dropped", True, "whoever reads it finds nothing")
    for column in after.properties:
        if before.column(column.at_source) is None and column.at_source not in renamed.values():
            yield Change(table, column.at_source, "added", False, "nobody reads it yet")


def _renamed(before: SchemaObject, after: SchemaObject) -> Mapping[str, str]:
    """The columns whose name at the source changed: the contract says they are the same, by their name in it or their id."""
    found = {}
    for column in before.properties:
        same = [each for each in after.properties if each.name == column.name or (column.id and each.id == column.id)]
        if same and after.column(column.at_source) is None:
            found[column.at_source] = same[0].at_source
    return found


def _column(before: SchemaProperty, after: SchemaProperty) -> Iterator[tuple[str, bool, str]]:
    if change := _retyped(before, after):
        yield change
    if not before.nullable and after.nullable:
        yield "may be null now", True, "an empty value was promised not to come"
    elif before.nullable and not after.nullable:
        yield "is never null now", False, "a stronger promise"
    if before.unique and not after.unique and not after.primary_key:
        yield "may repeat now", True, "a join on it may multiply rows"
    elif after.unique and not before.unique:
        yield "is unique now", False, "a stronger promise"
    if before.classification != after.classification:
        yield _classified(before.classification, after.classification)
    yield from compare_values("values", _values(before), _values(after))
    yield from compare_quality(before.quality, after.quality)


def _values(column: SchemaProperty) -> tuple[Any, ...] | None:
    return tuple(each.value for each in column.enum) or None


def _retyped(before: SchemaProperty, after: SchemaProperty) -> tuple[str, bool, str] | None:
    old, new = before.admitted_types, after.admitted_types
    if old == new:
        return None
    what = f"type {_type(before)} is {_type(after)} now"
    if not new:
        return what, True, "any value may come"
    if not old or all(before.admits(each) for each in new):
        return what, False, "each value is one that was promised before"
    if len(old) == len(new) == 1 and widens(old[0], new[0]):
        return what, False, "tables grow with it: every value of before fits"
    return what, True, "values may come that the old type does not hold"


def _type(column: SchemaProperty) -> str:
    return column.type or column.logical_type or column.physical_type or "any"


def _classified(before: str | None, after: str | None) -> tuple[str, bool, str]:
    what = f"classified {after or 'nothing'}, was {before or 'nothing'}"
    old, new = (each.lower() if each else RANKS[0] for each in (before, after))
    if old in RANKS and new in RANKS and RANKS.index(new) <= RANKS.index(old):
        return what, False, "fewer are kept from it"
    return what, True, "who reads it now may have to stop"


def _service(old: ContractFile, new: ContractFile) -> Iterator[Change]:
    levels = {_level(each): each for each in new.sla_properties}
    for before in old.sla_properties:
        after = levels.get(_level(before))
        table, _, column = (before.element or "").partition(".")
        if after is None:
            yield Change(
                table, column, f"{before.property} is promised no more", True, "whoever relies on it is not told"
            )
        elif (before.value, before.unit) != (after.value, after.unit):
            what = f"{before.property} {_amount(before)} is {_amount(after)} now"
            breaking, reason = _worse(before, after)
            yield Change(table, column, what, breaking, reason)


def _level(level: ServiceLevel) -> tuple[str, str]:
    return level.property.lower(), (level.element or "").lower()


def _amount(level: ServiceLevel) -> str:
    return f"{level.value}{f' {level.unit}' if level.unit else ''}"


def _worse(before: ServiceLevel, after: ServiceLevel) -> tuple[bool, str]:
    old, new = _seconds(before), _seconds(after)
    name = before.property.lower()
    if old is None or new is None or name not in _LESS_IS_BETTER | _MORE_IS_BETTER:
        return True, "which of the two is better cannot be told"
    worse = new > old if name in _LESS_IS_BETTER else new < old
    return worse, "less is promised" if worse else "more is promised"


_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_WORDS = {"second": "s", "minute": "min", "hour": "h", "day": "d", "week": "w", "year": "y", "yr": "y", "hr": "h"}


def _seconds(level: ServiceLevel) -> float | None:
    """A service level as a number that can be compared: durations in seconds, others as they are."""
    unit = (level.unit or "").lower()
    unit = _WORDS.get(unit.rstrip("s") or unit, unit)
    if isinstance(level.value, bool) or not isinstance(level.value, int | float):
        return None
    return level.value * _UNITS.get(unit, 1)
