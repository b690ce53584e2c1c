"""Rows whose values do not fit the types that were declared for them."""

from jusante.core.names import quote, quote_table
from jusante.core.schema import Column, Schema
from jusante.ingestion import transit
from jusante.ports.engine import Reject, Session

REJECTS_KEPT = 10_000


def split_unreadable(
    session: Session, raw: str, good: str, columns: Schema, found: Schema, name: str
) -> tuple[Reject, ...]:
    """Make `good` a view of the rows of `raw` that fit, cast; the others come back, at most REJECTS_KEPT."""
    misfits = {c.name: misfit(c, session.sql_type(c.type)) for c in columns if _type_in(found, c.name) != c.type}
    fits = " and ".join(f"not ({test})" for test in misfits.values()) or "true"
    session.add_view(good, transit.select(columns, found, quote_table(raw), session.sql_type) + f" where {fits}")
    rejects: list[Reject] = []
    for column, test in misfits.items():
        place = quote(transit.FILE_COLUMN) if found.find(transit.FILE_COLUMN) else f"'{name}'"
        sql = f"select {place}, to_json(r)::varchar from {quote_table(raw)} as r where {test} limit {REJECTS_KEPT}"
        wanted = columns.find(column)
        reason = f"{column} is no {wanted.type if wanted else ''}"
        rejects += [Reject(str(file), 0, column, reason, str(text)) for file, text in session.rows(sql)]
    unique = {(reject.file, reject.text): reject for reject in rejects}
    return tuple(unique.values())


def misfit(column: Column, sql_type: str) -> str:
    """SQL that is true where a value is there and is not one of the type."""
    unreadable = f"{quote(column.name)} is not null and try_cast({quote(column.name)} as {sql_type}) is null"
    return f"({unreadable} or {transit.loses_fraction(column.name)})" if column.type in transit.WHOLE else unreadable


def _type_in(found: Schema, name: str) -> str | None:
    column = found.find(name)
    return column.type if column else None
