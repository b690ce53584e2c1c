"""Times of a clock on the wall, as cron has them: `0 6 * * 1-5 America/Sao_Paulo`.

Where the clock on the wall is set, a schedule means one of two things:

- A schedule at times of the day (its minute and its hour are told) fires when the clock on the wall passes such a time
  for the first time: once where an hour comes twice, and at the end of an hour that is left out.
- A schedule at intervals (its minute or its hour begins with `*`) fires at every minute that the clock on the wall shows
  and that fits: twice where an hour comes twice, not at all in an hour that is left out. So the time between two ticks of
  `*/5 * * * *` is always five minutes.
"""

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass

from cronsim import CronSim, CronSimError

_LOOK_BACK = tuple(dt.timedelta(hours=hours) for hours in (3, 49, 24 * 40, 24 * 400))
_A_DAY = dt.timedelta(days=1)
_SECOND = dt.timedelta(seconds=1)


class BadSchedule(ValueError):
    """A text that says no times. `kind` tells what is wrong: its form, a zone that there is not, times that never come."""

    def __init__(self, kind: str, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.kind = kind
        self.what = what
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Cron:
    """Times of a clock on the wall: five fields of cron, and the zone that the clock stands in."""

    expression: str
    zone: str = "UTC"

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """`minute hour day-of-month month day-of-week [zone]`; the zone is UTC by default. Raises BadSchedule."""
        parts = text.split()
        if len(parts) not in {5, 6}:
            raise BadSchedule(
                "form",
                f"{text!r} is not five fields and a time zone",
                "minute hour day month weekday zone: 0 6 * * 1-5 America/Sao_Paulo",
            )
        found = cls(" ".join(parts[:5]), known_zone(parts[5]) if len(parts) == 6 else "UTC")
        found._refuse_never(text)
        return found

    def _refuse_never(self, text: str) -> None:
        try:
            comes = next(CronSim(self.expression, dt.datetime(2024, 1, 1)), None)  # noqa: DTZ001  # a clock on the wall
        except CronSimError as error:
            never = "day-of-month" in str(error) and self.expression.split()[2].isdigit()
            what = str(error).removeprefix("Bad ").lower()
            if never and int(self.expression.split()[2]) <= 31:
                raise _never(text) from None
            raise BadSchedule(
                "form",
                f"the {what} of {text!r} cannot be read",
                "minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7 (0 and 7 are Sunday)",
            ) from None
        if comes is None:
            raise _never(text)

    def __str__(self) -> str:
        return f"{self.expression} {self.zone}"

    @property
    def at_times(self) -> bool:
        """Whether it names times of the day; otherwise it comes at intervals."""
        minute, hour = self.expression.split()[:2]
        return not minute.startswith("*") and not hour.startswith("*")

    def after(self, moment: dt.datetime) -> dt.datetime:
        """The first tick after a moment, in UTC."""
        return next(self.ticks(moment))

    def ticks(self, after: dt.datetime) -> Iterator[dt.datetime]:
        """All ticks after a moment, in UTC, in order."""
        zone = zoneinfo.ZoneInfo(self.zone)
        return _passings(self.expression, zone, after) if self.at_times else _shown(self.expression, zone, after)

    def latest(self, after: dt.datetime, until: dt.datetime) -> dt.datetime | None:
        """The last tick after one moment and not after another; None where there is none between them."""
        for back in _LOOK_BACK:
            found = _last(self.ticks(max(after, until - back)), until)
            if found or until - back <= after:
                return found
        return _last(self.ticks(after), until)


def known_zone(name: str) -> str:
    """The name of a time zone. Raises BadSchedule, with the nearest known one, for a name that there is not."""
    from jusante.core.names import nearest

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(name, zoneinfo.available_timezones())
        fix = f"did you mean {near}?" if near else "write it as Region/City: America/Sao_Paulo"
        raise BadSchedule("zone", f"{name} is no time zone", fix) from None
    return name


def passing(wall: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """When a clock on the wall first shows a time, or a later one where it is set over it."""
    first = wall.replace(tzinfo=zone, fold=0)
    tick = first.astimezone(dt.UTC)
    if _wall(tick, zone) == wall:
        return tick
    set_after = wall.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)
    return _change(set_after, tick, zone)


def _never(text: str) -> BadSchedule:
    return BadSchedule(
        "never", f"{text!r} never comes: there is no such day", "L is the last day of a month: 0 0 L * *"
    )


def _last(ticks: Iterator[dt.datetime], until: dt.datetime) -> dt.datetime | None:
    found = None
    for tick in ticks:
        if tick > until:
            break
        found = tick
    return found


def _passings(expression: str, zone: zoneinfo.ZoneInfo, after: dt.datetime) -> Iterator[dt.datetime]:
    """When the clock on the wall passes each time for the first time."""
    last = after.astimezone(dt.UTC)
    for wall in CronSim(expression, _wall(after, zone)):
        tick = passing(wall, zone)
        if tick > last:
            yield tick
            last = tick


def _shown(expression: str, zone: zoneinfo.ZoneInfo, after: dt.datetime) -> Iterator[dt.datetime]:
    """Every moment at which the clock on the wall shows one of the times: stretch by stretch, between changes of it."""
    begin: dt.datetime | None = after.astimezone(dt.UTC).replace(microsecond=0) + _SECOND
    while begin:
        at, offset = begin, _offset(begin, zone)
        begin = None
        for wall in CronSim(expression, (at + offset - _SECOND).replace(tzinfo=None)):
            tick = wall.replace(tzinfo=dt.UTC) - offset
            begin = _change_between(at, tick, zone)
            if begin:
                break
            yield tick
            at = tick


def _change_between(after: dt.datetime, until: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime | None:
    """When the clock is set next, after one moment and not after another; None where it is not."""
    offset = _offset(after, zone)
    while after < until:
        end = min(after + _A_DAY, until)
        if _offset(end, zone) != offset:
            return _change(after, end, zone)
        after = end
    return None


def _change(before: dt.datetime, after: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """When the clock is set, between a moment before that and one after it."""
    old = _offset(before, zone)
    while after - before > _SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    return after


def _wall(moment: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _offset(moment: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.timedelta:
    found = moment.astimezone(zone).utcoffset()
    assert found is not None
    return found
