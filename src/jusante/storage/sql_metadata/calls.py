"""Calls from outside that were taken: which of those that come now nobody has taken before, whoever was called."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jusante.core.event import Event
from jusante.storage.sql_metadata.tables import CALLS

REMEMBERED = dt.timedelta(days=7)
"""So long a call that comes again is known again; senders give up after some three days."""


def fresh(connection: sa.Connection, calls: Sequence[Event]) -> tuple[Event, ...]:
    """Those of the calls that were not taken before. Who brings the same ones meanwhile waits for this transaction."""
    taken = remember(connection, calls)
    return tuple(call for call in calls if _key(call) in taken)


def remember(connection: sa.Connection, calls: Iterable[Event]) -> set[tuple[Any, ...]]:
    """Remember calls, and forget those from long before; the keys of those that were not known."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for call in calls:
        asset, message = key = _key(call)
        rows.setdefault(key, {"asset": asset, "message": message, "at": call.at.isoformat()})
    if not rows:
        return set()
    newest = max(dt.datetime.fromisoformat(row["at"]) for row in rows.values())
    connection.execute(CALLS.delete().where(CALLS.c.at < (newest - REMEMBERED).isoformat()))
    insert = postgresql.insert(CALLS) if connection.dialect.name == "postgresql" else sqlite.insert(CALLS)
    put = insert.on_conflict_do_nothing().returning(CALLS.c.asset, CALLS.c.message)
    # In order, so that of two with the same ones in hand neither waits for the other.
    return {tuple(row) for row in connection.execute(put, [rows[key] for key in sorted(rows)])}


def _key(call: Event) -> tuple[str, str]:
    return str(call.asset), str(call.payload["message"])
