"""Times that Iceberg's readers cannot hold: DuckDB and PostgreSQL know infinity, years before Christ and after 9999."""

import re
from collections.abc import Mapping

from jusante.core.names import quote
from jusante.core.schema import Schema
from jusante.errors import EngineError

_ORDINARY = re.compile(r"\d{4}-[^()]*")
_KINDS = {"date", "timestamp", "timestamptz"}


def refuse_odd_times(schema: Schema, statistics: Mapping[str, Mapping[str, str]]) -> None:
    """Raise EngineError where a column's least or greatest value, as the writer tells them, is such a time."""
    for column in schema:
        if column.type not in _KINDS:
            continue
        found = statistics.get(quote(column.name), {})
        odd = next((found[end] for end in ("min", "max") if end in found and not _ORDINARY.fullmatch(found[end])), None)
        if odd:
            raise EngineError(
                f"column {column.name} holds {odd}: tables hold times of the years 1 to 9999",
                where=f"column {column.name}",
                fix=f"read it as text: `columns: {{{column.name}: {{type: string}}}}`, or make it null in a query",
                unquoted=f"column {column.name} holds a time out of the years 1 to 9999",
            )
