"""A source as it is against its contract: the columns it has, then the rows, as far as there are rules for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jusante.core.contract import SchemaObject
from jusante.core.names import nearest, quote_table
from jusante.core.schema import Schema
from jusante.management.contracts.measuring import Measure, filled_in
from jusante.management.contracts.rules import holds
from jusante.ports.engine import Session


@dataclass(frozen=True, slots=True)
class Breach:
    """A promise that is not kept. `light`: it is told, and the test is passed all the same. `where` is file:line."""

    source: str
    table: str
    column: str
    what: str
    where: str
    fix: str = ""
    light: bool = False

    @property
    def subject(self) -> str:
        """The table or column it is about."""
        return ".".join(part for part in (self.source, self.table, self.column) if part)

    def as_dict(self) -> dict[str, Any]:
        """The breach as `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Tested:
    """What testing one source found: what is broken, what could not be told and why, what is there and not promised."""

    source: str
    breaches: tuple[Breach, ...]
    untold: tuple[str, ...] = ()
    unpromised: tuple[str, ...] = ()
    tables: int = 0
    promises: int = 0

    @property
    def kept(self) -> bool:
        """Whether the contract is kept, but for what is only told."""
        return all(breach.light for breach in self.breaches)

    def as_dict(self) -> dict[str, Any]:
        """The test as `--json` prints it."""
        return {
            "source": self.source,
            "kept": self.kept,
            "tables": self.tables,
            "promises": self.promises,
            "broken": [breach.as_dict() for breach in self.breaches],
            "not_tested": list(self.untold),
            "not_promised": list(self.unpromised),
        }


def shape_breaches(promised: SchemaObject, live: Schema) -> list[tuple[str, str, str]]:
    """The columns that are not as promised: which, what of it, the fix. Nulls and keys are asked of the rows."""
    found = []
    for column in promised.properties:
        there = live.find(column.at_source)
        if there is None:
            near = nearest(column.at_source, live.names)
            fix = f"renamed to {near}? ask its owner" if near else "ask its owner where it went"
            found.append((column.at_source, "it is promised, and the source does not have it", fix))
        elif not column.admits(there.type):
            said = column.type or column.logical_type or column.physical_type
            found.append((column.at_source, f"it is {there.type}, and {said} is promised", "ask its owner"))
    return found


def row_breaches(session: Session, relation: str, wanted: Sequence[Measure]) -> list[tuple[Measure, str]]:
    """The measures that a relation does not keep, each with what was found; library metrics take one pass."""
    counted = _in_one_pass(session, relation, wanted)
    found = []
    for number, measure in enumerate(wanted):
        value = counted.get(number)
        if measure.query:
            rows = session.rows(filled_in(measure.query, quote_table(relation), measure.column))
            value = rows[0][0] if rows and rows[0] else None
        if not holds(measure.rule, value):
            found.append((measure, _told(measure, value)))
    return found


def _in_one_pass(session: Session, relation: str, wanted: Sequence[Measure]) -> dict[int, Any]:
    """What each aggregate comes to, by its place among the measures."""
    numbers = [number for number, measure in enumerate(wanted) if measure.aggregate]
    if not numbers:
        return {}
    items = ", ".join(f"{wanted[number].aggregate} as m{number}" for number in numbers)
    return dict(zip(numbers, session.rows(f"select {items} from {quote_table(relation)}")[0], strict=True))


def _told(measure: Measure, value: Any) -> str:
    found = f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else "something"
    return f"{measure.title}: does not hold, {found} found"
