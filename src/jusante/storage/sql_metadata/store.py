"""The metadata store on a SQL database: each change is an event in the ledger, and what follows from it, in one transaction."""

import datetime as dt
import getpass
import os
import socket
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic_core import from_json  # three times as fast as json: the ledger is read as a whole
from sqlalchemy.pool import QueuePool

from jusante.core.cost import Metered, Stored, Usage
from jusante.core.event import Event, Fault, Segment, Stray, faults
from jusante.core.incident import OPENED, Incident
from jusante.core.lease import Lease
from jusante.core.run import AssetState, Done, Run, Task
from jusante.errors import CommitConflict, StorageError
from jusante.storage.databases import bounded, engine_of, failures, place
from jusante.storage.sql_metadata import calls, leases, ledger, rebuilding, usage
from jusante.storage.sql_metadata.identity import Identity, adopt, claim
from jusante.storage.sql_metadata.projections import project
from jusante.storage.sql_metadata.queue import SqlQueue
from jusante.storage.sql_metadata.tables import (
    EVENTS,
    INCIDENTS,
    LAST_TASKS,
    METADATA,
    REVISION,
    REVISIONS,
    RUNS,
    STATES,
    TASKS,
)

OPENING_LOCK = ledger.LOCK + 1
"""Who opens incidents, one after the other; no other program uses it in this database."""
MOST_ASKED, ASK_SECONDS = 300, 0.02
MOST_CONNECTIONS = 80
"""More than the tasks that can be done at once in one process."""


