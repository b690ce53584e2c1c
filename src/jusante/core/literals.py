"""Values as SQL literals."""

import datetime as dt
import decimal
from collections.abc import Iterable


def literal(value: object) -> str:
    """A Python value as a SQL literal that DuckDB, Spark and PostgreSQL read alike. Raises TypeError for others."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | decimal.Decimal():
            return str(value)
        case float():
            return f"cast('{value!r}' as double)"
        case dt.datetime():
            return f"{'timestamptz' if value.tzinfo else 'timestamp'} {text(value.isoformat(sep=' '))}"
        case dt.date():
            return f"date {text(value.isoformat())}"
        case str():
            return text(value)
    raise TypeError(f"no SQL literal for {type(value).__name__}")


def text(value: str) -> str:
    """A string in single quotes, inner ones doubled."""
    return "'" + value.replace("'", "''") + "'"


def listed(values: Iterable[object]) -> str:
    """Values between parentheses, as `in` takes them."""
    return "(" + ", ".join(literal(value) for value in values) + ")"
