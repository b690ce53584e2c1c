"""How surprising a figure is after a series of such figures: robust, and careful with short series and many questions.

A figure is a surprise of 1 or more only if it lies far from the median of the series, measured by the median absolute
deviation (Hampel, 1974; Leys et al., 2013), *and* beyond all that the series has held by half of its width: series with
bursts, weekends and heavy tails have small deviations and wide ranges. A series that climbs or falls steadily (Kendall's
tau) is judged by what is left of it above its line (Theil and Sen).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median, quantiles

STEADY_TAU = 0.6
STEADY_LOADS = 8


@dataclass(frozen=True, slots=True)
class Care:
    """How careful to be: how many questions are asked of one load, and from how many loads on there is a history."""

    questions: int = 30
    fewest_loads: int = 7


@dataclass(frozen=True, slots=True)
class Surprise:
    """How surprising a figure is (1 and more: too much to be chance), what was expected, and what there had been."""

    score: float
    expected: float
    low: float
    high: float


def surprise(past: Sequence[float], now: float, noise: float, care: Care) -> Surprise:
    """How surprising `now` is. `noise` is the deviation that chance alone gives such a figure; `past` is oldest first."""
    if abs(now - past[0]) < noise and max(past) - min(past) < noise:
        return Surprise(0.0, past[0], min(past), max(past))
    rest, ahead = levelled(past)
    middle = median(rest)
    expected = middle + ahead
    spread = max(1.4826 * median(abs(value - middle) for value in rest), _quarters(rest) / 1.349, noise, 1e-12)
    low, high = min(rest) + ahead, max(rest) + ahead
    beyond = max(low - now, now - high)
    width = 0.5 * (high - low) + 2 * noise
    far = abs(now - expected) / (limit(len(past), care) * spread)
    return Surprise(max(0.0, min(far, beyond / max(width, 1e-12))), expected, min(past), max(past))


def limit(loads: int, care: Care) -> float:
    """How many deviations from the median are too many: more of them after few loads, and where much is asked."""
    return (4.5 + 25 / loads) * math.sqrt(math.log(1000 * care.questions) / math.log(30_000))


def levelled(past: Sequence[float]) -> tuple[list[float], float]:
    """The series without its trend, and what the trend adds to the next figure; as it is where it has none."""
    count = len(past)
    pairs = list(combinations(range(count), 2))
    if count < STEADY_LOADS or abs(_tau(past, pairs)) < STEADY_TAU:
        return list(past), 0.0
    slope = median((past[j] - past[i]) / (j - i) for i, j in pairs)
    return [value - slope * (number - count + 1) for number, value in enumerate(past)], slope


def _tau(past: Sequence[float], pairs: list[tuple[int, int]]) -> float:
    return sum((past[j] > past[i]) - (past[j] < past[i]) for i, j in pairs) / len(pairs)


def _quarters(values: Sequence[float]) -> float:
    first, _, third = quantiles(values, n=4, method="inclusive")
    return third - first


def confidence(score: float) -> float:
    """How sure a finding is, between 0 and 1: 0.9 where a figure is just too much to be chance."""
    return round(min(0.999, 1 - 0.1 / math.pow(max(score, 1e-9), 1.5)), 3)


def chance_of_share(share: float, count: int) -> float:
    """The standard deviation of a share that was found among `count`, never quite 0."""
    smoothed = (share * count + 0.5) / (count + 1)
    return math.sqrt(smoothed * (1 - smoothed) / max(count, 1))
