"""What checks are called, and what they found, in words."""

from collections.abc import Iterable, Mapping
from typing import Any

from jusante.core.check import (
    AcceptedValues,
    Check,
    Freshness,
    NotNull,
    Pattern,
    Positive,
    Range,
    Relationships,
    RowCount,
    Sql,
    Unique,
)
from jusante.management.quality.hidden import Hidden

HIDDEN = "•••"


def title(check: Check) -> str:
    """What the check is called in a report."""
    if check.name:
        return f"{check.name}: {claim(check)}" if check.name in {"grain", "key"} else check.name
    return claim(check)


def claim(check: Check) -> str:  # noqa: C901, PLR0911  # a case for each kind of check, and nothing else
    """What the check says of its table."""
    match check:
        case NotNull(columns=columns):
            return f"{', '.join(columns)} not null"
        case Unique(columns=columns):
            return f"{', '.join(columns)} unique"
        case AcceptedValues(column=column, values=values):
            return f"{column} in {', '.join(map(str, values))}"
        case Range(column=column, min=low, max=high):
            return f"{column} between {'-∞' if low is None else low} and {'∞' if high is None else high}"
        case Positive(column=column):
            return f"{column} positive"
        case Pattern(column=column, matches=pattern):
            return f"{column} matches {pattern}"
        case Relationships(column=column, to=to):
            return f"{column} found in {to}"
        case RowCount(min=low, max=high):
            return f"between {low or 0:,} and {'∞' if high is None else f'{high:,}'} rows"
        case Freshness(column=column, within=within):
            return f"{column} at most {within} old"
        case Sql(query=query):
            return " ".join(query.split())[:60]


def message(check: Check, failed: int, rows: int, examples: Iterable[Mapping[str, Any]], hidden: Hidden) -> str:
    """A failure in a sentence: what does not hold, in how many rows, for instance in which."""
    shown = "; ".join(_example(example, hidden) for example in examples)
    such = f", e.g. {shown}" if shown else ""
    return f"{title(check)}: does not hold in {failed:,} of {rows:,} rows{such}"


def _example(row: Mapping[str, Any], hidden: Hidden) -> str:
    return ", ".join(f"{name}={HIDDEN if hidden.hides(name) else _value(value)}" for name, value in row.items())


def _value(value: Any) -> str:
    said = "null" if value is None else str(value)
    return said if len(said) <= 60 else said[:57] + "…"
