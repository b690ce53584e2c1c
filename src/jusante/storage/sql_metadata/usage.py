"""What work took, event by event, and summed up: the tables behind what things cost."""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from jusante.core.cost import Metered, MeteredKind, Stored, Usage
from jusante.core.event import Event
from jusante.storage.sql_metadata.tables import STORAGE, USAGE

_SUMS = ("rows", "cpu_us", "bytes_scanned", "bytes_written", "bytes_out", "requests")
_USAGE = _SUMS[1:]


def usage_row(event: Event) -> dict[str, Any] | None:
    """The row of an event that tells what a task or a question took; None for one that tells nothing of it."""
    if event.kind == "question.asked":
        return _row(event, "question", event.payload, event.payload["reads"])
    task = event.payload.get("task") if event.kind.startswith("task.") else None
    if not task or task.get("cpu_seconds") is None:
        return None
    return _row(event, "task", task, ())


def _row(event: Event, kind: MeteredKind, told: Mapping[str, Any], reads: Iterable[str]) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "kind": kind,
        "asset": event.asset or "",
        "actor": event.payload.get("by") or event.actor,
        "reads": json.dumps(sorted(reads)),
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
    """Write rows."""
    if usage:
        connection.execute(USAGE.insert(), usage)
    if storage:
        connection.execute(STORAGE.insert(), storage)


def metered(connection: sa.Connection, since: dt.datetime, until: dt.datetime) -> tuple[Metered, ...]:
    """What was done and asked, by day, asset and person."""
    day = sa.func.substr(USAGE.c.at, 1, 10).label("day")
    keys = (day, USAGE.c.kind, USAGE.c.asset, USAGE.c.actor, USAGE.c.reads)
    sums = [sa.func.sum(USAGE.c[name]).label(name) for name in ("made", *_SUMS)]
    query = sa.select(*keys, sa.func.count().label("times"), *sums).group_by(*keys).order_by(*keys)
    within = (USAGE.c.at >= since.isoformat(), USAGE.c.at < until.isoformat())
    return tuple(_metered(row) for row in connection.execute(query.where(*within)).mappings())


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
