"""Processor time of tasks that work at once in threads of one process.

A thread's own time is read from the kernel. An engine works in threads of its own, which belong to nobody: what the
process used beyond its known threads is shared out, at each moment that somebody begins or ends a piece of work, among
those that had a query open meanwhile, in proportion to what their own threads used. So the sum over all is what the
process used, and nothing is counted twice.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where processor time is read, in nanoseconds. `thread` tells it of any living thread; None where nobody can."""

    process: Callable[[], int] = time.process_time_ns
    thread: Callable[[int], int] | None = None


def clocks() -> Clocks:
    """The clocks of this machine. macOS and Windows do not tell of other threads: there all is shared out."""
    told = getattr(time, "pthread_getcpuclockid", None)
    return Clocks(thread=(lambda thread: time.clock_gettime_ns(told(thread))) if told else None)


@dataclass(slots=True)
class Spent:
    """What one piece of work has used until now."""

    cpu_ns: int = 0
    requests: int = 0

    @property
    def cpu_seconds(self) -> float:
        """The processor time, in seconds, to the microsecond."""
        return round(self.cpu_ns / 1e9, 6)


@dataclass(slots=True)
class _Account:
    thread: int
    read_ns: int
    spent: Spent = field(default_factory=Spent)
    queries: int = 0
    own_ns: int = 0


class Meter:
    """Who used how much. Made in the thread that leads the work, whose own time is shared out to nobody."""

    def __init__(self, told: Clocks | None = None) -> None:
        self._clocks = told or clocks()
        self._lock = threading.Lock()
        self._accounts: dict[int, _Account] = {}
        self._leader = threading.get_ident()
        self._leader_ns = self._thread_ns(self._leader)
        self._process_ns = self._clocks.process()
        self.unclaimed_ns = 0
        """What the process used while no piece of work was going on, and what its leader did."""

    @contextmanager
    def working(self) -> Iterator[Spent]:
        """A piece of work in this thread: what it has used is right when it is over. What is done within it is part of it."""
        thread = threading.get_ident()
        with self._lock:
            self._settle()
            around = self._accounts.get(thread)
            account = self._accounts[thread] = _Account(thread, self._thread_ns(thread))
        try:
            yield account.spent
        finally:
            with self._lock:
                self._settle()
                if around is None:
                    del self._accounts[thread]
                else:
                    around.read_ns = account.read_ns
                    around.spent.cpu_ns += account.spent.cpu_ns
                    around.spent.requests += account.spent.requests
                    self._accounts[thread] = around

    @contextmanager
    def helping(self, thread: int) -> Iterator[None]:
        """Work in this thread is part of what that one does at the moment; nobody's, where that does nothing."""
        here = threading.get_ident()
        with self._lock:
            self._settle()
            if helped := self._accounts.get(thread):
                self._accounts[here] = _Account(here, self._thread_ns(here), helped.spent)
        try:
            yield
        finally:
            with self._lock:
                self._settle()
                self._accounts.pop(here, None)

    @contextmanager
    def querying(self) -> Iterator[None]:
        """While a query of this thread may be at work in an engine."""
        self._count_queries(1)
        try:
            yield
        finally:
            self._count_queries(-1)

    def _count_queries(self, more: int) -> None:
        with self._lock:
            if account := self._accounts.get(threading.get_ident()):
                self._settle()
                account.queries += more

    def add(self, *, cpu_seconds: float = 0.0, requests: int = 0) -> None:
        """What other processes used, and what others were asked, for the work of this thread."""
        with self._lock:
            if account := self._accounts.get(threading.get_ident()):
                account.spent.cpu_ns += int(cpu_seconds * 1e9)
                account.spent.requests += requests

    def _settle(self) -> None:
        """Give everybody what was used since this was last asked."""
        now = self._clocks.process()
        used, self._process_ns = max(0, now - self._process_ns), now
        accounts = list(self._accounts.values())
        for account in accounts:
            read = self._thread_ns(account.thread)
            account.own_ns, account.read_ns = max(0, read - account.read_ns), read
            account.spent.cpu_ns += account.own_ns
        led, self._leader_ns = self._led()
        rest = max(0, used - led - sum(account.own_ns for account in accounts))
        asking = [account for account in accounts if account.queries] or accounts
        self.unclaimed_ns += led if asking else led + rest
        for account, part in zip(asking, _shares(rest, [each.own_ns for each in asking]), strict=True):
            account.spent.cpu_ns += part

    def _led(self) -> tuple[int, int]:
        """What the leader used by itself, and what its clock says now."""
        if self._leader in self._accounts:
            return 0, self._accounts[self._leader].read_ns
        now = self._thread_ns(self._leader)
        return max(0, now - self._leader_ns), now

    def _thread_ns(self, thread: int) -> int:
        return self._clocks.thread(thread) if self._clocks.thread else 0


def _shares(whole: int, weights: list[int]) -> list[int]:
    """Whole numbers that add up to the whole, in proportion to the weights; alike where these are all nothing."""
    if not weights:
        return []
    weights = weights if any(weights) else [1] * len(weights)
    total, given, seen = sum(weights), 0, 0
    parts = []
    for weight in weights:
        seen += weight
        parts.append(whole * seen // total - given)
        given += parts[-1]
    return parts
