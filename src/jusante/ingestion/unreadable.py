"""Rows whose values do not fit the types that were declared for them."""

from dataclasses import dataclass

from jusante.core.names import quote, quote_table
from jusante.core.schema import Column, Schema
from jusante.ingestion import transit
from jusante.ingestion.masks import MISFIT
from jusante.ports.engine import Reject, Session

REJECTS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Split:
    """What is split: the relation `raw` with the columns `found`, into `good` with those wanted.

    `flagged` are columns whose misfits were seen before they were masked: a column of truth values beside each tells.
    """

    raw: str
    good: str
    columns: Schema
    found: Schema
    name: str
    flagged: tuple[str, ...] = ()


def split_unreadable(session: Session, split: Split) -> tuple[Reject, ...]:
    """Make `good` a view of the rows that fit, cast; the others come back, at most REJECTS_KEPT."""
    columns, found, raw = split.columns, split.found, quote_table(split.raw)
    misfits = {c.name: misfit(c, session.sql_type(c.type)) for c in columns if _type_in(found, c.name) != c.type}
    misfits |= {name: quote(name + MISFIT) for name in split.flagged}
    fits = " and ".join(f"not ({test})" for test in misfits.values()) or "true"
    session.add_view(split.good, transit.select(columns, found, raw, session.sql_type) + f" where {fits}")
    rejects: list[Reject] = []
    for column, test in misfits.items():
        place = quote(transit.FILE_COLUMN) if found.find(transit.FILE_COLUMN) else f"'{split.name}'"
        sql = f"select {place}, to_json(r)::varchar from {raw} as r where {test} limit {REJECTS_KEPT}"
        wanted = columns.find(column)
        reason = f"{column} is no {wanted.type if wanted else ''}"
        rejects += [Reject(str(file), 0, column, reason, str(text)) for file, text in session.rows(sql)]
    unique = {(reject.file, reject.text): reject for reject in rejects}
    return tuple(unique.values())


def misfit(column: Column, sql_type: str) -> str:
    """SQL that is true where a value is there and is not one of the type."""
    return transit.misfit(column, column.type, lambda _: sql_type)


def _type_in(found: Schema, name: str) -> str | None:
    column = found.find(name)
    return column.type if column else None
