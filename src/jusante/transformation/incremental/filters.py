"""Intervals as SQL: which rows lie in them, and which interval a time lies in."""

import datetime as dt
from collections.abc import Iterable

from jusante.core.interval import Span, Unit, joined, start
from jusante.core.literals import literal
from jusante.core.names import quote
from jusante.core.schema import Schema
from jusante.errors import QueryRefused

_TIMES = ("date", "timestamp", "timestamptz")


def type_of(schema: Schema, time: str, unit: Unit, name: str) -> str:
    """The type of the time column. Raises QueryRefused where there is none, or none that this unit can cut."""
    column = schema.find(time)
    if column is None:
        there = ", ".join(schema.names)
        raise QueryRefused(f"its time is {time}, and it has no such column", where=name, fix=f"there are: {there}")
    if column.type not in _TIMES:
        what = f"its time {time} is of type {column.type}"
        raise QueryRefused(what, where=name, fix=f"cast it: {time}::timestamp as {time}")
    if unit == "hour" and column.type == "date":
        raise QueryRefused(f"its time {time} is a date, which has no hours", where=name, fix="interval: day")
    return column.type


def lies_in(time: str, kind: str, spans: Iterable[Span], unit: Unit) -> str:
    """SQL that is true for rows of these intervals; `kind` is the type of the time column."""
    column = quote(time)
    parts = []
    for span in joined(spans):
        bounds = [f"{column} >= {_literal(span.first, kind, unit)}"] if start(span.first, unit) else ["false"]
        if start(span.end, unit):
            bounds.append(f"{column} < {_literal(span.end, kind, unit)}")
        parts.append(f"({' and '.join(bounds)})")
    return f"({' or '.join(parts)})" if parts else "false"


def from_on(time: str, kind: str, at: dt.datetime) -> str:
    """SQL that is true for rows from a moment on, and for those without a time."""
    return f"({quote(time)} >= {_typed(at, kind)} or {quote(time)} is null)"


def interval_of(expression: str, kind: str, unit: Unit) -> str:
    """SQL for the number of the interval that a time lies in (see `core.interval`)."""
    plain = f"{expression} at time zone 'UTC'" if kind == "timestamptz" else expression
    return f"date_diff('{unit}', timestamp '1970-01-01 00:00:00', cast({plain} as timestamp))"


def _literal(interval: int, kind: str, unit: Unit) -> str:
    at = start(interval, unit)
    assert at is not None
    return _typed(at, kind)


def _typed(at: dt.datetime, kind: str) -> str:
    match kind:
        case "date":
            return literal(at.date())
        case "timestamptz":
            return literal(at.replace(tzinfo=dt.UTC))
    return literal(at)
