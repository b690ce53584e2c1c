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
SECOND = dt.timedelta(seconds=1)
DAY = dt.timedelta(days=1)
MOST_COUNTED = 1_000


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


def next_time(clock: Cron, now: dt.datetime) -> dt.datetime:
    """The first tick after now. Ticks stand at whole minutes, so within a minute it is worked out once."""
    return next_tick(clock, now.replace(second=0, microsecond=0))


@lru_cache(maxsize=10_000)
def tick_before(clock: Cron, tick: dt.datetime) -> dt.datetime:
    """The tick before a tick of a daily clock; a day before where there is none in three days."""
    return clock.latest(tick - 3 * DAY, tick - SECOND) or tick - DAY


@dataclass(frozen=True, slots=True)
class Passed:
    """Ticks that have passed: the first, the last, the last but one (the first where there is one), and how many, counted up
    to `MOST_COUNTED`."""

    first: dt.datetime
    before_last: dt.datetime
    last: dt.datetime
    ticks: int


@lru_cache(maxsize=100_000)
def passed(clock: Clock, after: dt.datetime, until: dt.datetime) -> Passed | None:
    """The ticks after one moment and not after another; None where there are none."""
    first = next_tick(clock, after)
    if first > until:
        return None
    if next_tick(clock, first) > until:  # as it nearly always is, and both are known
        return Passed(first, first, first, 1)
    found = list(islice(takewhile(lambda tick: tick <= until, clock.ticks(after)), MOST_COUNTED))
    if len(found) < MOST_COUNTED:
        return Passed(found[0], found[max(0, len(found) - 2)], found[-1], len(found))
    last = clock.latest(after, until) or found[-1]
    return Passed(found[0], clock.latest(after, last - SECOND) or found[0], last, MOST_COUNTED)
