"""An engine whose queries can be stopped from another thread: those of one task, or all of them."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from jusante.architecture.cost.metering import Meter
from jusante.errors import JusanteError, Stopped, TimedOut
from jusante.ports.engine import Engine, Session
from jusante.ports.relation import Relation

AGAIN_SECONDS = 0.1
"""A query that begins just after it was told to stop is told again."""


class StoppableEngine:
    """An engine that knows which thread does which task and has which sessions open. A task works in one thread; a meter
    sees its queries.
    """

    def __init__(self, engine: Engine, meter: Meter | None = None) -> None:
        self._engine = engine
        self.meter = meter or Meter()
        self._open: dict[int, list[Session]] = {}
        self._lock = threading.Lock()
        self._all_stopped = False
        self._doing: dict[str, int] = {}
        self._why: dict[int, JusanteError] = {}

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
        if why := self._why.get(thread):
            raise type(why)(why.what, where=why.where, fix=why.fix)
        if self._all_stopped:
            raise Stopped("it was stopped by request", fix="jusante run makes it")

    def stop(self) -> None:
        """Stop all that runs, and let nothing begin any more."""
        self._all_stopped = True
        with self._lock:
            for session in [each for sessions in self._open.values() for each in sessions]:
                session.cancel()

    @property
    def doing(self) -> tuple[str, ...]:
        """The tasks that are being done."""
        return tuple(self._doing)

    def stop_task(self, name: str, why: JusanteError) -> bool:
        """Stop a task, which then fails with this error; False where it is not being done here."""
        thread = self._doing.get(name)
        if thread is not None:
            self._why.setdefault(thread, why)
            self.tell_again()
        return thread is not None

    @contextmanager
    def task(self, name: str, seconds: float | None) -> Iterator[None]:
        """This thread does a task. Its queries are stopped where they are not done after so many seconds (None: never)."""
        thread, done = threading.get_ident(), threading.Event()
        self._doing[name] = thread
        watch = None
        if seconds is not None:
            watch = threading.Thread(target=self._watch, args=(thread, done, seconds), name="timeout", daemon=True)
            watch.start()
        try:
            yield
        finally:
            done.set()
            if watch:
                watch.join()
            del self._doing[name]
            self._why.pop(thread, None)

    def _watch(self, thread: int, done: threading.Event, seconds: float) -> None:
        if not done.wait(seconds):
            late = TimedOut("it took longer than it may, and was stopped", fix="raise its timeout, or make it faster")
            self._why.setdefault(thread, late)
            while not done.wait(AGAIN_SECONDS):
                self.tell_again()

    def tell_again(self) -> None:
        """Stop the queries that have begun since their tasks were told to stop."""
        with self._lock:
            for thread in list(self._why):
                for session in self._open.get(thread, ()):
                    session.cancel()

    def close(self) -> None:
        """Let go of memory and spill files."""
        self._engine.close()
