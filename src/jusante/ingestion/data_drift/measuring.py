"""The profile of rows that have arrived, by a few queries over a bounded sample of them.

Up to SAMPLE_ROWS rows (fewer of wide tables: SAMPLE_VALUES values in all) are looked at one and all. Of more, stretches of
neighbouring rows are taken that lie spread evenly over the files, the same ones each time. How many rows came is exact
all the same; shares are then true to about a percent, and an extreme in a row that was not taken is not seen. Reading is
most of the cost, so the stretches lie in STRIPES row groups at the most.

Of sensitive columns, declared or so named, only the nulls are counted. The values of texts are kept as hashes, but for
those that `accepted_values` declares, and only where there are few of them; of numbers and times the quantiles are kept.
Of columns with fewer than FEWEST_VALUES values none is kept in any form.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from jusante.core.check import AcceptedValues
from jusante.core.literals import text
from jusante.core.names import quote, quote_table
from jusante.core.profile import ColumnKind, ColumnProfile, Profile
from jusante.core.schema import Column, Schema, decimal_of
from jusante.core.source import SourceTable
from jusante.ingestion import transit
from jusante.ingestion.data_drift.sampling import Sampling, hashed, stretches
from jusante.ports.engine import Session, Target
from jusante.ports.relation import FilePlan
from jusante.security.sensitive.column_names import told_by_name

SAMPLE_ROWS = 25_000
SAMPLE_VALUES = 1_000_000
FEW = 40
"""A column with no more different values than this is kept as its categories, one with more as its quantiles."""
FEWEST_VALUES = 20
COLUMNS_AT_ONCE = 40
QUANTILES = tuple(step / 20 for step in range(21))
SAMPLE = "__sample.rows"


@dataclass(frozen=True, slots=True)
class Measured:
    """What is to be known of the table whose rows are measured: which columns stay hidden, which values are declared.

    `sampling` gives SQL for about so many rows of files.
    """

    at: dt.datetime
    whole: bool
    landing: str
    hidden: frozenset[str] = frozenset()
    declared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sample_rows: int = SAMPLE_ROWS
    sampling: Sampling = stretches


def about(table: SourceTable, at: dt.datetime, *, whole: bool, landing: str) -> Measured:
    """What the project says of a table's columns, as far as it matters here."""
    checks = [check for check in table.checks if isinstance(check, AcceptedValues)]
    return Measured(
        at=at,
        whole=whole,
        landing=landing,
        hidden=frozenset(column.lower() for column in transit.hidden(table)),
        declared={check.column.lower(): frozenset(map(str, check.values)) for check in checks},
    )


def measure(session: Session, name: str, relation: str, plan: FilePlan | None, measured: Measured) -> Profile:
    """The profile of a relation; `plan` are the files that it stands for, where it is nothing else, `name` its table's."""
    schema = plan.schema if plan else session.schema(f"select * from {quote_table(relation)}")
    schema = Schema(tuple(column for column in schema if column.name != transit.FILE_COLUMN))
    rows = plan.rows if plan else int(session.rows(f"select count(*) from {quote_table(relation)}")[0][0])
    if not rows:
        return Profile(measured.at, 0, measured.whole, {})
    relation = _sampled(session, relation, plan, rows, len(schema), measured)
    columns: dict[str, ColumnProfile] = {}
    for part in _parts(schema):
        shown = {column.name for column in part if not _is_hidden(column, name, measured)}
        columns |= _one_part(session, quote_table(relation), part, shown, measured)
    return Profile(measured.at, rows, measured.whole, columns)


def _is_hidden(column: Column, table: str, measured: Measured) -> bool:
    told = told_by_name(column.name, table.partition(".")[2])
    return column.name.lower() in measured.hidden or told is not None


def _parts(schema: Schema) -> Iterator[tuple[Column, ...]]:
    """A few columns at a time: no query grows with the width of a table."""
    for start in range(0, len(schema), COLUMNS_AT_ONCE):
        yield schema.columns[start : start + COLUMNS_AT_ONCE]


# -- the sample ----------------------------------------------------------------------------------------------------------


