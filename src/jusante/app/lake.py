"""A project, ready to be run and asked."""

import datetime as dt
import os
import socket
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jusante.app import clock
from jusante.app.columns import column_named, columns_of
from jusante.app.crashes import find_dead, symptoms_of_dead
from jusante.app.declassifying import tell_declassified
from jusante.app.following import followed
from jusante.app.incidents import observe, open_for
from jusante.app.making import Making, Order
from jusante.app.report import Report
from jusante.app.running import Running, unheard
from jusante.app.sensitive import Watch
from jusante.app.serving import Serving
from jusante.app.system import System
from jusante.app.telling import tell, tell_held
from jusante.architecture.cost.metering import Meter
from jusante.core.column_graph import ColumnGraph
from jusante.core.environment import Project
from jusante.core.holds import Hold, needing
from jusante.core.lineage import Origin
from jusante.core.problem import Problem
from jusante.core.run import outcome
from jusante.core.tag import Tag
from jusante.engineering.project import ProjectProblems, read_project
from jusante.engineering.settings import Settings, resolve
from jusante.errors import JusanteError, storage_error
from jusante.management.lake import Tables
from jusante.orchestration import maintenance, recovery
from jusante.orchestration.execution import Listener
from jusante.orchestration.foresight import Foreseen, foresee
from jusante.orchestration.holding import holds_of
from jusante.orchestration.selection import made_among
from jusante.plugins import Connectors
from jusante.ports.metadata_store import MetadataStore
from jusante.ports.table_store import Swept, Table, TableStore
from jusante.serving.gate import Answer
from jusante.transformation.sql_analysis import analyse

if TYPE_CHECKING:
    import pyarrow as pa

    from jusante.app.erasing import Erasure
    from jusante.transformation.incremental.batches import Backfill


