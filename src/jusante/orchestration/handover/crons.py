"""Clocks as cron has them, for tools that know nothing else.

All of them read cron by one library, which knows other forms than ours for what cron itself cannot say.
"""

import datetime as dt
import re
from collections.abc import Iterable

from cronsim import CronSim

from jusante.core.cron import Cron
from jusante.orchestration.conducting.clocks import Clock

_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
_HOURS = (1, 2, 3, 4, 6, 8, 12)


def is_said(clock: Clock) -> bool:
    """Whether the times of a clock can be told to others; those of an interval can, at least nearly."""
    return not isinstance(clock, Cron) or _theirs(clock) is not None


def exactly(clock: Clock) -> Cron | None:
    """The clock as times on the wall, in their form; None for an interval that fits into no hour and no day."""
    if isinstance(clock, Cron):
        return _theirs(clock)
    minutes, rest = divmod(clock.step, dt.timedelta(minutes=1))
    if rest:
        return None
    if minutes in _MINUTES:
        return Cron("* * * * *" if minutes == 1 else f"*/{minutes} * * * *")
    hours, rest_minutes = divmod(minutes, 60)
    if rest_minutes == 0 and hours in _HOURS:
        return Cron("0 * * * *" if hours == 1 else f"0 */{hours} * * *")
    return Cron("0 0 * * *") if minutes == 24 * 60 else None


def nearly(clock: Clock) -> Cron:
    """The clock as times on the wall; for an interval that cannot be told so, the longest shorter one that can."""
    exact = exactly(clock)
    if exact or isinstance(clock, Cron):
        assert exact
        return exact
    minutes = max(1, int(clock.step.total_seconds()) // 60)
    if minutes < 60:
        return Cron(f"*/{max(fit for fit in _MINUTES if fit <= minutes)} * * * *" if minutes > 1 else "* * * * *")
    hours = minutes // 60
    if hours < 24:
        fit = max(fit for fit in _HOURS if fit <= hours)
        return Cron(f"0 */{fit} * * *" if fit > 1 else "0 * * * *")
    return Cron("0 0 * * *")


def _theirs(cron: Cron) -> Cron | None:
    """The same times as others write them; None where they cannot.

    They have no last workday (`LW`). Of days of the month and of the week they take what fits either, where cron takes what
    fits both if one of them begins with `*`, and what fits both where a day of the week is the second or last of a month,
    where cron takes either.
    """
    texts = cron.expression.upper().split()
    found = CronSim(cron.expression, dt.datetime(2024, 1, 1))  # noqa: DTZ001  # a clock on the wall
    day, weekday = texts[2], texts[4]
    is_told = any(isinstance(each, tuple) for each in found.weekdays)
    is_mixed = is_told and not all(isinstance(each, tuple) for each in found.weekdays)
    meets = "*" not in {day, weekday} and (is_told or day.startswith("*") or weekday.startswith("*"))
    if meets or is_mixed or CronSim.LAST_WEEKDAY in found.days:
        return None
    times = zip(texts, (found.minutes, found.hours, found.days, found.months), strict=False)
    days = {_weekday(each) for each in found.weekdays}
    fields = [text if _PLAIN.fullmatch(text) else _written(values) for text, values in times]
    fields.append(weekday if _PLAIN_WEEKDAY.fullmatch(weekday) else _written(days))
    return Cron(" ".join(fields), cron.zone)


_DAYS = r"([0-6]|SUN|MON|TUE|WED|THU|FRI|SAT)"
_PLAIN = re.compile(
    r"\*(/\d+)?|L|(\d+|[A-Z]{3})(,(\d+|[A-Z]{3}))*|(?!(?P<from>\d+)-(?P=from)$)\d+-\d+|[A-Z]{3}-[A-Z]{3}"
)
_PLAIN_WEEKDAY = re.compile(rf"\*|{_DAYS}(,{_DAYS})*|(?!(?P<from>\d)-(?P=from)$)[0-6]-[0-6]|MON-FRI")
"""Fields that all read alike, of a time and a month's day, and of a week's day."""


def _weekday(each: int | tuple[int, int]) -> int | tuple[int, int]:
    return (each[0] % 7, each[1]) if isinstance(each, tuple) else each % 7


def _written(values: Iterable[int | tuple[int, int]]) -> str:
    return ",".join(sorted((_term(each) for each in values), key=_rank))


def _term(each: int | tuple[int, int]) -> str:
    """The last Friday is `L5` to them, and `5L` to us."""
    if isinstance(each, tuple):
        return f"L{each[0]}" if each[1] == CronSim.LAST else f"{each[0]}#{each[1]}"
    return "L" if each == CronSim.LAST else str(each)


def _rank(term: str) -> tuple[bool, int, str]:
    return (not term.isdigit(), int(term) if term.isdigit() else 0, term)
