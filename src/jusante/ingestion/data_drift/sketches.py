"""Distributions by 21 quantiles or by counts, and how far they are from each other."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from statistics import median

Quantiles = Sequence[float]


def below(quantiles: Quantiles, value: float) -> tuple[float, float]:
    """The share of values less than `value`, and of those not greater: two where many values are the same."""
    last = len(quantiles) - 1
    first, after = bisect_left(quantiles, value), bisect_right(quantiles, value)
    if first == after:
        share = _between(quantiles, first, value) / last
        return share, share
    return (first / last if first else 0.0), ((after - 1) / last if after <= last else 1.0)


def _between(quantiles: Quantiles, place: int, value: float) -> float:
    if place == 0:
        return 0.0
    if place == len(quantiles):
        return float(place - 1)
    low, high = quantiles[place - 1], quantiles[place]
    return place - 1 + (value - low) / (high - low)


def middle(sketches: Sequence[Quantiles]) -> list[float]:
    """A distribution in the middle of several: the median of each quantile."""
    return [median(values) for values in zip(*sketches, strict=True)]


def distance(one: Quantiles, other: Quantiles) -> float:
    """Kolmogorov's and Smirnov's distance of two distributions: the greatest difference of their shares, 0 to 1.

    As exact as quantiles are: to a twentieth.
    """
    furthest = 0.0
    for value in {*one, *other}:
        low, high = below(one, value)
        other_low, other_high = below(other, value)
        furthest = max(furthest, abs(low - other_low), abs(high - other_high))
    return furthest


def stability(now: Mapping[str, float], before: Mapping[str, float]) -> float:
    """The population stability index of two sets of shares; shares below 0.1 % count as that."""
    least = 0.001
    keys = now.keys() | before.keys()
    pairs = ((max(now.get(key, 0.0), least), max(before.get(key, 0.0), least)) for key in keys)
    return sum((a - b) * math.log(a / b) for a, b in pairs)


def chance_of_stability(kinds: int, one: int, other: int) -> float:
    """The stability index that chance alone hardly ever exceeds, between samples of these sizes."""
    free = max(kinds - 1, 1)
    return (1 / max(one, 1) + 1 / max(other, 1)) * (free + 5 * math.sqrt(2 * free) + 12)


def chance_of_distance(one: int, other: int, questions: int) -> float:
    """The distance that chance alone exceeds once in a thousand times `questions` (Smirnov's bound)."""
    return math.sqrt(math.log(2_000 * questions) / 2 * (1 / max(one, 1) + 1 / max(other, 1)))
