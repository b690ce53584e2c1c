"""Runs checks over a relation in as few passes as is sound."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jusante.core import duration
from jusante.core.check import Check, Freshness, RowCount, Sql, Unique
from jusante.core.names import nearest, quote
from jusante.core.schema import Schema
from jusante.errors import AuditFailed
from jusante.management.quality.conditions import PER_ROW, columns_of, failing
from jusante.management.quality.hidden import Hidden, Hiding, nothing_hidden
from jusante.management.quality.words import message, title
from jusante.ports.engine import Session

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found. `message` is for people; empty where it passed."""

    check: Check
    passed: bool
    failed_rows: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """What all checks found, and how many rows there were."""

    results: tuple[Result, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Subject:
    """What is under check: a relation by its SQL name, its columns, the key that tells rows apart, what stays hidden."""

    session: Session
    table: str
    schema: Schema
    key: tuple[str, ...]
    hidden: Hiding
    now: dt.datetime


def audit(  # noqa: PLR0913  # what is checked, with what, when, and how it is told
    session: Session,
    table: str,
    checks: tuple[Check, ...],
    schema: Schema,
    now: dt.datetime,
    key: tuple[str, ...] = (),
    hidden: Hiding = nothing_hidden,
) -> Audit:
    """Check a relation. Raises AuditFailed for a check of a column that is not there."""
    if not checks:
        return Audit((), 0)
    subject = Subject(session, table, schema, key, hidden, now)
    for check in checks:
        _require_columns(subject, check)
    counted = _one_pass(subject, checks)
    return Audit(tuple(_result(subject, check, counted) for check in checks), int(counted["rows"]))


def _require_columns(subject: Subject, check: Check) -> None:
    for column in columns_of(check):
        if subject.schema.find(column) is None:
            near = nearest(column, subject.schema.names)
            raise AuditFailed(
                f"a check is about column {column}, which {subject.table} does not have",
                fix=f"did you mean {near}?" if near else f"it has {', '.join(subject.schema.names)}",
            )


def _one_pass(subject: Subject, checks: tuple[Check, ...]) -> Mapping[str | int, Any]:
    """The count of rows, of rows that fail each check of rows alone, and the newest times, from one scan.

    Under `rows` the one, under the `id` of each check the others.
    """
    items = {"rows": "count(*)"}
    for number, check in enumerate(checks):
        if check.kind in PER_ROW:
            items[f"c{number}"] = f"count(*) filter (where {failing(check, subject.table)})"
        elif isinstance(check, Freshness) and check.column:
            items[f"c{number}"] = f"max({quote(check.column)})"
    sql = ", ".join(f"{expression} as {name}" for name, expression in items.items())
    values = subject.session.rows(f"select {sql} from {subject.table}")[0]
    found = dict(zip(items, values, strict=True))
    of_checks: dict[str | int, Any] = {
        id(checks[int(name[1:])]): value for name, value in found.items() if name != "rows"
    }
    return of_checks | {"rows": found["rows"]}


def _result(subject: Subject, check: Check, counted: Mapping[Any, Any]) -> Result:
    rows = int(counted["rows"])
    match check:
        case RowCount(min=low, max=high):
            passed = (low is None or rows >= low) and (high is None or rows <= high)
            return Result(check, passed, message="" if passed else f"{title(check)}: there are {rows:,}")
        case Freshness():
            return _fresh(subject, check, counted.get(id(check)))
        case Unique():
            failed = _duplicated(subject, check)
        case Sql(query=query):
            bad = f"select * from ({query.replace('{table}', subject.table)}) as bad"
            return _of_query(subject, check, bad, rows)
        case _ if check.kind in PER_ROW:
            failed = int(counted[id(check)])
        case _:
            failed = _count(subject, f"select 1 from {subject.table} where {failing(check, subject.table)}")
    if not failed:
        return Result(check, passed=True)
    where = f"select * from {subject.table} where {failing(check, subject.table)}"
    examples = _examples(subject, where, columns_of(check))
    return Result(
        check, passed=False, failed_rows=failed, message=message(check, failed, rows, examples, subject.hidden())
    )


def _of_query(subject: Subject, check: Check, bad: str, rows: int) -> Result:
    failed = _count(subject, bad)
    if not failed:
        return Result(check, passed=True)
    hidden = subject.hidden()
    shown = Hidden(frozenset({""})) if hidden.queries else hidden
    said = message(check, failed, rows, _examples(subject, bad, ()), shown)
    return Result(check, passed=False, failed_rows=failed, message=said)


def _duplicated(subject: Subject, check: Unique) -> int:
    """How many rows share their values with another. Hashes first: they need a fraction of the memory, and rarely meet."""
    columns = ", ".join(quote(column) for column in check.columns)
    filled = " and ".join(f"{quote(column)} is not null" for column in check.columns)
    groups = f"select count(*) as n from {subject.table} where {filled} group by"
    suspects = _sum(subject, f"{groups} hash({columns}) having count(*) > 1")
    return _sum(subject, f"{groups} {columns} having count(*) > 1") if suspects else 0


def _fresh(subject: Subject, check: Freshness, newest: Any) -> Result:
    if newest is None:
        return Result(check, passed=False, message=f"{title(check)}: there is no time to go by")
    if isinstance(newest, dt.date) and not isinstance(newest, dt.datetime):
        newest = dt.datetime.combine(newest, dt.time.max)
    at = newest if newest.tzinfo else newest.replace(tzinfo=dt.UTC)
    age = subject.now - at
    if age <= duration.parse(check.within):
        return Result(check, passed=True)
    hours = age.total_seconds() / 3600
    newest = "older" if subject.hidden().hides(check.column or "") else f"{at:%Y-%m-%d %H:%M} UTC, {hours:,.1f} h old"
    return Result(check, passed=False, message=f"{title(check)}: the newest is {newest}")


def _count(subject: Subject, sql: str) -> int:
    return int(subject.session.rows(f"select count(*) from ({sql}) as failing")[0][0])


def _sum(subject: Subject, sql: str) -> int:
    return int(subject.session.rows(f"select coalesce(sum(n), 0)::bigint from ({sql}) as groups")[0][0])


def _examples(subject: Subject, sql: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """A few failing rows: their key and what is wrong with them, and nothing else of them."""
    found = subject.session.schema(sql)
    wanted = [*subject.key, *(column for column in columns if column not in subject.key)] or list(found.names[:3])
    names = [column for column in wanted if found.find(column)]
    if not names:
        return []
    order = ", ".join(quote(name) for name in names)
    rows = subject.session.rows(f"select {order} from ({sql}) as failing order by all limit {EXAMPLES}")
    return [dict(zip(names, row, strict=True)) for row in rows]
