"""The ledger is what is kept, and the rest follows from it: all of a run, a task and a state stands in its event."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from jusante.core.event import Event

revision = "0002"
down_revision = "0001"

_AT_ONCE = 1_000


def upgrade() -> None:
    """Forward: each old event gets the words of what it tells of; states from before become events of their own."""
    op.rename_table("events", "old_events")
    op.rename_table("tasks", "old_tasks")
    op.drop_index("ix_tasks_run_id", "old_tasks")
    op.drop_index("ix_tasks_asset", "old_tasks")
    events = _new_events()
    _create_segments()
    tasks = op.create_table(
        "tasks",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("asset", sa.String(400), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
    )
    op.create_index("ix_tasks_run_id", "tasks", ["run_id"])
    op.create_index("ix_tasks_asset", "tasks", ["asset"])
    connection = op.get_bind()
    runs = {row["run_id"]: dict(row) for row in connection.execute(sa.text("select * from runs")).mappings()}
    for batch in _batches(_told_anew(connection, runs)):
        numbers = connection.execute(events.insert().returning(events.c.seq, sort_by_parameter_order=True), batch)
        kept = [
            {"seq": seq, "run_id": row["run_id"], "asset": row["asset"], "status": row["payload"]["task"]["status"]}
            for seq, row in zip(numbers.scalars(), batch, strict=True)
            if row["kind"].startswith("task.")
        ]
        if kept:
            connection.execute(tasks.insert(), kept)
    op.drop_table("old_events")
    op.drop_table("old_tasks")


def downgrade() -> None:
    """Back: what was sealed is sealed no more."""
    connection = op.get_bind()
    op.rename_table("events", "new_events")
    op.drop_index("ix_events_run_id", "new_events")
    op.drop_index("events_by_kind", "new_events")
    op.drop_table("tasks")
    op.drop_table("segments")
    events = op.create_table(
        "events",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("run_id", sa.String(40)),
        sa.Column("asset", sa.Text),
        sa.Column("payload", sa.JSON, nullable=False),
    )
    tasks = op.create_table(
        "tasks",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("task", sa.JSON, nullable=False),
    )
    op.create_index("ix_tasks_run_id", "tasks", ["run_id"])
    op.create_index("ix_tasks_asset", "tasks", ["asset"])
    for row in _read(connection, "new_events"):
        old = {name: row[name] for name in ("at", "kind", "run_id", "asset")} | {"payload": _as_before(row)}
        connection.execute(events.insert().values(old))
        if row["kind"].startswith("task."):
            task = row["payload"]["task"]
            said = {"run_id": row["run_id"], "asset": row["asset"], "status": task["status"], "task": task}
            connection.execute(tasks.insert().values(said))
    op.drop_table("new_events")


def _as_before(row: dict[str, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = row["payload"]
    if row["kind"] == "run.started":
        return {"command": payload["command"]}
    if row["kind"].startswith("task."):
        return dict(payload["task"])
    return payload


def _new_events() -> sa.Table:
    table = op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("run_id", sa.String(40)),
        sa.Column("task", sa.String(500)),
        sa.Column("asset", sa.String(400)),
        sa.Column("column", sa.String(400)),
        sa.Column("snapshot_id", sa.BigInteger),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_run_id", "events", ["run_id"])
    op.create_index("events_by_kind", "events", ["kind", "asset", "seq"])
    return table


def _create_segments() -> None:
    op.create_table(
        "segments",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("first_seq", sa.BigInteger, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("bag", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sealed_at", sa.String(40), nullable=False),
    )


def _told_anew(connection: sa.Connection, runs: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in _read(connection, "old_events"):
        payload = row["payload"]
        if row["kind"] == "run.started":
            payload = runs[row["run_id"]] | {"status": "running", "ended_at": None}
        elif row["kind"] == "run.ended":
            payload = {"status": payload["status"], "ended_at": runs[row["run_id"]]["ended_at"] or row["at"]}
        elif row["kind"].startswith("task."):
            payload = {"task": payload}
        yield _row(row["kind"], row["at"], row["run_id"], row["asset"], payload)
    for kept in connection.execute(sa.text("select asset, state from asset_states order by asset")).mappings():
        state = _value(kept["state"])
        yield _row("asset.migrated", state["at"], state["run_id"], kept["asset"], {"state": state})


def _row(kind: str, at: str, run_id: str | None, asset: str | None, payload: dict[str, Any]) -> dict[str, Any]:
    event = Event(kind, dt.datetime.fromisoformat(at), run_id, asset, payload, actor="jusante migrate")
    words = {"at": event.at.isoformat(), "kind": kind, "actor": event.actor, "run_id": run_id, "asset": asset}
    return words | {"payload": payload, "digest": event.digest}


def _read(connection: sa.Connection, table: str) -> Iterator[dict[str, Any]]:
    after = 0
    query = sa.text(f"select * from {table} where seq > :after order by seq limit {_AT_ONCE}")
    while rows := [dict(row) for row in connection.execute(query, {"after": after}).mappings()]:
        yield from ({**row, "payload": _value(row["payload"])} for row in rows)
        after = rows[-1]["seq"]


def _value(json_or_text: Any) -> Any:
    """JSON as Python has it: SQLite gives a text where no column type says what it is."""
    return json.loads(json_or_text) if isinstance(json_or_text, str) else json_or_text


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
