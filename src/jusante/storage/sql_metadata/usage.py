"""What work took, event by event, and summed up: the tables behind what things cost."""

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import add, itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jusante.core.cost import Metered, MeteredKind, Stored, Usage
from jusante.core.event import Event
from jusante.storage.sql_metadata.tables import STORAGE, USAGE, USAGE_BY_DAY

_SUMS = ("rows", "cpu_us", "bytes_scanned", "bytes_written", "bytes_out", "requests")
_USAGE = _SUMS[1:]
_WHOSE = ("kind", "asset", "actor", "reads")
_ADDED = ("times", "made", *_SUMS)
_of_whose, _of_sums = itemgetter(*_WHOSE), itemgetter(*_ADDED[1:])


def usage_row(event: Event) -> dict[str, Any] | None:
    """The row of an event that tells what a task or a question took; None for one that tells nothing of it."""
    if event.kind == "question.asked":
        return _row(event, "question", event.payload, event.payload["reads"])
    task = event.payload.get("task") if event.kind.startswith("task.") else None
    if not task or task.get("cpu_seconds") is None:
        return None
    return _row(event, "task", task, ())


def _row(event: Event, kind: MeteredKind, told: Mapping[str, Any], reads: Collection[str]) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "kind": kind,
        "asset": event.asset or "",
        "actor": event.payload.get("by") or event.actor,
        "reads": json.dumps(sorted(reads)) if reads else "[]",
        "made": int(event.kind == "task.succeeded"),
        "rows": told.get("rows_out") or 0,
        "cpu_us": round(1e6 * told["cpu_seconds"]),
        **{name: told.get(name) or 0 for name in _USAGE[1:]},
    }


def storage_row(event: Event) -> dict[str, Any]:
    """The row of an event that tells how much of a table lies at rest."""
    told = event.payload
    return {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "asset": event.asset,
        "bytes": told["bytes"],
        "files": told["files"],
    }


def put(connection: sa.Connection, usage: list[dict[str, Any]], storage: list[dict[str, Any]]) -> None:
    """Write rows, and add them to the sums of their days."""
    if usage:
        connection.execute(USAGE.insert(), usage)
        _put_days(connection, usage)
    if storage:
        connection.execute(STORAGE.insert(), storage)


def _put_days(connection: sa.Connection, usage: Iterable[Mapping[str, Any]]) -> None:
    """In order, so that of two with the same days in hand neither waits for the other."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for row in usage:
        key = (row["at"][:10], *_of_whose(row))
        known = sums.get(key)
        sums[key] = list(map(add, known, (1, *_of_sums(row)))) if known else [1, *_of_sums(row)]
    rows = [
        {
            "day": day,
            "whose": whose(key),
            **dict(zip(_WHOSE, key, strict=True)),
            **dict(zip(_ADDED, found, strict=True)),
        }
        for (day, *key), found in sums.items()
    ]
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    put = insert(USAGE_BY_DAY)
    added = {name: USAGE_BY_DAY.c[name] + put.excluded[name] for name in _ADDED}
    put = put.on_conflict_do_update(index_elements=["day", "whose"], set_=added)
    connection.execute(put, sorted(rows, key=lambda row: (row["day"], row["whose"])))


def whose(key: Iterable[str]) -> str:
    """A digest of a kind, an asset, an actor and what was read."""
    return hashlib.sha256(json.dumps(list(key)).encode()).hexdigest()


def metered(connection: sa.Connection, since: dt.datetime, until: dt.datetime) -> tuple[Metered, ...]:
    """What was done and asked, by day, asset and person: of whole days as it was summed up, of parts of a day row by row."""
    first = since.date() + dt.timedelta(days=since.time() != dt.time())
    last = until.date()
    rows: list[Any] = []
    if first < last:
        days = sa.select(USAGE_BY_DAY).where(USAGE_BY_DAY.c.day >= str(first), USAGE_BY_DAY.c.day < str(last))
        rows += connection.execute(days).mappings()
        parts = [(since.isoformat(), str(first)), (str(last), until.isoformat())]
    else:
        parts = [(since.isoformat(), until.isoformat())]
    for begin, end in parts:
        rows += _summed(connection, begin, end) if begin < end else ()
    return tuple(_metered(row) for row in sorted(rows, key=lambda row: (row["day"], *(row[name] for name in _WHOSE))))


def _summed(connection: sa.Connection, begin: str, end: str) -> Sequence[Any]:
    keys = (sa.func.substr(USAGE.c.at, 1, 10).label("day"), *(USAGE.c[name] for name in _WHOSE))
    sums = [sa.func.sum(USAGE.c[name]).label(name) for name in _ADDED[1:]]
    query = sa.select(*keys, sa.func.count().label("times"), *sums).group_by(*keys)
    return connection.execute(query.where(USAGE.c.at >= begin, USAGE.c.at < end)).mappings().all()


def _metered(row: Any) -> Metered:
    return Metered(
        day=dt.date.fromisoformat(row["day"]),
        kind=row["kind"],
        asset=row["asset"],
        by=row["actor"],
        reads=tuple(json.loads(row["reads"])),
        times=int(row["times"]),
        made=int(row["made"]),
        rows=int(row["rows"]),
        usage=_usage(row),
    )


def _usage(row: Any) -> Usage:
    return Usage(**{name: int(row[name]) for name in _USAGE})


def last_usage(connection: sa.Connection, assets: Collection[str], limit: int) -> dict[str, tuple[Usage, ...]]:
    """What the last successful tasks of each of these assets took, newest first."""
    found = {}
    for asset in assets:
        query = sa.select(*(USAGE.c[name] for name in _USAGE)).order_by(USAGE.c.seq.desc()).limit(limit)
        query = query.where(USAGE.c.asset == asset, USAGE.c.kind == "task", USAGE.c.made == 1)
        found[asset] = tuple(_usage(row) for row in connection.execute(query).mappings())
    return found


def stored(connection: sa.Connection, since: dt.datetime, until: dt.datetime) -> tuple[Stored, ...]:
    """How much of each table lay at rest: what stood when the time began, and each change within it, oldest first.

    Both are looked up asset by asset, so samples from before cost nothing.
    """
    assets = _sampled()
    before = sa.select(STORAGE.c.seq).where(STORAGE.c.asset == assets.c.asset, STORAGE.c.at < since.isoformat())
    last = before.order_by(STORAGE.c.at.desc(), STORAGE.c.seq.desc()).limit(1).scalar_subquery()
    stood = sa.select(STORAGE).where(STORAGE.c.seq.in_(sa.select(last).select_from(assets)))
    rows = list(connection.execute(stood).mappings())
    if since < until:
        within = (STORAGE.c.at >= since.isoformat(), STORAGE.c.at < until.isoformat())
        query = sa.select(STORAGE).join(assets, STORAGE.c.asset == assets.c.asset).where(*within)
        rows += connection.execute(query).mappings()
    return tuple(
        Stored(row["asset"], dt.datetime.fromisoformat(row["at"]), int(row["bytes"]), int(row["files"]))
        for row in sorted(rows, key=lambda row: row["seq"])
    )


def _sampled() -> sa.CTE:
    """The assets of which there are samples, each found by one step in the index beyond the one before."""
    first = sa.select(sa.func.min(STORAGE.c.asset).label("asset")).cte("sampled", recursive=True)
    beyond = sa.select(sa.func.min(STORAGE.c.asset)).where(STORAGE.c.asset > first.c.asset).scalar_subquery()
    return first.union_all(sa.select(beyond).select_from(first).where(first.c.asset.is_not(None)))
