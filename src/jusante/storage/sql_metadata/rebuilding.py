"""The projections as a whole: made anew from the ledger, and held against it."""

import hashlib
import json
from collections.abc import Iterator
from itertools import islice

import sqlalchemy as sa

from jusante.core.event import Event, Stray
from jusante.storage.sql_metadata import ledger
from jusante.storage.sql_metadata.projections import PROJECTED, project

PROJECTED_AT_ONCE = 10_000


def rebuild(connection: sa.Connection) -> int:
    """Make all projections anew; how many events there are. Nobody appends to the ledger until the transaction ends."""
    ledger.alone(connection)
    for table in PROJECTED:
        connection.execute(table.delete())
    count = 0
    for batch in _batches(entry.event for entry in ledger.entries(connection)):
        project(connection, batch)
        count += len(batch)
    return count


def strays(connection: sa.Connection) -> tuple[Stray, ...]:
    """Which projections hold something else than follows from the ledger. They are made anew for it: roll it back."""
    ledger.alone(connection)
    found = [_told(connection, table) for table in PROJECTED]
    rebuild(connection)
    meant = [_told(connection, table) for table in PROJECTED]
    return tuple(
        Stray(table.name, rows, meant_rows)
        for table, (rows, digest), (meant_rows, meant_digest) in zip(PROJECTED, found, meant, strict=True)
        if (rows, digest) != (meant_rows, meant_digest)
    )


def _told(connection: sa.Connection, table: sa.Table) -> tuple[int, int]:
    """How many rows a table has, and a number that depends on what they say and not on their order."""
    count = total = 0
    for row in connection.execute(sa.select(table).execution_options(yield_per=PROJECTED_AT_ONCE)):
        said = json.dumps(list(row), sort_keys=True, default=str)
        count += 1
        total += int.from_bytes(hashlib.sha256(said.encode()).digest()[:16])
    return count, total % 2**128


def _batches(events: Iterator[Event]) -> Iterator[list[Event]]:
    while batch := list(islice(events, PROJECTED_AT_ONCE)):
        yield batch
