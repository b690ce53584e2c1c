"""Tells a receiver of tasks, beside the run: in a thread of its own, with bounds on all that could grow or wait."""

import datetime as dt
import queue
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from jusante.core.run import Task
from jusante.core.words import counted
from jusante.receivers.openlineage.events import Story
from jusante.receivers.openlineage.ways import Way

MOST_WAITING = 10_000
"""How many events may wait; further ones are dropped, and counted."""
MOST_FAILURES = 3
"""After so many failures one after the other, nothing more is tried in this run."""
LONGEST_GOODBYE_SECONDS = 5.0
"""How long the end of a run waits for what has not been delivered yet."""
QUIET_SECONDS = 0.5
"""A task that turns out to have nothing to do within this time is not told of at all."""


@dataclass(frozen=True, slots=True)
class _Started:
    asset: str
    at: dt.datetime
    heard: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class _Ended:
    task: Task
    at: dt.datetime


class Receiver:
    """Hears of tasks, and tells of them in its own time. Nothing that goes wrong here reaches the run."""

    def __init__(self, run_id: str, story: Story, way: Way) -> None:
        self._run_id = run_id
        self._story = story
        self._way = way
        self._waiting: queue.Queue[_Started | _Ended | None] = queue.Queue(MOST_WAITING)
        self._begun: dict[str, _Started] = {}
        self._told: set[str] = set()
        self._lost = 0
        self._failures = 0
        self._why = ""
        self._thread = threading.Thread(target=self._work, name="jusante-openlineage", daemon=True)
        self._thread.start()

    def started(self, asset: str, at: dt.datetime) -> None:
        """A task has begun."""
        self._put(_Started(asset, at))

    def ended(self, task: Task, at: dt.datetime) -> None:
        """A task has ended."""
        self._put(_Ended(task, at))

    def close(self) -> tuple[str, ...]:
        """Wait for what is on its way, for some seconds at the most; what was not delivered, in words."""
        self._put(None)
        self._thread.join(LONGEST_GOODBYE_SECONDS)
        lost = self._lost + self._waiting.qsize() + (1 if self._thread.is_alive() else 0)
        if not lost:
            return ()
        why = f" ({self._why})" if self._why else ""
        return (f"OpenLineage: {counted(lost, 'event')} could not be delivered{why}",)

    def _put(self, item: _Started | _Ended | None) -> None:
        try:
            self._waiting.put_nowait(item)
        except queue.Full:
            self._lost += 1

    # -- in the thread -----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            try:
                item = self._waiting.get(timeout=QUIET_SECONDS / 2)
            except queue.Empty:
                self._tell_begun(time.monotonic() - QUIET_SECONDS)
                continue
            match item:
                case None:
                    return
                case _Started():
                    self._begun[item.asset] = item
                case _Ended():
                    self._tell_ended(item)
            self._tell_begun(time.monotonic() - QUIET_SECONDS)

    def _tell_begun(self, before: float) -> None:
        """Tell of tasks that began some time ago and have not ended."""
        for begun in [each for each in self._begun.values() if each.heard <= before]:
            self._tell_start(self._begun.pop(begun.asset))

    def _tell_ended(self, ended: _Ended) -> None:
        begun = self._begun.pop(ended.task.asset, None)
        if ended.task.status == "skipped" and ended.task.asset not in self._told:
            return
        if begun:
            self._tell_start(begun)
        self._deliver(lambda: self._story.ended(self._run_id, ended.task, ended.at))

    def _tell_start(self, begun: _Started) -> None:
        self._told.add(begun.asset)
        self._deliver(lambda: self._story.started(self._run_id, begun.asset, begun.at))

    def _deliver(self, event: Any) -> None:
        if self._failures >= MOST_FAILURES:
            self._lost += 1
            return
        try:
            self._way(event())
            self._failures = 0
        except Exception as error:  # noqa: BLE001  # the edge of a thread: whatever goes wrong here is counted and told
            self._failures += 1
            self._lost += 1
            self._why = type(error).__name__  # its words may hold an address with a password in it
