"""The ledger in a SQL database: events appended, sealed in segments, read back.

A segment is sealed while nobody appends, so that no event with a lower number appears later: on PostgreSQL by a lock that
appending shares and sealing holds alone; on SQLite only one transaction writes anyway. Who follows the ledger is given
nothing behind a number that somebody may still fill.
"""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from jusante.core.event import Entry, Event, Segment, sealed
from jusante.errors import StorageError
from jusante.storage.sql_metadata.tables import EVENTS, SEGMENTS

SEGMENT_EVENTS = 4_096
"""How many events a segment has, at the most."""
READ_AT_ONCE = 5_000
LONGEST_WAIT_MS = 1_000
"""So long who follows the ledger waits for a transaction that may fill a gap; after that the gap is looked at another time."""
LOCK = 0x6A757361
"""The number of the lock on PostgreSQL; no other program uses it in this database."""
_LOCK_TIMEOUT = "55P03"
"""What PostgreSQL says where a lock was not to be had in time."""
_NO_EVENT = (ValueError, TypeError)
"""What is raised by a row that holds no event: no JSON, no time."""
_FIELDS = ("at", "kind", "actor", "run_id", "task", "asset", "column", "snapshot_id", "payload")


def append(connection: sa.Connection, events: Sequence[Event]) -> tuple[Event, ...]:
    """Write events down, in their order; they come back with their numbers."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(LOCK)))
    events = [replace(event, payload=json.loads(json.dumps(event.payload))) for event in events]  # as it will be read
    rows = [_row(event) for event in events]
    written = EVENTS.insert().returning(EVENTS.c.seq, sort_by_parameter_order=True)
    numbers = connection.execute(written, rows).scalars().all()
    return tuple(replace(event, seq=seq) for event, seq in zip(events, numbers, strict=True))


def alone(connection: sa.Connection) -> None:
    """Wait until nobody appends, and let nobody append until this transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    else:
        connection.execute(SEGMENTS.delete().where(sa.false()))  # from here on this transaction is the one that writes


def following(connection: sa.Connection, after: int, limit: int) -> tuple[Event, ...]:
    """Events from a number on, oldest first; never one of which an earlier one may still appear.

    PostgreSQL gives a number when an event is written, and shows the event when its transaction ends: 27 can be seen before
    26. Where there is a gap, those who append are waited for; what is missing then was taken back and never comes.
    """
    query = sa.select(EVENTS).where(EVENTS.c.seq > after).order_by(EVENTS.c.seq).limit(limit)
    found = [event_of(row) for row in connection.execute(query).mappings()]
    if connection.dialect.name != "postgresql":
        return tuple(found)
    whole = next((place for place, event in enumerate(found) if event.seq != after + place + 1), len(found))
    if whole < len(found) and _all_have_appended(connection):
        query = query.where(EVENTS.c.seq <= found[-1].seq)  # higher ones may have gaps of their own by now
        return tuple(event_of(row) for row in connection.execute(query).mappings())
    return tuple(found[:whole])


def _all_have_appended(connection: sa.Connection) -> bool:
    """Wait until whoever appends now has ended; False where that takes too long. Nobody is kept from it afterwards."""
    waiting = connection.begin_nested()
    try:
        connection.exec_driver_sql(f"set local lock_timeout = {LONGEST_WAIT_MS}")
        alone(connection)
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_TIMEOUT:
            raise
        return False
    finally:
        waiting.rollback()
    return True


def seal(connection: sa.Connection, now: dt.datetime) -> None:
    """Seal what was appended since the last segment."""
    alone(connection)
    before = last_segment(connection)
    while True:
        after = before.last_seq if before else 0
        query = sa.select(EVENTS.c.seq, EVENTS.c.digest).where(EVENTS.c.seq > after).order_by(EVENTS.c.seq)
        found = [(row.seq, row.digest) for row in connection.execute(query.limit(SEGMENT_EVENTS))]
        if not found:
            return
        before = sealed(before, found, now)
        connection.execute(SEGMENTS.insert().values(**before.as_dict()))


def last_segment(connection: sa.Connection) -> Segment | None:
    """The segment that was sealed last."""
    row = connection.execute(sa.select(SEGMENTS).order_by(SEGMENTS.c.number.desc()).limit(1)).mappings().first()
    return _segment(dict(row)) if row else None


def segments(connection: sa.Connection) -> tuple[Segment, ...]:
    """All segments, in their order."""
    rows = connection.execute(sa.select(SEGMENTS).order_by(SEGMENTS.c.number)).mappings()
    return tuple(_segment(dict(row)) for row in rows)


def entries(connection: sa.Connection, *, with_unreadable: bool = False) -> Iterator[Entry]:
    """The whole ledger, a bounded part of it in memory at a time.

    Somebody may have written into it what cannot be read as an event. That is a StorageError, or with `with_unreadable` an
    entry of the kind `unreadable`, whose digest is not that of what was there.
    """
    after = -1
    while True:
        query = sa.select(EVENTS.c.seq).where(EVENTS.c.seq > after).order_by(EVENTS.c.seq).limit(READ_AT_ONCE)
        numbers = connection.execute(query).scalars().all()
        if not numbers:
            return
        try:
            yield from _read(connection, numbers[0], numbers[-1])
        except _NO_EVENT:
            yield from _one_by_one(connection, numbers, with_unreadable=with_unreadable)
        after = numbers[-1]


def _read(connection: sa.Connection, first: int, last: int) -> list[Entry]:
    query = sa.select(EVENTS).where(EVENTS.c.seq.between(first, last)).order_by(EVENTS.c.seq)
    return [Entry(event_of(row), row["digest"]) for row in connection.execute(query).mappings()]


def _one_by_one(connection: sa.Connection, numbers: Sequence[int], *, with_unreadable: bool) -> Iterator[Entry]:
    for seq in numbers:
        try:
            yield from _read(connection, seq, seq)
        except _NO_EVENT:
            if not with_unreadable:
                raise StorageError(f"event {seq:,} of the ledger cannot be read", fix="jusante audit verify") from None
            digest = connection.execute(sa.select(EVENTS.c.digest).where(EVENTS.c.seq == seq)).scalar_one()
            yield Entry(Event("unreadable", dt.datetime.fromtimestamp(0, dt.UTC), seq=seq), digest)


def event_of(row: Any) -> Event:
    """An event as its row tells it."""
    values = {name: row[name] for name in _FIELDS}
    values["seq"], values["at"] = row["seq"], dt.datetime.fromisoformat(values["at"])
    return Event(**values)


def _row(event: Event) -> dict[str, Any]:
    row = {name: getattr(event, name) for name in _FIELDS}
    return row | {"at": event.at.isoformat(), "payload": dict(event.payload), "digest": event.digest}


def _segment(row: dict[str, Any]) -> Segment:
    return Segment(**row | {"sealed_at": dt.datetime.fromisoformat(row["sealed_at"])})
