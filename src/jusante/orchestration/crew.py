"""Those in one process who do tasks from the queue: a few threads, and a heartbeat that keeps what they do theirs."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from jusante.core.run import Done
from jusante.errors import DatabaseGone, JusanteError, LeaseLost, StorageError, StorageFull
from jusante.orchestration.heartbeat import BEATS
from jusante.orchestration.worker import is_worth_telling
from jusante.ports.task_queue import Ask, Claim, TaskQueue

IDLE_SECONDS = 0.5
"""How long somebody who found nothing to do waits before asking again, unless told that there is something."""
LONGEST_PAUSE_SECONDS = 5.0
REFUSED_SECONDS = 60.0
"""So long a crew does not ask for an asset again that it cannot do."""
OUTAGE_SECONDS = 600.0
"""So long a task that is done waits for the database to come back; then it is given up, and done again by somebody."""


@dataclass(frozen=True, slots=True)
class Job:
    """How a crew does its work: `do` a task, `stop` one that is no longer its own, `can` it do one, `tell` of what it lost."""

    do: Callable[[Claim], Done]
    stop: Callable[[str, JusanteError], object]
    can: Callable[[Claim], bool] = lambda _: True
    tell: Callable[[Claim, StorageError], None] = lambda *_: None


@dataclass(slots=True)
class _Held:
    """A task that is being done, and since when nobody can have taken it over without our seeing it."""

    claim: Claim
    sure: float = field(default_factory=time.monotonic)


class Crew:
    """Threads that do tasks from the queue until the block ends."""

    def __init__(self, queue: TaskQueue, ask: Ask, threads: int, job: Job) -> None:
        self._queue = queue
        self._ask = ask
        self._job = job
        self._held: dict[str, _Held] = {}
        self._cannot: dict[str, float] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._dead = threading.Event()
        self._owed: deque[Claim] = deque()
        self._gone_since: float | None = None
        self.full: StorageFull | None = None
        """That the disk of the database is full, where it was so the last time that something was to be written."""
        self._news = threading.Condition()
        self._stirred = 0
        self._threads = [threading.Thread(target=self._work, name=f"jusante-{n}", daemon=True) for n in range(threads)]
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    @property
    def doing(self) -> tuple[str, ...]:
        """The tasks that are being done here."""
        with self._lock:
            return tuple(self._held)

    def stir(self) -> None:
        """There is something to do, or something was done."""
        with self._news:
            self._stirred += 1
            self._news.notify_all()

    def wait(self, seconds: float, seen: int) -> None:
        """Wait for news since `seen` (see `stirred`), not longer than so many seconds."""
        with self._news:
            self._news.wait_for(lambda: self._stirred != seen or self._over.is_set(), seconds)

    @property
    def stirred(self) -> int:
        """How often there were news."""
        with self._news:
            return self._stirred

    @contextmanager
    def working(self) -> Iterator["Crew"]:
        """Work while the block runs. At its end what is being done is finished, and nothing new is begun."""
        for thread in (*self._threads, self._heart):
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self.stir()
            for thread in self._threads:
                thread.join()
            self._dead.set()
            self._heart.join()
            self._give_back()

    # -- one task after another --------------------------------------------------------------------------------------

    def _work(self) -> None:
        pause = IDLE_SECONDS
        while not self._over.is_set():
            seen = self.stirred
            try:
                claim = self._claim()
            except Exception as error:  # noqa: BLE001  # whatever keeps it from asking, it asks again, later each time
                self._notice(error)
                self._over.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            pause = IDLE_SECONDS
            if claim:
                self._do(claim)
            else:
                self.wait(IDLE_SECONDS, seen)

    def _claim(self) -> Claim | None:
        """A task that nobody does and that can be done here."""
        held = time.monotonic()
        with self._lock:
            self._cannot = {name: at for name, at in self._cannot.items() if held - at < REFUSED_SECONDS}
            without = (*self._cannot, *self._held)
        claim = self._queue.claim(replace(self._ask, without=without))
        if claim is None:
            return None
        if not self._job.can(claim):
            with self._lock:
                self._cannot[claim.asset] = held
            self._queue.give_back(claim)
            return None
        with self._lock:
            self._held[claim.asset] = _Held(claim, held)
        return claim

    def _do(self, claim: Claim) -> None:
        try:
            done = self._job.do(claim)
            if lost := self._undone(done):
                raise lost
            self._record(claim, done)
            self.full = None
        except StorageError as error:
            self._notice(error)
            self._lost(claim, error)
        except Exception as error:  # noqa: BLE001  # the edge of a worker: its other tasks go on
            what = f"{type(error).__name__}: {error}"
            self._told(
                claim, StorageError(what, fix="this is a bug: please report it")
            )  # it comes back when its lease is over
        finally:
            with self._lock:
                self._held.pop(claim.asset, None)
            self.stir()

    def _undone(self, done: Done) -> StorageError | None:
        """Why a task that ended is to be done again: it was lost to somebody, or a database was away, and not for too long."""
        error = done.task.error or {}
        if error.get("code") == LeaseLost.code:
            return LeaseLost(error["what"], where=error["where"], fix=error["fix"])
        if error.get("code") != DatabaseGone.code:
            self._gone_since = None
            return None
        self._gone_since = self._gone_since or time.monotonic()
        if time.monotonic() - self._gone_since > OUTAGE_SECONDS:
            return None
        return DatabaseGone(error["what"], where=error["where"], fix=error["fix"])

    def _record(self, claim: Claim, done: Done) -> None:
        """Record it, and try again while the database is not there. Raises LeaseLost where somebody else does it, StorageFull."""
        until, pause = time.monotonic() + OUTAGE_SECONDS, 0.1
        while True:
            try:
                return self._queue.record(claim, done, silently=not is_worth_telling(done))
            except (LeaseLost, StorageFull):
                raise
            except StorageError:
                if time.monotonic() > until:
                    raise
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _lost(self, claim: Claim, error: StorageError) -> None:
        """It is done again, by whoever takes it next: this worker may have lost it, or could not do it."""
        self._owed.append(claim)
        self._told(claim, error)
        self._give_back()
        if isinstance(error, DatabaseGone | StorageFull):
            self._over.wait(LONGEST_PAUSE_SECONDS)

    def _notice(self, error: Exception) -> None:
        """Whoever waits for what is done here cannot tell a disk that is full from work that takes long."""
        if isinstance(error, StorageFull):
            self.full = error
            self.stir()

    def _told(self, claim: Claim, error: StorageError) -> None:
        with suppress(StorageError):
            self._job.tell(claim, error)

    def _give_back(self) -> None:
        """Give back what is still ours and nobody does here; what could not be given back is, once the database is there."""
        with suppress(StorageError, IndexError):
            while True:
                self._queue.give_back(self._owed[0])
                self._owed.popleft()

    # -- keeping it --------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        while not self._dead.wait(self._ask.seconds / BEATS):
            with self._lock:
                held = dict(self._held)
            if held:
                self._renew(held)
            self._give_back()

    def _renew(self, held: Mapping[str, _Held]) -> None:
        asked = time.monotonic()
        try:
            ours = self._queue.renew(self._ask, tuple(held))
        except StorageError:
            now = time.monotonic()  # it may have taken long to learn that the database does not answer
            gone = [each for each in held.values() if now - each.sure > self._ask.seconds]
        else:
            gone = [each for each in held.values() if (each.claim.asset, each.claim.token) not in ours]
            for each in held.values():
                each.sure = asked
        for each in gone:
            with self._lock:
                is_done = self._held.get(each.claim.asset) is not each
            if not is_done:
                what = "it was stopped, since this worker may have lost it to another one"
                self._job.stop(each.claim.asset, LeaseLost(what, fix="nothing is lost: it is made again"))
