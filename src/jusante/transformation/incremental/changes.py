"""What changed in the inputs of a model since it was made, and a query over the changed rows alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from jusante.core.names import quote_table
from jusante.ports.engine import Session
from jusante.ports.relation import FilePlan
from jusante.ports.table_store import Table
from jusante.transformation.build import Standing
from jusante.transformation.incremental.tracing import Traced

_CAME, _WENT, _NOW = "__came", "__went", "__now"

At = Callable[[str, int], Table | None]
"""A table as it was at a snapshot, None where that is gone."""


@dataclass(frozen=True, slots=True)
class Change:
    """What came into a table and went out of it since a snapshot, by files."""

    now: Table
    came: FilePlan
    went: FilePlan

    @property
    def is_any(self) -> bool:
        """Whether a file came or went."""
        return bool(self.came.files or self.went.files)


class Untraceable(Exception):
    """It cannot be told what changed; the message says why."""


def changes_since(standing: Standing, read: Mapping[str, Table], at: At) -> dict[str, Change]:
    """What changed in these tables since the model was made. Raises Untraceable."""
    found = {name: _change(table, name, standing, at) for name, table in read.items()}
    return {name: change for name, change in found.items() if change.is_any}


def _change(table: Table, name: str, standing: Standing, at: At) -> Change:
    before_id = standing.inputs.get(name)
    before = at(name, before_id) if before_id is not None else None
    if before is None:
        raise Untraceable(f"the snapshot of {name} that it was made from is gone")
    if not set(before.schema) <= set(table.schema):  # more columns do no harm: rows of before have nothing in them
        raise Untraceable(f"the columns of {name} changed")
    then, now = set(before.plan.files), set(table.plan.files)
    came = tuple(file for file in table.plan.files if file not in then)
    went = tuple(file for file in before.plan.files if file not in now)
    is_uniform = before.plan.uniform and before.schema == table.schema
    return Change(table, replace(table.plan, files=came), replace(table.plan, files=went, uniform=is_uniform))


def each_changed(session: Session, trace: Traced, changes: Mapping[str, Change]) -> Iterator[str]:
    """For one changed table after the other: the session holds its changed rows in its place, and what other changed
    tables held before and hold now in theirs. Afterwards all is as it was. Raises Untraceable.
    """
    for name in changes:
        if name not in trace.tables:
            why = trace.why.get("*") or trace.why.get(name) or "the query does not name it"
            raise Untraceable(f"{name} changed, and {why}")
    for name, change in changes.items():
        put_parts(session, name, change)
    try:
        for name in changes:
            for other in changes:
                session.add_view(other, _changed_rows(other) if other == name else _rows_of_both(other))
            yield name
    finally:
        for name, change in changes.items():
            session.add(name, change.now.plan)


def put_parts(session: Session, name: str, change: Change) -> None:
    """Put into a session what came, what went, and what there is now."""
    session.add(f"{_CAME}.{name}", change.came)
    session.add(f"{_WENT}.{name}", change.went)
    session.add(f"{_NOW}.{name}", change.now.plan)


def rows_that_came(name: str) -> str:
    """The rows that were not there before: files written anew hold mostly what was there."""
    came, went = (f"select * from {quote_table(f'{space}.{name}')}" for space in (_CAME, _WENT))
    return f"{came} except all {went}"


def _changed_rows(name: str) -> str:
    """The rows that are in one of the two states and not in the other."""
    came, went = (f"select * from {quote_table(f'{space}.{name}')}" for space in (_CAME, _WENT))
    return f"({came} except all {went}) union all ({went} except all {came})"


def _rows_of_both(name: str) -> str:
    """The rows of either state: a changed row may have met a row of before, or meets one of now."""
    return f"select * from {quote_table(f'{_NOW}.{name}')} union all select * from {quote_table(f'{_WENT}.{name}')}"
