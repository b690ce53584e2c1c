"""Runs, tasks, states and events in a SQL database: SQLite by default, in WAL mode, PostgreSQL by a setting."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from jusante.core.run import AssetState, Event, Run, Task
from jusante.errors import ExtraMissing, StorageError

SCHEMA_VERSION = 1

_metadata = sa.MetaData()
_schema = sa.Table("jusante_schema", _metadata, sa.Column("version", sa.Integer, primary_key=True))
_runs = sa.Table(
    "runs",
    _metadata,
    sa.Column("run_id", sa.String(40), primary_key=True),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("environment", sa.Text, nullable=False),
    sa.Column("started_at", sa.String(40), nullable=False, index=True),
    sa.Column("ended_at", sa.String(40)),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("status", sa.String(12), nullable=False, index=True),
)
_tasks = sa.Table(
    "tasks",
    _metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.String(40), nullable=False, index=True),
    sa.Column("asset", sa.Text, nullable=False, index=True),
    sa.Column("status", sa.String(12), nullable=False),
    sa.Column("task", sa.JSON, nullable=False),
)
_states = sa.Table(
    "asset_states",
    _metadata,
    sa.Column("asset", sa.String(400), primary_key=True),
    sa.Column("state", sa.JSON, nullable=False),
)
_events = sa.Table(
    "events",
    _metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("run_id", sa.String(40)),
    sa.Column("asset", sa.Text),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Index("events_by_kind", "kind", "asset", "seq"),
)


class SqlMetadata:
    """The metadata store on a SQL database."""

    def __init__(self, url: str) -> None:
        try:
            self._engine = sa.create_engine(url, poolclass=QueuePool, connect_args=_arguments(url))
        except ModuleNotFoundError as error:
            raise ExtraMissing(f"{error.name} is not installed", fix='pip install "jusante[postgres]"') from None
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _pragmas)
        try:
            with _failures():
                self._prepare()
        except StorageError:
            self.close()
            raise

    def _prepare(self) -> None:
        with self._engine.begin() as connection:
            if not sa.inspect(connection).has_table("jusante_schema"):
                _metadata.create_all(connection)
                connection.execute(_schema.insert().values(version=SCHEMA_VERSION))
            found = connection.execute(sa.select(sa.func.max(_schema.c.version))).scalar_one()
        if found != SCHEMA_VERSION:
            raise StorageError(
                f"the metadata database is of version {found}, this jusante reads {SCHEMA_VERSION}",
                fix="install the version of jusante that wrote it",
            )

    # -- writing -----------------------------------------------------------------------------------------------------

    def begin(self, run: Run) -> None:
        """A run has started."""
        with self._transaction() as connection:
            connection.execute(_runs.insert().values(**run.as_dict()))
            self._tell(connection, Event("run.started", run.started_at, run.run_id, payload={"command": run.command}))

    def end(self, run: Run) -> None:
        """A run has ended."""
        assert run.ended_at
        with self._transaction() as connection:
            values = {"status": run.status, "ended_at": run.ended_at.isoformat()}
            connection.execute(_runs.update().where(_runs.c.run_id == run.run_id).values(**values))
            self._tell(connection, Event("run.ended", run.ended_at, run.run_id, payload={"status": run.status}))

    def record(self, run_id: str, task: Task, state: AssetState | None = None) -> None:
        """What a run did about one asset, its state and the event, in one transaction."""
        entry = {"run_id": run_id, "asset": task.asset, "status": task.status, "task": task.as_dict()}
        with self._transaction() as connection:
            connection.execute(_tasks.insert().values(**entry))
            if state:
                self._put(connection, state)
            self._tell(connection, Event(f"task.{task.status}", _now(), run_id, task.asset, task.as_dict()))

    def remember(self, states: Sequence[AssetState], kind: str) -> None:
        """States that came about outside of a run's tasks."""
        with self._transaction() as connection:
            for state in states:
                self._put(connection, state)
                self._tell(
                    connection, Event(kind, _now(), state.run_id, state.asset, {"snapshot_id": state.snapshot_id})
                )

    def tell(self, events: Sequence[Event]) -> None:
        """Events that are the whole of what happened, in one transaction."""
        with self._transaction() as connection:
            for event in events:
                self._tell(connection, event)

    def _put(self, connection: sa.Connection, state: AssetState) -> None:
        connection.execute(_states.delete().where(_states.c.asset == state.asset))
        connection.execute(
            _states.insert().values(asset=state.asset, state=asdict(state) | {"at": state.at.isoformat()})
        )

    def _tell(self, connection: sa.Connection, event: Event) -> None:
        values = {"at": event.at.isoformat(), "kind": event.kind, "run_id": event.run_id, "asset": event.asset}
        connection.execute(_events.insert().values(**values, payload=dict(event.payload)))

    # -- reading -----------------------------------------------------------------------------------------------------

    def states(self) -> Mapping[str, AssetState]:
        """The state of every asset that has one."""
        with self._transaction() as connection:
            rows = connection.execute(sa.select(_states.c.state)).scalars().all()
        return {row["asset"]: AssetState(**row | {"at": dt.datetime.fromisoformat(row["at"])}) for row in rows}

    def runs(self, limit: int) -> tuple[Run, ...]:
        """The latest runs, newest first."""
        return self._select_runs(sa.select(_runs).order_by(_runs.c.started_at.desc()).limit(limit))

    def run(self, run_id: str) -> Run | None:
        """A run by its id."""
        return next(iter(self._select_runs(sa.select(_runs).where(_runs.c.run_id == run_id))), None)

    def unfinished(self) -> tuple[Run, ...]:
        """Runs that have begun and not ended."""
        return self._select_runs(sa.select(_runs).where(_runs.c.status == "running"))

    def tasks(self, run_id: str) -> tuple[Task, ...]:
        """What a run did, in the order in which it was done."""
        query = sa.select(_tasks.c.task).where(_tasks.c.run_id == run_id).order_by(_tasks.c.seq)
        with self._transaction() as connection:
            return tuple(_task(row) for row in connection.execute(query).scalars())

    def last_tasks(self) -> Mapping[str, Task]:
        """The last task of every asset that was not a skip."""
        last = sa.select(sa.func.max(_tasks.c.seq)).where(_tasks.c.status != "skipped").group_by(_tasks.c.asset)
        with self._transaction() as connection:
            rows = connection.execute(sa.select(_tasks.c.task).where(_tasks.c.seq.in_(last))).scalars().all()
        return {row["asset"]: _task(row) for row in rows}

    def events(self, after: int, limit: int) -> tuple[Event, ...]:
        """The ledger from a sequence number on, oldest first."""
        return self._select_events(sa.select(_events).where(_events.c.seq > after).order_by(_events.c.seq).limit(limit))

    def latest(self, kind: str, limit: int, *, asset: str | None = None) -> tuple[Event, ...]:
        """The last events of a kind, newest first."""
        query = sa.select(_events).where(_events.c.kind == kind).order_by(_events.c.seq.desc()).limit(limit)
        return self._select_events(query if asset is None else query.where(_events.c.asset == asset))

    def close(self) -> None:
        """Let go of connections."""
        self._engine.dispose()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _select_runs(self, query: sa.Select[Any]) -> tuple[Run, ...]:
        with self._transaction() as connection:
            return tuple(_run(dict(row)) for row in connection.execute(query).mappings())

    def _select_events(self, query: sa.Select[Any]) -> tuple[Event, ...]:
        with self._transaction() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(Event(**dict(row) | {"at": dt.datetime.fromisoformat(row["at"])}) for row in rows)

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with _failures(), self._engine.begin() as connection:
            yield connection


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except sa.exc.OperationalError as error:
        raise StorageError(
            f"the metadata database cannot be used: {error.orig}", fix="see that it can be reached and written"
        ) from None


def _arguments(url: str) -> dict[str, Any]:
    return {"timeout": 30} if url.startswith("sqlite") else {}


def _pragmas(connection: Any, _record: object) -> None:
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")


def _run(row: dict[str, Any]) -> Run:
    times = {name: dt.datetime.fromisoformat(row[name]) if row[name] else None for name in ("started_at", "ended_at")}
    return Run(**row | times)


def _task(row: dict[str, Any]) -> Task:
    return Task(**row | {"notices": tuple(row["notices"])})


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
