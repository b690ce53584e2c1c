"""What a process is at where several could decide what is due: it leads, or it stands by and knows who leads."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jusante.app.conductor import Conductor


class Duty:
    """What it is at, for whoever asks from outside. `begin` is called once, before it first leads or stands by."""

    def __init__(self, conductor: Conductor | None = None, begin: Callable[["Duty"], None] = lambda _: None) -> None:
        self.conductor = conductor
        self.leader = ""
        """Who leads, while somebody else does."""
        self.asked_at: dt.datetime | None = None
        """When it was last asked who leads."""
        self._begin = begin
        self._has_begun = False

    def begin(self) -> None:
        """From now on there is something to be asked."""
        if not self._has_begun:
            self._has_begun = True
            self._begin(self)

    @contextmanager
    def leading(self, conductor: Conductor) -> Iterator[None]:
        """Lead while the block runs."""
        self.conductor, self.leader = conductor, ""
        try:
            self.begin()
            yield
        finally:
            self.conductor = None

    def heed(self, hook: str) -> None:
        """A call was taken: who leads hears of it at once, or reads of it in the ledger. Called from other threads."""
        if conductor := self.conductor:
            conductor.heed(hook)
