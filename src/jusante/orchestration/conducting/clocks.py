"""Clocks that make assets due: times on the wall, and intervals."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, takewhile

from jusante.core import duration
from jusante.core.cron import Cron
from jusante.core.trigger import Timing

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Every:
    """Whole multiples of an interval, counted from 1970 in UTC: all processes on all machines mean the same moments."""

    text: str
    step: dt.timedelta

    @classmethod
    def parse(cls, text: str) -> "Every":
        """`15m`. Raises ValueError for what is no duration."""
        return cls(text, duration.parse(text))

    def __str__(self) -> str:
        return f"every {self.text}"

    def after(self, moment: dt.datetime) -> dt.datetime:
        """The first tick after a moment, in UTC."""
        return EPOCH + ((moment - EPOCH) // self.step + 1) * self.step

    def ticks(self, after: dt.datetime) -> Iterator[dt.datetime]:
        """All ticks after a moment, in UTC, in order."""
        tick = self.after(after)
        while True:
            yield tick
            tick += self.step

    def latest(self, after: dt.datetime, until: dt.datetime) -> dt.datetime | None:
        """The last tick after one moment and not after another; None where there is none between them."""
        tick = EPOCH + ((until - EPOCH) // self.step) * self.step
        return tick if tick > after else None


Clock = Cron | Every


def clock_of(timing: Timing) -> Clock | None:
    """The clock that an asset's times make; None where there is none."""
    if timing.schedule:
        return Cron.parse(timing.schedule)
    return Every.parse(timing.every) if timing.every else None


@lru_cache(maxsize=100_000)
def next_tick(clock: Clock, after: dt.datetime) -> dt.datetime:
    """The first tick after a moment. Asked of again and again until it has passed, so it is kept."""
    return clock.after(after)


def count(clock: Clock, after: dt.datetime, until: dt.datetime, most: int) -> int:
    """How many ticks there are after one moment and not after another, counted up to `most`."""
    return sum(1 for _ in islice(takewhile(lambda tick: tick <= until, clock.ticks(after)), most))