class Lake:
    """A project, ready to be run and asked."""

    def __init__(self, system: System) -> None:
        self._system = system
        watch, meter = Watch(system), Meter()
        self._watch = watch
        self._serving = Serving(system, watch, meter)
        self.making = Making(system, watch, self._serving.render, meter)
        self._running = Running(system, self.making)

    @classmethod
    def open(cls, folder: Path, environment: str | None = None) -> "Lake":
        """Read a project. Raises ProjectProblems with all that is wrong in it, but for missing secrets of sources."""
        project = read_project(folder.resolve(), environment, kinds=Connectors(), analyse=analyse, variables=os.environ)
        settings = resolve(project)
        try:
            settings.state.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(error, str(settings.state)) from None
        return cls(System(project, settings))

    @property
    def project(self) -> Project:
        """The project as read."""
        return self._system.project

    @property
    def settings(self) -> Settings:
        """Where its parts lie."""
        return self._system.settings

    @property
    def metadata(self) -> MetadataStore:
        """What it remembers: runs, tasks, states, events."""
        return self._system.metadata

    @property
    def store(self) -> TableStore:
        """Its tables."""
        return self._system.store

    @property
    def system(self) -> System:
        """Its adapters."""
        return self._system

    @cached_property
    def columns(self) -> ColumnGraph:
        """The graph by column, as far as columns are known: those of ingested tables once they have been loaded."""
        return columns_of(self._system)

    def column(self, name: str) -> Origin | None:
        """The column that `table.column` names; None for the name of an asset. Raises UsageError where there is neither."""
        return column_named(name, self._system, self.columns)

    # -- running -----------------------------------------------------------------------------------------------------

    def plan(self, wishes: tuple[str, ...] = (), *, holds: tuple[Hold, ...] | None = None) -> tuple[Foreseen, ...]:
        """What a run would do, and why. Touches no source.

        `holds` are what waits for a decision, where that is known better than from the last loads.
        """
        system = self._system
        states = system.metadata.states()
        chosen = made_among(system.graph, wishes)
        waiting = holds_of(states) if holds is None else holds
        needs = needing(self.columns, waiting) if waiting else {}
        return foresee(system.graph, chosen, states, Tables(system.store), system.metadata.last_tasks(), needs)

    def run(  # noqa: PLR0913  # one parameter for each thing that can be asked of it
        self,
        wishes: tuple[str, ...] = (),
        *,
        listener: Listener = unheard,
        wait_seconds: float = 0.0,
        anew: bool | Collection[str] = False,
        command: str = "",
        backfill: "Callable[[str], Backfill] | None" = None,
        apart: bool = False,
    ) -> Report:
        """Make what is stale. `anew` makes all that is chosen, or these; `wait_seconds` is how long to wait for another run.
        `command` is what the ledger says was called, where it was not `run` with these wishes. `backfill`
        says, for the run's id, how models by time are made in batches: see `app.backfilling`.

        Raises ProjectProblems where a secret of a source is missing, OverBudget where a budget refuses the run, ProjectBusy
        where another run holds the project. With `apart`, what a secret or a budget concerns fails, and all else is made.
        """
        from jusante.app.budgets import allowed
        from jusante.app.costs import measure_storage
        from jusante.app.questions import take_in

        system = self._system
        chosen = made_among(system.graph, wishes)
        unready = self._unready(chosen)
        if unready and not apart:
            raise ProjectProblems([problem for problems in unready.values() for problem in problems])
        allowance = allowed(self, wishes, chosen if anew is True else anew or (), clock.now(), apart=apart)
        refused = {**allowance.refusals, **{name: ProjectProblems(list(found)) for name, found in unready.items()}}
        began = time.monotonic()
        with self._running.run(command or "run " + " ".join(wishes), wait_seconds) as (run, recovered):
            untold = tell(system) if recovered else ()
            tell_declassified(system, run.run_id, clock.now())
            take_in(system)
            with followed(system, run, listener) as (heard, undelivered):
                made_anew = frozenset(chosen if anew is True else anew or ())
                batches = backfill and backfill(run.run_id)
                asked = Order(run.run_id, chosen, made_anew, allowance.held, batches, refused)
                tasks = self._running.make(asked, heard)
            measure_storage(system, [task.asset for task in tasks if task.bytes_written], run.run_id, clock.now())
            observed = observe(system, run, tasks, clock.now())
            ended = replace(run, status=outcome(tasks), ended_at=clock.now())
            system.metadata.end(ended)
            untold = tuple(dict.fromkeys((*untold, *tell_held(system))))
            undelivered += [*allowance.warnings]
            undelivered += [f"owners could not be told by {problem}" for problem in untold]
        seconds = round(time.monotonic() - began, 3)
        return Report(
            run.run_id, ended.status, seconds, tasks, recovered, (*observed.explained, *undelivered), observed.news
        )

    def recover(self) -> tuple[str, ...]:
        """Put right what runs that died have left, where none goes on, and open incidents for them; their ids."""
        dead = find_dead(self._system, self._running.as_run("up"), clock.now())
        if dead:
            open_for(self._system, symptoms_of_dead(self._system, dead), clock.now())
        return dead

    @contextmanager
    def conducted(self, lost: Callable[[], None] | None = None) -> Iterator[None]:
        """Be the one process that decides what is due. Raises ProjectBusy where another one is.

        `lost` is called where another one has taken over; what runs is stopped, where nothing else is said.
        """
        from jusante.app.holding import leading

        with leading(self._system, f"process {os.getpid()} on {socket.gethostname()}", lost or self.stop):
            yield

    def is_ready(self, name: str) -> bool:
        """Whether no secret is missing here that an asset needs."""
        return not self._unready((name,))

    def _unready(self, chosen: Collection[str]) -> dict[str, tuple[Problem, ...]]:
        """The secrets that are missing of sources that are to be asked, by the asset that needs them."""
        missing: dict[str, tuple[Problem, ...]] = {}
        for problem in self.project.unready:
            file = problem.where.rpartition(":")[0]
            missing[file] = (*missing.get(file, ()), problem)
        files = {name: self._system.graph[name].place.file for name in chosen} if missing else {}
        return {name: missing[file] for name, file in files.items() if file in missing}

    def stop(self) -> None:
        """Stop the queries of the run that goes on, from another thread or a signal's handler; its tasks fail as stopped."""
        self.making.stop()

    # -- serving -----------------------------------------------------------------------------------------------------

    def ask(self, sql: str) -> Answer:
        """A query through the gate: the rows as Arrow, what was read, how long it took. Raises EngineError, UsageError."""
        return self._serving.ask(sql)

    def look(self, sql: str) -> Answer:
        """A query through the gate that nobody has asked: a look at a condition, again and again. The ledger is not told of it."""
        return self._serving.look(sql)

    def discreetly(self, asset: str, error: JusanteError) -> JusanteError:
        """What went wrong in a look at an asset's conditions, without values that nobody may see."""
        return self._watch.discreetly(self._system.graph[asset], error)

    def tags_of(self, sql: str, names: Sequence[str]) -> tuple[tuple[Tag, ...], ...]:
        """The tags of each of the columns that a query gives, named as the answer names them."""
        from jusante.app.tags import tags_of_answer

        return tags_of_answer(self._system, sql, names)

    def query(self, sql: str) -> "pa.Table":
        """A query's rows, as Arrow."""
        return self.ask(sql).table

    def table(self, name: str) -> "pa.Table":
        """A table's rows, as Arrow."""
        from jusante.core.names import quote_table

        return self.query(f"select * from {quote_table(name)}")

    def build_dashboards(self, names: tuple[str, ...] = ()) -> tuple[Path, ...]:
        """Render dashboards, all or those named; the pages that were written. Each has a PNG beside it."""
        return self._serving.build_dashboards(names)

    # -- keeping -----------------------------------------------------------------------------------------------------

    def maintain(
        self, names: tuple[str, ...] = (), *, keep: dt.timedelta, wait_seconds: float = 0.0
    ) -> tuple[Swept, ...]:
        """Compact small files, expire snapshots older than `keep`, remove files that nobody needs."""
        from jusante.app.costs import measure_storage

        system = self._system
        with self._running.run("maintain " + " ".join(names), wait_seconds) as (run, _):
            swept = maintenance.maintain(system.engine, system.store, names, keep, run.run_id, clock.now())
            measure_storage(system, [each.name for each in swept], run.run_id, clock.now())
            recovery.reconcile(system.store, system.metadata, clock.now())
            system.metadata.end(replace(run, status="succeeded", ended_at=clock.now()))
        return swept

    def rollback(self, name: str, snapshot_id: int | None = None, *, wait_seconds: float = 0.0) -> Table:
        """Make an earlier snapshot of a table the current one; without a number, the one before."""
        system = self._system
        with self._running.run(f"rollback {name}", wait_seconds) as (run, _):
            table = maintenance.rollback(system.store, system.metadata, name, snapshot_id, clock.now())
            system.metadata.end(replace(run, status="succeeded", ended_at=clock.now()))
        return table

    def erase(self, table: str, names: tuple[str, ...], *, wait_seconds: float = 0.0) -> "Erasure":
        """Erase persons from all tables about persons of that table's kind, and from what is made of them.

        Their rows or values go, the keys of their tokens, and all snapshots that held them; loads do not bring them back.
        """
        from jusante.app import erasing
        from jusante.app.costs import measure_storage

        who = erasing.persons(self._system, table, names)
        # Who it is stands nowhere, so not in the run's command either.
        with self._running.run(f"erase {table}", wait_seconds) as (run, _):
            erased = erasing.erase(
                self._system, who, run.run_id, lambda chosen: self._running.make(Order(run.run_id, chosen))
            )
            measure_storage(self._system, self._system.store.pointers(), run.run_id, clock.now())
            self.metadata.end(replace(run, status="succeeded", ended_at=clock.now()))
        return erased

    def close(self) -> None:
        """Let go of what was opened."""
        self._system.close()

    def __enter__(self) -> "Lake":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
