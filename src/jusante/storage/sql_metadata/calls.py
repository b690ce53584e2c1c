"""Calls from outside that were taken: which of those that come now nobody has taken before, whoever was called."""

import datetime as dt
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jusante.core.event import Event
from jusante.storage.sql_metadata.tables import CALLS

REMEMBERED = dt.timedelta(days=7)
"""So long a call that comes again is known again; senders give up after some three days."""


def fresh(connection: sa.Connection, calls: Sequence[Event]) -> tuple[Event, ...]:
    """Those of the calls that were not taken before. Who brings the same ones meanwhile waits for this transaction."""
    if not calls:
        return ()
    _forget(connection, _end(calls))
    taken = _put(connection, calls)
    return tuple(call for call in calls if _key(call) in taken)


def remember(connection: sa.Connection, calls: Sequence[Event]) -> None:
    """What is known of calls after these, which were taken one after the other, perhaps over years."""
    if calls:
        end = _end(calls)
        _forget(connection, end)
        _put(connection, [call for call in calls if call.at >= end])


def _end(calls: Iterable[Event]) -> dt.datetime:
    """What was taken before then can be forgotten."""
    return max(call.at for call in calls) - REMEMBERED


def _forget(connection: sa.Connection, end: dt.datetime) -> None:
    connection.execute(CALLS.delete().where(CALLS.c.at < end.isoformat()))


def _put(connection: sa.Connection, calls: Iterable[Event]) -> set[tuple[str, str]]:
    """Write calls down; the keys of those that were not known."""
    rows = {_key(call): call.at.isoformat() for call in calls}
    insert = postgresql.insert(CALLS) if connection.dialect.name == "postgresql" else sqlite.insert(CALLS)
    put = insert.on_conflict_do_nothing().returning(CALLS.c.asset, CALLS.c.message)
    # In order, so that of two with the same ones in hand neither waits for the other.
    given = [{"asset": asset, "message": message, "at": at} for (asset, message), at in sorted(rows.items())]
    return {(row.asset, row.message) for row in connection.execute(put, given)}


def _key(call: Event) -> tuple[str, str]:
    return str(call.asset), str(call.payload["message"])
