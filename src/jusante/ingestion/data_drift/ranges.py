"""Values where there had been none: new extremes, other signs, other units."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from statistics import median

from jusante.core.profile import ColumnProfile
from jusante.ingestion.data_drift.deviation import Deviation, between, number
from jusante.ingestion.data_drift.shares import Share, share_of
from jusante.ingestion.data_drift.surprise import Care, Surprise, surprise

NEGATIVE = Share("range", "{} negative", least=0.03, least_from_none=0.003)
LEAST_CHANGE = 1.0
"""On a scale on which 1 is somewhat more than the usual width of the values, and further out each 1 is another 2.7 times."""
EXTREMES_VARY = 1.3
"""Extremes of skewed values have longer tails than what the limits of `surprise` are made for."""
LEAST_FACTOR = 5.0
SEQUENCE_SHARE = 0.8
MIDDLE = slice(4, 17)
"""From the 20th to the 80th of a hundred."""


def ranges(past: Sequence[ColumnProfile], now: ColumnProfile, care: Care) -> Iterator[Deviation]:
    """The sign, the unit, else the least and the greatest value, of numbers and times; the length of texts."""
    if now.kind == "number":
        yield from share_of(NEGATIVE, [_negative(load) for load in past], _negative(now), care)
    known = [load.quantiles for load in past if load.quantiles]
    if len(known) < care.fewest_loads or not now.quantiles:
        return
    if now.kind == "number" and (found := _unit(known, now.quantiles)):
        yield found
        return
    if not is_sequence(known) and not (now.kind == "text" and now.counts):
        yield from _extremes(known, now, care)


def _negative(load: ColumnProfile) -> tuple[int, int]:
    return load.marks.get("negative", 0), load.filled


def is_sequence(known: Sequence[Sequence[float]]) -> bool:
    """Whether values grow from load to load, as ids and counters do: then each load has a new greatest one."""
    middles = [quantiles[len(quantiles) // 2] for quantiles in known]
    risen = sum(after > before for before, after in itertools.pairwise(middles))
    return risen >= SEQUENCE_SHARE * (len(middles) - 1)


# -- units ---------------------------------------------------------------------------------------------------------------


def _unit(known: Sequence[Sequence[float]], now: Sequence[float]) -> Deviation | None:
    """Whether all values are about the same number of times what they were: cents for euros, milliseconds for seconds."""
    usual = [median(values) for values in zip(*known, strict=True)]
    pairs = [(before, after) for before, after in zip(usual[MIDDLE], now[MIDDLE], strict=True) if before]
    if len(pairs) < 5 or any(after / before <= 0 for before, after in pairs):
        return None
    factors = [math.log(after / before) for before, after in pairs]
    factor = median(factors)
    uneven = max(abs(each - factor) for each in factors)
    lasts = [abs(math.log(q[10] / usual[10])) for q in known if usual[10] and q[10] / usual[10] > 0]
    swing = max(lasts, default=0.0)
    if abs(factor) < max(math.log(LEAST_FACTOR), 2 * swing) or uneven > 0.15 * abs(factor) + 0.1:
        return None
    times = (
        f"{number(math.exp(factor))} times as great" if factor > 0 else f"{number(math.exp(-factor))} times as small"
    )
    low, high = number(min(q[10] for q in known)), number(max(q[10] for q in known))
    before = f"a median of {number(usual[10])} ({between(low, high, len(known))})"
    return Deviation("range", before, f"{number(now[10])}: all values about {times}", abs(factor))


# -- extremes ------------------------------------------------------------------------------------------------------------


def _extremes(known: Sequence[Sequence[float]], now: ColumnProfile, care: Care) -> Iterator[Deviation]:
    centre = median(quantiles[10] for quantiles in known)
    width = median(quantiles[18] - quantiles[2] for quantiles in known)
    scale = width or abs(centre) or 1.0
    best: Deviation | None = None
    for place, word in ((20, "at most"), (0, "at least")):
        past = [math.asinh((quantiles[place] - centre) / scale) for quantiles in known]
        here = math.asinh((now.quantiles[place] - centre) / scale)
        found = surprise(past, here, 0.05, care)
        found = replace(found, score=found.score / EXTREMES_VARY)
        outward = here > found.expected if place else here < found.expected
        if outward and found.score >= 1 and abs(here - found.expected) >= LEAST_CHANGE:
            deviation = _of_extreme(word, [quantiles[place] for quantiles in known], now, place, found)
            best = deviation if best is None or deviation.score > best.score else best
    if best:
        yield best


def _of_extreme(word: str, past: list[float], now: ColumnProfile, place: int, found: Surprise) -> Deviation:
    said = in_words(now)
    before = f"{word} {said(median(past))} ({between(said(min(past)), said(max(past)), len(past))})"
    return Deviation("range", before, f"{word} {said(now.quantiles[place])}", found.score)


def in_words(column: ColumnProfile) -> Callable[[float], str]:
    """How a value of a column is said."""
    if column.kind == "time":
        return days
    if column.kind == "text":
        return lambda value: f"{number(value)} characters"
    return number


def days(value: float) -> str:
    """A time, as days from the load."""
    if abs(value) < 1:
        return f"{number(abs(value) * 24)} h {'before' if value <= 0 else 'after'} the load"
    return f"{number(abs(value))} days {'before' if value <= 0 else 'after'} the load"