def _sampled(  # what is sampled, and what decides how much of it
    session: Session, relation: str, plan: FilePlan | None, rows: int, width: int, measured: Measured
) -> str:
    """The relation itself where it is small, else a sample of it as a relation of its own."""
    most = max(1_000, min(measured.sample_rows, SAMPLE_VALUES // max(width, 1)))
    if rows <= most:
        return relation
    sql = measured.sampling(session, plan, most) if plan else hashed(relation, rows, most)
    session.add(SAMPLE, session.stage(sql, Target(f"{measured.landing}/sample", {}, 0)))
    return SAMPLE


# -- the columns ---------------------------------------------------------------------------------------------------------


def kind_of(column: Column) -> ColumnKind:
    """As what a column's values are measured."""
    if column.type in {"int", "long", "float", "double"} or decimal_of(column.type):
        return "number"
    if column.type in {"date", "timestamp", "timestamptz"}:
        return "time"
    match column.type:
        case "string":
            return "text"
        case "boolean":
            return "flag"
    return "other"


def _one_part(
    session: Session, table: str, columns: tuple[Column, ...], shown: set[str], measured: Measured
) -> dict[str, ColumnProfile]:
    counted = _counted(session, table, columns, shown)
    found: dict[str, ColumnProfile] = {}
    more: dict[str, str] = {}
    for number, column in enumerate(columns):
        kind: ColumnKind = kind_of(column) if column.name in shown else "other"
        marks = {mark: int(counted[f"{mark}{number}"] or 0) for mark in _marks(column) if f"{mark}{number}" in counted}
        distinct = int(counted[f"distinct{number}"] or 0) if kind != "other" else None
        profile = ColumnProfile(kind, int(counted["rows"]), int(counted[f"filled{number}"]), distinct, marks)
        found[column.name] = profile
        more |= {f"{what}{number}": sql for what, sql in _wanted(column, profile, measured)}
    if more:
        values = _asked(session, table, more)
        for number, column in enumerate(columns):
            found[column.name] = _with_values(found[column.name], column, number, values, measured)
    return found


def _asked(session: Session, table: str, items: Mapping[str, str]) -> dict[str, Any]:
    sql = ", ".join(f"{expression} as {name}" for name, expression in items.items())
    return dict(zip(items, session.rows(f"select {sql} from {table}")[0], strict=True))


def _counted(session: Session, table: str, columns: tuple[Column, ...], shown: set[str]) -> dict[str, Any]:
    """How many values there are, how many different ones, and how many of those kinds that say something."""
    items = {"rows": "count(*)"}
    for number, column in enumerate(columns):
        value = _value(column)
        items[f"filled{number}"] = f"count({value})"
        if column.name not in shown or kind_of(column) == "other":
            continue
        items[f"distinct{number}"] = _distinct(column, value)
        for mark, condition in _marks(column).items():
            items[f"{mark}{number}"] = f"count_if({condition})"
    return _asked(session, table, items)


def _distinct(column: Column, value: str) -> str:
    """How many different values; a list of a sample's values takes a fraction of the time of a hash table a column."""
    if kind_of(column) == "text":
        return f"list_unique(list(hash({value})) filter (where {value} is not null))"
    return f"list_unique(list({value}))"


def _value(column: Column) -> str:
    """The value in SQL. What is no number (NaN, infinity), or no time, is none."""
    name = quote(column.name)
    if column.type in {"float", "double", "date", "timestamp", "timestamptz"}:
        return f"(case when isfinite({name}) then {name} end)"
    return name


def _marks(column: Column) -> dict[str, str]:
    name = quote(column.name)
    if kind_of(column) == "text":
        return {"empty": f"trim({name}) = ''"}
    if kind_of(column) != "number":
        return {}
    value = _value(column)
    marks = {"zero": f"{value} = 0", "negative": f"{value} < 0"}
    if column.type in {"float", "double"} or (decimal_of(column.type) or (0, 0))[1]:
        marks["whole"] = f"{value} = round({value})"
    return marks


def _wanted(column: Column, profile: ColumnProfile, measured: Measured) -> Iterator[tuple[str, str]]:
    """What more to ask of a column, by what it is and how many different values it has."""
    if profile.distinct is None or profile.filled < FEWEST_VALUES:
        return
    if profile.distinct <= FEW and profile.kind != "time":
        yield "counts", f"histogram({_key(column, measured)})"
    numeric = {"number": f"cast({_value(column)} as double)", "text": f"length({quote(column.name)})"}
    if profile.kind == "time":
        yield "quantiles", _quantiles(f"epoch({_value(column)})")
        if column.type != "date" and profile.distinct > FEW:
            yield "hours", f"histogram(hour({_value(column)}))"
    elif profile.kind in numeric and profile.distinct > 1:
        yield "quantiles", _quantiles(numeric[profile.kind])


def _quantiles(value: str) -> str:
    return f"quantile_cont({value}, [{', '.join(map(str, QUANTILES))}])"


def _key(column: Column, measured: Measured) -> str:
    """What stands for a value in the ledger: numbers and flags for themselves, texts only where they are declared."""
    value = f"cast({_value(column)} as varchar)"
    if kind_of(column) != "text":
        return value
    hashed = f"'#' || substr(md5({text(column.name.lower() + ':')} || {value}), 1, 8)"
    declared = measured.declared.get(column.name.lower())
    if not declared:
        return f"case when {value} is not null then {hashed} end"
    known = ", ".join(text(each) for each in sorted(declared))
    return f"case when {value} in ({known}) then {value} when {value} is not null then {hashed} end"


def _with_values(
    profile: ColumnProfile, column: Column, number: int, values: Mapping[str, Any], measured: Measured
) -> ColumnProfile:
    quantiles = tuple(float(value) for value in values.get(f"quantiles{number}") or ())
    if kind_of(column) == "time":
        moment = measured.at.timestamp()
        quantiles = tuple(round((value - moment) / 86_400, 4) for value in quantiles)
    hours = dict(values.get(f"hours{number}") or ())
    return replace(
        profile,
        quantiles=quantiles,
        counts={str(key): int(count) for key, count in values.get(f"counts{number}") or ()},
        hours=tuple(int(hours.get(hour, 0)) for hour in range(24)) if hours else (),
    )
