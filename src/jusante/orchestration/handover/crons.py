"""Clocks as cron has them, for tools that know nothing else."""

import datetime as dt

from jusante.core.cron import Cron
from jusante.orchestration.conducting.clocks import Clock

_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
_HOURS = (1, 2, 3, 4, 6, 8, 12)


def exactly(clock: Clock) -> Cron | None:
    """The clock as times on the wall; None for an interval that fits into no hour and no day."""
    if isinstance(clock, Cron):
        return clock
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
