"""What is known now, worked out from the ledger: which runs there are, what they did, in which state each asset is.

Each change is an event first; these tables follow from it in the same transaction, and can be made anew from the ledger
at any time. So there is one way from an event to a row, whether it has just happened or happened long ago.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jusante.core.event import Event
from jusante.core.incident import Incident, after
from jusante.storage.sql_metadata.calls import remember
from jusante.storage.sql_metadata.tables import (
    CALLS,
    INCIDENTS,
    LAST_TASKS,
    RUNS,
    STATES,
    STORAGE,
    TASKS,
    USAGE,
    USAGE_BY_DAY,
)
from jusante.storage.sql_metadata.usage import put, storage_row, usage_row

PROJECTED = (RUNS, TASKS, LAST_TASKS, STATES, INCIDENTS, USAGE, USAGE_BY_DAY, STORAGE, CALLS)
"""The tables that hold nothing which is not in the ledger."""


def project(connection: sa.Connection, events: Sequence[Event]) -> None:
    """Bring the tables to what they are after these events, which come in their order."""
    started: dict[str, Mapping[str, Any]] = {}
    ended: dict[str, Mapping[str, Any]] = {}
    tasks: list[dict[str, Any]] = []
    states: dict[str, Mapping[str, Any]] = {}
    incidents: list[Event] = []
    usage: list[dict[str, Any]] = []
    storage: list[dict[str, Any]] = []
    for event in events:
        match event.kind.partition(".")[0]:
            case "run" if event.kind == "run.started":
                started[event.payload["run_id"]] = event.payload
            case "run" if event.run_id:
                ended[event.run_id] = event.payload
            case "task":
                status = event.payload["task"]["status"]
                tasks.append({"seq": event.seq, "run_id": event.run_id, "asset": event.asset, "status": status})
            case "incident":
                incidents.append(event)
            case "storage" if event.kind == "storage.measured":
                storage.append(storage_row(event))
        if row := usage_row(event):
            usage.append(row)
        if state := event.payload.get("state"):
            states[state["asset"]] = state
    _put_runs(connection, started, ended)
    if tasks:
        connection.execute(TASKS.insert(), tasks)
        _put_last(connection, {task["asset"]: task["seq"] for task in tasks if task["status"] != "skipped"})
    _put_states(connection, states)
    _put_incidents(connection, incidents)
    put(connection, usage, storage)
    remember(connection, [event for event in events if event.kind == "hook.called"])


def _put_runs(
    connection: sa.Connection, started: Mapping[str, Mapping[str, Any]], ended: Mapping[str, Mapping[str, Any]]
) -> None:
    if started:
        connection.execute(RUNS.insert(), [dict(run) for run in started.values()])
    if ended:
        change = RUNS.update().where(RUNS.c.run_id == sa.bindparam("id"))
        rows = [{"id": run, "status": end["status"], "ended_at": end["ended_at"]} for run, end in ended.items()]
        connection.execute(change, rows)


def _put_last(connection: sa.Connection, last: Mapping[str, int]) -> None:
    """The last task of each asset. In order, so that of two with the same assets in hand neither waits for the other."""
    if last:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        put = insert(LAST_TASKS)
        later = put.excluded.seq > LAST_TASKS.c.seq  # who has the higher number may be the first to get here
        put = put.on_conflict_do_update(index_elements=["asset"], set_={"seq": put.excluded.seq}, where=later)
        connection.execute(put, [{"asset": asset, "seq": seq} for asset, seq in sorted(last.items())])


def _put_states(connection: sa.Connection, states: Mapping[str, Mapping[str, Any]]) -> None:
    if states:
        rows = [{"asset": name, "state": dict(state)} for name, state in sorted(states.items())]
        is_server = connection.dialect.name == "postgresql"
        insert = postgresql.insert(STATES) if is_server else sqlite.insert(STATES)
        # Not taken out first: a worker of a run that died may tell of the same asset at this very moment.
        connection.execute(
            insert.on_conflict_do_update(index_elements=["asset"], set_={"state": insert.excluded.state}), rows
        )


def _put_incidents(connection: sa.Connection, events: Iterable[Event]) -> None:
    """Each incident as it is after its events."""
    found: dict[int, Incident | None] = {}
    for event in events:
        number = int(event.payload["incident"][1:])
        if number not in found:
            query = sa.select(INCIDENTS.c.incident).where(INCIDENTS.c.number == number)
            kept = connection.execute(query.with_for_update()).scalar_one_or_none()  # two people may act at once
            found[number] = Incident.from_dict(kept) if kept else None
        found[number] = after(found[number], event)
    rows = [
        {"number": number, "state": incident.state, "incident": incident.as_dict()}
        for number, incident in found.items()
        if incident
    ]
    if rows:
        gone = INCIDENTS.delete().where(INCIDENTS.c.number == sa.bindparam("one"))
        connection.execute(gone, [{"one": row["number"]} for row in rows])
        connection.execute(INCIDENTS.insert(), rows)
