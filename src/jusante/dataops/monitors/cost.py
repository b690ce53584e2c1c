"""A task that cost much more than it usually does."""

from collections.abc import Sequence
from statistics import median

from jusante.core.money import dollars
from jusante.dataops.monitors.robust import usual_limit

LEARNT = 8
"""So many tasks have to be known before anything is said."""
LEAST_USD = 0.05
"""What is not this much dearer than usual is not worth a person's time."""


def too_dear(before: Sequence[float], usd: float) -> str | None:
    """What to say of a task that cost `usd`; None where it is usual. `before` are those before it, newest first."""
    if len(before) < LEARNT:
        return None
    limit = usual_limit(before, times=2.0, least=LEAST_USD)
    if usd <= limit:
        return None
    return f"it cost {dollars(usd)}; usual are {dollars(median(before))}, and at most {dollars(limit)}"