class SqlMetadata:
    """The metadata store on a SQL database. `actor` stands in each event: who does what is done through this store.

    `identity` is whose memory it has to be; None: whoever's it is.
    """

    def __init__(self, url: str, actor: str | None = None, identity: Identity | None = None) -> None:
        self._actor = actor or _user()
        self._lease: Lease | None = None
        self._where = place(url)
        is_fixed = _lies_where_nobody_writes(url)
        url = _as_it_stands(url) if is_fixed else url
        self._engine = engine_of(
            bounded(url),
            poolclass=QueuePool,
            pool_pre_ping=not url.startswith("sqlite"),
            max_overflow=MOST_CONNECTIONS,
            connect_args={"timeout": 30} if url.startswith("sqlite") else {},
            json_deserializer=from_json,
        )
        if self._engine.dialect.name == "sqlite" and not is_fixed:
            sa.event.listen(self._engine, "connect", _pragmas)
        try:
            with _failures(self._where):
                self._prepare()
                if identity:
                    with self._engine.begin() as connection:
                        claim(connection, identity, self._where, can_write=not is_fixed)
        except StorageError:
            self.close()
            raise

    def _prepare(self) -> None:
        """Make the tables where there are none. Raises StorageError where they are of another revision."""
        with self._engine.begin() as connection:
            is_new = not sa.inspect(connection).has_table(REVISIONS.name)
        with self._engine.begin() as connection:
            if is_new:
                _make_tables(connection)
            found = connection.execute(sa.select(REVISIONS.c.version_num)).scalar_one_or_none()
        if found != REVISION:
            raise StorageError(
                f"the metadata database is of revision {found}, this jusante works with {REVISION}",
                fix="jusante migrate" if str(found) < REVISION else "install the version of jusante that wrote it",
            )

    # -- writing -----------------------------------------------------------------------------------------------------

    def begin(self, run: Run) -> None:
        """A run has started."""
        self._happened([Event("run.started", run.started_at, run.run_id, payload=run.as_dict())])

    def end(self, run: Run) -> None:
        """A run has ended; what it wrote into the ledger is sealed."""
        assert run.ended_at
        payload = {"status": run.status, "ended_at": run.ended_at.isoformat()}
        with self._transaction() as connection:
            self._append(connection, [Event("run.ended", run.ended_at, run.run_id, payload=payload)])
            ledger.seal(connection, run.ended_at)

    def record(self, run_id: str, done: Sequence[Done]) -> None:
        """Tasks of a run that have ended, their assets' states and what else happened, in one transaction."""
        with self._transaction() as connection:
            self._remember(connection, run_id, done)

    def remember(self, states: Sequence[AssetState], kind: str) -> None:
        """States that came about outside of a run's tasks."""
        self._happened(
            [Event(kind, _now(), s.run_id, s.asset, {"state": s.as_dict()}, snapshot_id=s.snapshot_id) for s in states]
        )

    def adopt(self, identity: Identity) -> Identity | None:
        """From now on it is the memory of that project, and of no other; whose it was."""
        with self._transaction() as connection:
            before = adopt(connection, identity)
            payload = {"now": asdict(identity), "before": asdict(before) if before else None}
            self._append(connection, [Event("database.adopted", _now(), payload=payload)])
        return before

    def tell(self, events: Sequence[Event]) -> None:
        """Events that are the whole of what happened, in one transaction."""
        self._happened(events)

    def take(self, called: Sequence[Event]) -> tuple[Event, ...]:
        """Of calls from outside those that nobody has taken before, which are told; one transaction."""
        with self._transaction() as connection:
            fresh = calls.fresh(connection, called)
            self._append(connection, fresh)
        return fresh

    def _happened(self, events: Sequence[Event]) -> None:
        with self._transaction() as connection:
            self._append(connection, events)

    def _remember(self, connection: sa.Connection, run_id: str, done: Sequence[Done]) -> None:
        """Tasks of a run that have ended, in a transaction that is open."""
        now = _now()
        self._append(connection, [event for each in done for event in (_ended(run_id, each, now), *each.events)])

    def _append(self, connection: sa.Connection, events: Sequence[Event]) -> None:
        if self._lease:
            leases.check(connection, self._lease)
        if events:
            _refuse_taken(connection, events)
            by = [event if event.actor else replace(event, actor=self._actor) for event in events]
            project(connection, ledger.append(connection, by))

    # -- reading -----------------------------------------------------------------------------------------------------

    def states(self, names: Collection[str] | None = None) -> Mapping[str, AssetState]:
        """The state of every asset (of these, where they are named) that has one."""
        query = sa.select(STATES.c.state)
        query = query if names is None else query.where(STATES.c.asset.in_(names))
        with self._transaction() as connection:
            rows = connection.execute(query).scalars().all()
        return {row["asset"]: AssetState.from_dict(row) for row in rows}

    def runs(
        self,
        limit: int,
        *,
        statuses: Collection[str] = (),
        since: dt.datetime | None = None,
        asset: str | None = None,
    ) -> tuple[Run, ...]:
        """The latest runs, newest first: of these statuses, begun since then, that did something about this asset."""
        query = sa.select(RUNS).order_by(RUNS.c.started_at.desc(), RUNS.c.run_id.desc()).limit(limit)
        query = query.where(RUNS.c.status.in_(statuses)) if statuses else query
        query = query.where(RUNS.c.started_at >= since.isoformat()) if since else query
        if asset:
            query = query.where(RUNS.c.run_id.in_(sa.select(TASKS.c.run_id).where(TASKS.c.asset == asset)))
        return self._select_runs(query)

    def run(self, run_id: str) -> Run | None:
        """A run by its id."""
        return next(iter(self._select_runs(sa.select(RUNS).where(RUNS.c.run_id == run_id))), None)

    def unfinished(self) -> tuple[Run, ...]:
        """Runs that have begun and not ended."""
        return self._select_runs(sa.select(RUNS).where(RUNS.c.status == "running"))

    def tasks(self, run_id: str) -> tuple[Task, ...]:
        """What a run did, in the order in which it was done."""
        query = sa.select(EVENTS.c.payload).join(TASKS, TASKS.c.seq == EVENTS.c.seq)
        return self._select_tasks(query.where(TASKS.c.run_id == run_id).order_by(TASKS.c.seq))

    def last_tasks(self) -> Mapping[str, Task]:
        """The last task of every asset that was not a skip."""
        query = sa.select(EVENTS.c.payload).join(LAST_TASKS, LAST_TASKS.c.seq == EVENTS.c.seq)
        found = self._select_tasks(query)
        return {task.asset: task for task in found}

    def events(self, after: int, limit: int) -> tuple[Event, ...]:
        """The ledger from a sequence number on, oldest first: who goes on from the last of them misses none."""
        with self._transaction() as connection:
            return ledger.following(connection, after, limit)

    def latest(
        self, kind: str | None, limit: int, *, asset: str | None = None, since: dt.datetime | None = None
    ) -> tuple[Event, ...]:
        """The last events of a kind (of any, for None), newest first: those about one asset, and since then."""
        query = sa.select(EVENTS).order_by(EVENTS.c.seq.desc()).limit(limit)
        query = query if kind is None else query.where(EVENTS.c.kind == kind)
        query = query if since is None else query.where(EVENTS.c.at >= since.isoformat())
        return self._select_events(query if asset is None else query.where(EVENTS.c.asset == asset))

    def last_of_each(self, kinds: Collection[str], limit: int, *, upto: int) -> tuple[Event, ...]:
        """The last events of each of these kinds about each asset, not after a sequence number; oldest first."""
        back = sa.func.row_number().over(partition_by=(EVENTS.c.kind, EVENTS.c.asset), order_by=EVENTS.c.seq.desc())
        asked = (EVENTS.c.kind.in_(kinds), EVENTS.c.asset.is_not(None), EVENTS.c.seq <= upto)
        counted = sa.select(EVENTS.c.seq, back.label("back")).where(*asked).subquery()
        last = sa.select(counted.c.seq).where(counted.c.back <= limit)
        return self._select_events(sa.select(EVENTS).where(EVENTS.c.seq.in_(last)).order_by(EVENTS.c.seq))

    def incidents(self, states: Sequence[str] | None, limit: int) -> tuple[Incident, ...]:
        """The incidents in these states (in any, for None), newest first."""
        query = sa.select(INCIDENTS.c.incident).order_by(INCIDENTS.c.number.desc()).limit(limit)
        query = query if states is None else query.where(INCIDENTS.c.state.in_(states))
        with self._transaction() as connection:
            return tuple(Incident.from_dict(row) for row in connection.execute(query).scalars())

    def incident(self, number: int) -> Incident | None:
        """An incident by its number."""
        query = sa.select(INCIDENTS.c.incident).where(INCIDENTS.c.number == number)
        with self._transaction() as connection:
            kept = connection.execute(query).scalar_one_or_none()
        return Incident.from_dict(kept) if kept else None

    @property
    def leases(self) -> leases.SqlLeases | None:
        """Leases, where several machines can share this database; None for a file, whose users are on one machine."""
        return None if self._engine.dialect.name == "sqlite" else leases.SqlLeases(self._transaction)

    @property
    def queue(self) -> "SqlQueue | None":
        """The tasks that wait for workers, where several machines can share this database; None for a file."""
        return None if self._engine.dialect.name == "sqlite" else SqlQueue(self._transaction, self._remember)

    def write_under(self, lease: Lease | None) -> Lease | None:
        """From now on write only while this lease is ours; None: in any case. Gives the one from before."""
        before, self._lease = self._lease, lease
        return before

    # -- what work took --------------------------------------------------------------------------------------------------

    def metered(self, since: dt.datetime, until: dt.datetime) -> tuple[Metered, ...]:
        """What was done and asked from a moment to another, by day, asset and person."""
        with self._transaction() as connection:
            return usage.metered(connection, since, until)

    def last_usage(self, assets: Collection[str], limit: int) -> Mapping[str, tuple[Usage, ...]]:
        """What the last successful tasks of each of these assets took, newest first."""
        with self._transaction() as connection:
            return usage.last_usage(connection, assets, limit)

    def stored(self, since: dt.datetime, until: dt.datetime) -> tuple[Stored, ...]:
        """How much of each table lay at rest: what stood at the beginning, and each change since, oldest first."""
        with self._transaction() as connection:
            return usage.stored(connection, since, until)

    # -- the ledger as a whole ---------------------------------------------------------------------------------------

    def head(self) -> Segment | None:
        """The last seal, after sealing what is not sealed yet; None for an empty ledger."""
        with self._transaction() as connection:
            ledger.seal(connection, _now())
            return ledger.last_segment(connection)

    def verify(self, head: str | None = None) -> tuple[Fault, ...]:
        """All in the ledger that is not as it was written."""
        with self._transaction() as connection:
            entries = ledger.entries(connection, with_unreadable=True)
            return tuple(faults(ledger.segments(connection), entries, head))

    def rebuild(self) -> int:
        """Work out anew what follows from the ledger; how many events there are. Readers see the old until it is done."""
        with self._transaction() as connection:
            return rebuilding.rebuild(connection)

    def strays(self) -> tuple[Stray, ...]:
        """Which projections do not follow from the ledger. Nobody writes meanwhile."""
        with _failures(self._where), self._engine.connect() as connection, connection.begin() as transaction:
            found = rebuilding.strays(connection)
            transaction.rollback()
            return found

    def close(self) -> None:
        """Let go of connections."""
        self._engine.dispose()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _select_runs(self, query: sa.Select[Any]) -> tuple[Run, ...]:
        with self._transaction() as connection:
            return tuple(Run.from_dict(dict(row)) for row in connection.execute(query).mappings())

    def _select_tasks(self, query: sa.Select[Any]) -> tuple[Task, ...]:
        with self._transaction() as connection:
            return tuple(Task.from_dict(payload["task"]) for payload in connection.execute(query).scalars())

    def _select_events(self, query: sa.Select[Any]) -> tuple[Event, ...]:
        with self._transaction() as connection:
            return tuple(ledger.event_of(row) for row in connection.execute(query).mappings())

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with _failures(self._where), self._engine.begin() as connection:
            yield connection


