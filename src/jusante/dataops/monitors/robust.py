"""What is usual, measured so that a few odd values do not change it."""

from collections.abc import Sequence
from statistics import median

WIDE = 6.0
"""So many robust standard deviations above the median is not chance, even for times, whose tails are long."""
_SCALE = 1.4826
"""The median absolute deviation times this is the standard deviation of a normal distribution."""


def usual_limit(values: Sequence[float], *, times: float, least: float) -> float:
    """Above which a value is unusual: by its spread, but never nearer than `times` the median, or `least` above it."""
    middle = median(values)
    spread = _SCALE * median(abs(value - middle) for value in values)
    return max(middle + WIDE * spread, times * middle, middle + least)
