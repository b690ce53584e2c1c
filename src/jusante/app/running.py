"""A run: holds the project from its first task to its last, and is closed whatever happens."""

import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace

from jusante.app import clock
from jusante.app.crashes import in_the_making, symptoms_of_dead
from jusante.app.incidents import open_for
from jusante.app.making import Making, Order
from jusante.app.system import System
from jusante.core.lease import Lease
from jusante.core.run import Run, Task
from jusante.errors import StorageError
from jusante.orchestration import recovery
from jusante.orchestration.execution import Hands, Listener, execute
from jusante.orchestration.worker import Worker


def unheard(name: str, task: Task | None) -> None:
    """Nobody listens."""
    del name, task


class Running:
    """The runs of this process, one after another."""

    def __init__(self, system: System, making: Making) -> None:
        self._system = system
        self._making = making
        self._lease: Lease | None = None
        self._lost = threading.Event()

    @contextmanager
    def run(self, command: str, wait_seconds: float) -> Iterator[tuple[Run, tuple[str, ...]]]:
        """Hold the project, put right what dead runs left (their ids come with it), begin a run; it does not stay open.

        Raises ProjectBusy where another run holds the project for longer than is waited.
        """
        from jusante.app.holding import run_held

        system = self._system
        run = self.as_run(command)
        self._lost.clear()
        with run_held(system, run, wait_seconds, self._lose) as self._lease:
            recovered = recovery.recover(system.graph, system.store, system.metadata, clock.now())
            recovery.clear_scratch(
                *recovery.leftovers(system.settings.state, recovered, shared=self._lease is not None)
            )
            if recovered:
                open_for(system, symptoms_of_dead(system, recovered), clock.now())
            system.metadata.begin(run)
            try:
                yield run, recovered
            except BaseException:
                with suppress(StorageError):  # whoever has taken over, or is next, closes this run
                    system.metadata.end(replace(run, status="failed", ended_at=clock.now()))
                raise

    def make(self, order: Order, listener: Listener = unheard) -> tuple[Task, ...]:
        """Make what is asked, while the project is held; what is being made stands in a file meanwhile."""
        with (
            in_the_making(self._system.settings.state, order.run_id, listener) as heard,
            self._making.working(order) as worker,
            self._hands(order, worker) as hands,
        ):
            try:
                return execute(self._system.graph, order.chosen, worker, hands, heard)
            except BaseException:  # Ctrl-C, too: whoever waits for the hands to end does not wait for their queries
                self._making.stop()
                raise

    def as_run(self, command: str) -> Run:
        """This process as a run that begins now."""
        environment = self._system.project.environment_name
        return Run(_run_id(), command.strip(), environment, clock.now(), socket.gethostname(), os.getpid())

    def _hands(self, order: Order, worker: Worker) -> AbstractContextManager[Hands]:
        if self._lease is None:
            return self._making.threads(order, worker)
        from jusante.app.working import queued

        return queued(self._system, self._making, worker, order, self._lease, self._lost.is_set)

    def _lose(self) -> None:
        self._lost.set()
        self._making.stop()


def _run_id() -> str:
    """A name that sorts by time and that a person can read out: `r20261124-012233-4f2a`."""
    return f"r{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