def _refuse_taken(connection: sa.Connection, events: Sequence[Event]) -> None:
    """Raise CommitConflict where somebody has opened an incident of the same number meanwhile."""
    numbers = [int(event.payload["incident"][1:]) for event in events if event.kind == OPENED]
    if not numbers:
        return
    if connection.dialect.name == "postgresql":  # on SQLite one transaction writes at a time
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(OPENING_LOCK)))
    else:
        connection.execute(INCIDENTS.delete().where(sa.false()))
    taken = connection.execute(sa.select(INCIDENTS.c.number).where(INCIDENTS.c.number.in_(numbers))).scalars().all()
    if taken:
        raise CommitConflict(f"incident I{taken[0]} was opened by another process just now", fix="try again")


def _make_tables(connection: sa.Connection) -> None:
    """Make the tables, unless another process has done it meanwhile: one makes them, the others wait for that."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ledger.LOCK)))
    else:
        connection.exec_driver_sql("begin immediate")  # the driver would make each table in a transaction of its own
    there = sa.inspect(connection)
    if there.has_table(REVISIONS.name):
        return
    if there.has_table(RUNS.name):
        raise StorageError(
            "the metadata database bears no revision: it is of a version that was never released",
            fix="move it away; the tables stay, and the next run reads what they say of themselves",
        )
    METADATA.create_all(connection)
    connection.execute(REVISIONS.insert().values(version_num=REVISION))


def _ended(run_id: str, done: Done, now: dt.datetime) -> Event:
    task, state = done.task, done.state
    payload: dict[str, Any] = {"task": task.as_dict()} | ({"state": state.as_dict()} if state else {})
    return Event(f"task.{task.status}", now, run_id, task.asset, payload, snapshot_id=task.snapshot_id)


_MENDED = (
    "put back a copy from before; without one, move the file away: the next run finds out from the tables' snapshots "
    "what is made, and the history of runs is lost"
)


def _failures(where: str) -> AbstractContextManager[None]:
    return failures("the metadata database", where, _MENDED)


def _lies_where_nobody_writes(url: str) -> bool:
    """Whether it is a file in a folder that cannot be written, as on a mount for reading only."""
    file = sa.make_url(url).database if url.startswith("sqlite") else None
    return bool(file) and Path(str(file)).is_file() and not os.access(Path(str(file)).parent, os.W_OK)


def _as_it_stands(url: str) -> str:
    """SQLite wants a file beside a database in WAL mode even to read it, unless it is told that nobody writes."""
    return f"sqlite:///file:{sa.make_url(url).database}?mode=ro&immutable=1&uri=true"


def _pragmas(connection: Any, _record: object) -> None:
    for left in range(MOST_ASKED, -1, -1):
        try:
            connection.execute("pragma journal_mode = wal")
            break
        except sqlite3.OperationalError:  # of two that ask for it first, SQLite lets one wait for nothing
            if not left:
                raise
            time.sleep(ASK_SECONDS)
    connection.execute("pragma synchronous = full")


def _user() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except OSError:  # a user without a name, as in some containers
        return f"somebody@{socket.gethostname()}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
