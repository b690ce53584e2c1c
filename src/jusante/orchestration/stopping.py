"""An engine whose queries can be stopped from another thread: those of one task that takes too long, or all of them."""

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
    """An engine that knows which thread has which sessions open. A task works in one thread; a meter sees its queries."""

    def __init__(self, engine: Engine, meter: Meter | None = None) -> None:
        self._engine = engine
        self.meter = meter or Meter()
        self._open: dict[int, list[Session]] = {}
        self._lock = threading.Lock()
        self._all_stopped = False
        self._late: set[int] = set()

    @contextmanager
    def session(self, relations: Mapping[str, Relation] | None = None, *, locked: bool = False) -> Iterator[Session]:
        """A session that can be stopped. Raises Stopped, or TimedOut, where its time is over."""
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
        if thread in self._late:
            raise TimedOut("it took longer than it may, and was stopped", fix="raise its timeout, or make it faster")
        if self._all_stopped:
            raise Stopped("it was stopped by request", fix="jusante run makes it")

    def stop(self) -> None:
        """Stop all that runs, and let nothing begin any more."""
        self._all_stopped = True
        with self._lock:
            for session in [each for sessions in self._open.values() for each in sessions]:
                session.cancel()

    @contextmanager
    def limited(self, seconds: float | None) -> Iterator[None]:
        """Stop the queries of this thread that are not done after so many seconds; None: they take what they take."""
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
            self._late.discard(thread)

    def _watch(self, thread: int, done: threading.Event, seconds: float) -> None:
        if done.wait(seconds):
            return
        self._late.add(thread)
        while True:
            with self._lock:
                for session in self._open.get(thread, ()):
                    session.cancel()
            if done.wait(AGAIN_SECONDS):
                return

    def close(self) -> None:
        """Let go of memory and spill files."""
        self._engine.close()
