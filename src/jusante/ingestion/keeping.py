"""Columns that wait for a decision keep their last good values, by key; columns that were renamed keep their field ids."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from jusante.core.check import Check
from jusante.core.names import quote, quote_table
from jusante.core.schema import Schema
from jusante.ports.engine import Session
from jusante.ports.table_store import Table

LAST = "__last.rows"


def with_last_values(  # what arrived, what it looks like, and what it is completed from
    session: Session, arrived: str, columns: Schema, current: Table, key: tuple[str, ...], kept: Collection[str]
) -> str:
    """A SELECT of what arrived with the kept columns beside it: as they are in the table for a known key, else null."""
    session.add(LAST, current.plan)
    here = [column.name for column in current.schema if columns.find(column.name) or column.name in kept]
    order = [*here, *(column.name for column in columns if current.schema.find(column.name) is None)]
    items = ", ".join(f"{'l' if name in kept else 'a'}.{quote(name)}" for name in order)
    on = " and ".join(f"a.{quote(name)} = l.{quote(name)}" for name in key)
    return f"select {items} from ({arrived}) as a left join {quote_table(LAST)} as l on {on}"


def reshaped(table: Table, renamed: Mapping[str, str]) -> Table:
    """The table as if its columns had borne their new names all along: files are read by field id."""
    if not renamed:
        return table
    leaving = {old.lower() for old in renamed}
    free = {new for new in renamed.values() if new.lower() in leaving or not table.schema.find(new)}
    names = {old: new for old, new in renamed.items() if table.schema.find(old) and new in free}
    schema = Schema(tuple(replace(column, name=names.get(column.name, column.name)) for column in table.schema))
    ids = {_renamed(path, names): number for path, number in table.ids.items()}
    return replace(table, plan=replace(table.plan, schema=schema, uniform=False), ids=ids)


def _renamed(path: str, names: Mapping[str, str]) -> str:
    first, dot, rest = path.partition(".")
    return f"{names.get(first, first)}{dot}{rest}"


def waiting_checks(checks: Iterable[Check], kept: Collection[str]) -> tuple[Check, ...]:
    """The checks that speak of kept columns: they would judge values that nobody has decided about."""
    return tuple(check for check in checks if any(speaks_of(check, name) for name in kept))


def speaks_of(check: Check, column: str) -> bool:
    """Whether a check on a table looks at one of its columns; in a check's SQL, whether the name stands in it."""
    if check.kind == "sql":
        return bool(re.search(rf"\b{re.escape(column)}\b", check.query, re.IGNORECASE))
    named = getattr(check, "columns", None) or (getattr(check, "column", None),)
    return column.lower() in {name.lower() for name in named if name}
