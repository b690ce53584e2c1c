"""An engine whose queries can be stopped from another thread: those of one task, or all of them."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from jusante.architecture.cost.metering import Meter
from jusante.errors import JusanteError, Stopped, TimedOut
from jusante.ports.engine import Engine, Session
from jusante.ports.relation import Relation

AGAIN_SECONDS = 0.1
"""A query that begins just after it was told to stop is told again."""


@dataclass(slots=True)
class _Task:
    """A task that is being done: by which thread, with the help of which others, and why it is to stop, if it is."""

    thread: int
    helpers: set[int] = field(default_factory=set)
    why: JusanteError | None = None


class StoppableEngine:
    """An engine that knows which threads do which task and have which sessions open. A task works in one thread, and in those
    that help it; a meter sees its queries.
    """

    def __init__(self, engine: Engine, meter: Meter | None = None) -> None:
        self._engine = engine
        self.meter = meter or Meter()
        self._open: dict[int, list[Session]] = {}
        self._lock = threading.RLock()  # a signal's handler may come while its own thread holds it
        self._all_stopped = False
        self._doing: dict[str, _Task] = {}
        self._late: dict[int, JusanteError] = {}

    @contextmanager
    def session(self, relations: Mapping[str, Relation] | None = None, *, locked: bool = False) -> Iterator[Session]:
        """A session that can be stopped. Raises what it was stopped for: Stopped, TimedOut, Cancelled."""
        thread = threading.get_ident()
        self._refuse(thread)
        try:
            with self.meter.querying(), self._engine.session(relations, locked=locked) as session:
                with self._lock:
                    self._open.setdefault(thread, []).append(session)
                try:
                    yield session
                finally:
                    with self._lock:
                        self._open[thread].remove(session)
        except JusanteError:
            self._refuse(thread)
            raise

    def _refuse(self, thread: int) -> None:
        with self._lock:
            why = self._why(thread)
        if why:
            raise type(why)(why.what, where=why.where, fix=why.fix)

    def _why(self, thread: int) -> JusanteError | None:
        """Why what a thread does is to stop; None where it may go on."""
        for task in self._doing.values():
            if task.why and (thread == task.thread or thread in task.helpers):
                return task.why
        if late := self._late.get(thread):
            return late
        return Stopped("it was stopped by request", fix="jusante run makes it") if self._all_stopped else None

    def stop(self) -> None:
        """Stop all that runs, and let nothing begin any more."""
        self._all_stopped = True
        self.tell_again()

    @property
    def doing(self) -> tuple[str, ...]:
        """The tasks that are being done."""
        return tuple(self._doing)

    def stop_task(self, name: str, why: JusanteError) -> bool:
        """Stop a task, which then fails with this error; False where it is not being done here."""
        with self._lock:
            task = self._doing.get(name)
            if task:
                task.why = task.why or why
        self.tell_again()
        return task is not None

    @contextmanager
    def task(self, name: str, seconds: float | None) -> Iterator[None]:
        """This thread does a task. Its queries are stopped where they are not done after so many seconds (None: never)."""
        with self._lock:
            self._doing[name] = _Task(threading.get_ident())
        try:
            with self.limited(seconds):
                yield
        finally:
            with self._lock:
                del self._doing[name]

    @contextmanager
    def helping(self, name: str) -> Iterator[None]:
        """This thread, too, does what belongs to a task that is being done: it is stopped, and paid for, with it."""
        thread = threading.get_ident()
        task = self._doing[name]
        if thread == task.thread:
            yield
            return
        with self._lock:
            task.helpers.add(thread)
        try:
            with self.meter.helping(task.thread):
                yield
        finally:
            with self._lock:
                task.helpers.discard(thread)

    @contextmanager
    def limited(self, seconds: float | None) -> Iterator[None]:
        """The queries of this thread are stopped where they are not done after so many seconds (None: never)."""
        if seconds is None:
            yield
            return
        thread, done = threading.get_ident(), threading.Event()
        watch = threading.Thread(target=self._watch, args=(thread, done, seconds), name="timeout", daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()
            self._late.pop(thread, None)

    def pause(self, seconds: float) -> None:
        """Do nothing for so long. Raises what this thread is stopped for meanwhile."""
        until = time.monotonic() + seconds
        while True:
            self._refuse(threading.get_ident())
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, AGAIN_SECONDS))

    def _watch(self, thread: int, done: threading.Event, seconds: float) -> None:
        if not done.wait(seconds):
            late = TimedOut("it took longer than it may, and was stopped", fix="raise its timeout, or make it faster")
            self._late[thread] = late
            self.tell_again()
            while not done.wait(AGAIN_SECONDS):
                self.tell_again()

    def tell_again(self) -> None:
        """Stop the queries that have begun since they were told to stop."""
        with self._lock:
            for thread, sessions in self._open.items():
                if sessions and self._why(thread):
                    for session in sessions:
                        session.cancel()

    def close(self) -> None:
        """Let go of memory and spill files."""
        self._engine.close()
