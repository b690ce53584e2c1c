"""How many different values there are."""

import math
from collections.abc import Iterator, Sequence
from statistics import median

from jusante.core.profile import ColumnProfile
from jusante.ingestion.data_drift.deviation import Deviation, between, percent
from jusante.ingestion.data_drift.measuring import FEW
from jusante.ingestion.data_drift.surprise import Care, Surprise, surprise

LEAST_CHANGE = math.log(1.5)
LEAST_REPEATED = 0.01


def distinct(past: Sequence[ColumnProfile], now: ColumnProfile, care: Care) -> Iterator[Deviation]:
    """The number of different values: by itself and for each value, since more rows hold more of them.

    A column whose values had all been different is judged by how many repeat.
    """
    known = [(load.distinct, load.filled) for load in past if load.distinct and load.filled]
    if len(known) < care.fewest_loads or not now.distinct or not now.filled:
        return
    if all(different == filled for different, filled in known):
        yield from _no_longer_unique(known, now)
        return
    if median(different for different, _ in known) <= FEW:
        return
    numbers = [math.log(different) for different, _ in known]
    ratios = [math.log(different / filled) for different, filled in known]
    noise = max(0.05, 1 / math.sqrt(now.distinct))
    found = (
        surprise(numbers, math.log(now.distinct), noise, care),
        surprise(ratios, math.log(now.distinct / now.filled), noise, care),
    )
    least = min(
        abs(math.log(now.distinct) - found[0].expected), abs(math.log(now.distinct / now.filled) - found[1].expected)
    )
    score = min(each.score for each in found)
    if score >= 1 and least >= LEAST_CHANGE:
        yield Deviation("distinct", _before(found[0], known), f"{now.distinct:,}", score)


def _before(found: Surprise, known: Sequence[tuple[int, int]]) -> str:
    low, high = min(different for different, _ in known), max(different for different, _ in known)
    return (
        f"about {round(math.exp(found.expected)):,} different values ({between(f'{low:,}', f'{high:,}', len(known))})"
    )


def _no_longer_unique(known: Sequence[tuple[int, int]], now: ColumnProfile) -> Iterator[Deviation]:
    assert now.distinct is not None
    repeated = 1 - now.distinct / now.filled
    if repeated >= LEAST_REPEATED and now.filled - now.distinct >= 5 and sum(filled for _, filled in known) >= 200:
        yield Deviation("distinct", f"no value twice in {len(known)} loads", f"{percent(repeated)} repeated", 2.0)
