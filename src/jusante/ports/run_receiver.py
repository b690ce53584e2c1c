"""What a run tells to a system outside while it goes on."""

import datetime as dt
from typing import Protocol

from jusante.core.run import Task


class RunReceiver(Protocol):
    """Hears of each task. Neither method may raise, or keep a run waiting."""

    def started(self, asset: str, at: dt.datetime) -> None:
        """A task has begun."""

    def ended(self, task: Task, at: dt.datetime) -> None:
        """A task has ended."""

    def close(self) -> tuple[str, ...]:
        """The run is over: wait, within bounds, until all is delivered; what could not be, in words."""
