"""Which intervals of a model are to be made: those never made, of another version, or touched by changed rows above."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from jusante.core.interval import Covered, Span, Unit, covered, number, of, put, reopened
from jusante.core.names import quote
from jusante.errors import EngineError
from jusante.ports.engine import Session
from jusante.ports.table_store import Table
from jusante.transformation.build import Standing
from jusante.transformation.incremental.changes import Change, Untraceable, changes_since, each_changed
from jusante.transformation.incremental.filters import interval_of
from jusante.transformation.incremental.tracing import Traced

ENOUGH = 100_000
"""So many touched intervals are told apart; where there are more, all are made."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A query by time: its text, its time column, that column's type, and the intervals.

    `sql` gives what is `since` the first moment of the table, `written` all that the model's text gives.
    """

    sql: str
    time: str
    kind: str
    unit: Unit
    written: str
    since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """What is known of each interval once the inputs were looked at, and why so many are due, where that needs a word.

    `timeless`: rows without a time may have come, which belong to no interval.
    """

    coverage: tuple[Covered, ...]
    timeless: bool = False
    why: str = ""


def from_nothing(session: Session, query: Timed) -> Due:
    """All intervals of the result, none of which is done."""
    found = extent(session, query)
    return Due(tuple(Covered(span, "", done=False) for span in found), timeless=True)


def of_another_version(session: Session, query: Timed, standing: Standing) -> Due:
    """All intervals, those that have rows and those that will have some."""
    stale = tuple(replace(each, done=False) for each in covered(standing.intervals))
    return Due(reopened(stale, extent(session, query)), timeless=True, why="its definition changed")


def since(  # all that decides it
    session: Session,
    query: Timed,
    standing: Standing,
    read: Mapping[str, Table],
    at: Callable[[str, int], Table | None],
    trace: Callable[[], Traced],
) -> Due:
    """What is due in a table of this version. The session has the inputs as they are, under their names.

    `at` gives a table as it was at a snapshot, None where that is gone.
    """
    coverage = covered(standing.intervals)
    changed = [name for name, table in read.items() if standing.inputs.get(name) != table.data_id]
    if not changed:
        return Due(coverage)
    try:
        changes = changes_since(standing, {name: read[name] for name in changed}, at)
        touched = _touched(session, query, trace(), changes)
    except (Untraceable, EngineError) as problem:
        all_of_it = [*(each.span for each in coverage), *extent(session, query)]
        why = str(problem) if isinstance(problem, Untraceable) else "its time cannot be asked for by itself"
        return Due(reopened(coverage, all_of_it), timeless=True, why=f"all intervals, since {why}")
    first = number(query.since, query.unit) if query.since else None
    spans = of(each for each in touched if each is not None and (first is None or each >= first))
    return Due(reopened(coverage, spans), timeless=None in touched)


def extent(session: Session, query: Timed) -> tuple[Span, ...]:
    """The intervals from the first to the last that the query gives rows of."""
    interval = interval_of(f"t.{quote(query.time)}", query.kind, query.unit)
    first, last = session.rows(f"select min({interval}), max({interval}) from (\n{query.sql}\n) as t")[0]
    return () if first is None else (Span(int(first), int(last) + 1),)


def made(coverage: tuple[Covered, ...], spans: tuple[Span, ...], version: str) -> tuple[Covered, ...]:
    """The coverage once these intervals have been made."""
    return put(coverage, spans, version, done=True)


def _touched(session: Session, query: Timed, trace: Traced, changes: Mapping[str, Change]) -> set[int | None]:
    """The intervals that changed rows lie in, by asking for the times of these rows alone, one table after the other."""
    interval = interval_of(f"t.{quote(query.time)}", query.kind, query.unit)
    found: set[int | None] = set()
    for _ in each_changed(session, trace, changes):
        asked = f"select distinct {interval} from (\n{trace.sql}\n) as t limit {ENOUGH + 1}"
        found |= {None if row[0] is None else int(row[0]) for row in session.rows(asked)}
        if len(found) > ENOUGH:
            raise Untraceable(f"more than {ENOUGH:,} are touched")
    return found
