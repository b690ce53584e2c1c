"""Each check as a SQL condition that is true for the rows that fail it. None of them is ever null."""

from jusante.core.check import (
    AcceptedValues,
    Check,
    NotNull,
    Pattern,
    Positive,
    Range,
    Relationships,
    Unique,
)
from jusante.core.literals import listed, literal, text
from jusante.core.names import quote, quote_table

PER_ROW = frozenset({"not_null", "accepted_values", "range", "positive", "pattern"})
CAN_QUARANTINE = PER_ROW | {"unique", "relationships"}


def failing(check: Check, table: str) -> str:
    """The condition for a failing row of `table`, a name as SQL writes it. Raises TypeError for checks that have none."""
    match check:
        case NotNull(columns=columns):
            return "(" + " or ".join(f"{quote(column)} is null" for column in columns) + ")"
        case AcceptedValues(column=column, values=values):
            return _coalesced(f"{quote(column)} not in {listed(values)}")
        case Positive(column=column):
            return _coalesced(f"not ({quote(column)} > 0) or isnan(try_cast({quote(column)} as double))")
        case Pattern(column=column, matches=pattern):
            return _coalesced(f"not regexp_full_match(cast({quote(column)} as varchar), {text(pattern)})")
        case Range():
            return _range(check)
        case Unique(columns=columns):
            listed_columns = ", ".join(quote(column) for column in columns)
            filled = " and ".join(f"{quote(column)} is not null" for column in columns)
            return (
                f"(({listed_columns}) in (select ({listed_columns}) from {table} where {filled} "
                f"group by {listed_columns} having count(*) > 1) and {filled})"
            )
        case Relationships(column=column, to=to):
            other, _, key = to.rpartition(".")
            name = quote(column)
            return (
                f"({name} is not null and not exists (select 1 from {quote_table(other)} as other "
                f"where other.{quote(key)} = {table}.{name}))"
            )
    raise TypeError(f"{check.kind} says nothing of single rows")


def _range(check: Range) -> str:
    column = quote(check.column)
    bounds = []
    for bound, sign in ((check.min, ">="), (check.max, "<=")):
        if bound is not None:
            bounds.append(f"{column} {sign} {literal(bound)}")
    inside = " and ".join(bounds) or "true"
    # NaN is greater than every number to DuckDB; within a range it is never.
    return _coalesced(f"not ({inside}) or isnan(try_cast({column} as double))")


def _coalesced(condition: str) -> str:
    return f"coalesce({condition}, false)"


def columns_of(check: Check) -> tuple[str, ...]:
    """The columns that a check is about."""
    match check:
        case NotNull(columns=columns) | Unique(columns=columns):
            return columns
        case AcceptedValues() | Range() | Positive() | Pattern() | Relationships():
            return (check.column,)
    return (check.column,) if check.kind == "freshness" and check.column else ()
