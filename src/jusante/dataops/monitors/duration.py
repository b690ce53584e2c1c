"""A task that took much longer than it usually does."""

from collections.abc import Sequence
from statistics import median

from jusante.dataops.monitors.robust import usual_limit

LEARNT = 8
"""So many tasks have to be known before anything is said."""
LEAST_SECONDS = 30.0
"""What is not this much slower than usual is not worth a person's time."""


def too_slow(before: Sequence[float], seconds: float) -> str | None:
    """What to say of a task that took `seconds`; None where it is usual. `before` are those before it, newest first."""
    if len(before) < LEARNT:
        return None
    limit = usual_limit(before, times=2.0, least=LEAST_SECONDS)
    if seconds <= limit:
        return None
    return f"it took {seconds:,.0f} s; usual are {median(before):,.0f} s, and at most {limit:,.0f} s"
