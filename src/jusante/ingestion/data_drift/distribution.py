"""The shape of all values: their quantiles, the hours of times, how many are zero, whole or empty."""

import itertools
import math
from collections.abc import Iterator, Sequence
from statistics import median

from jusante.core.profile import ColumnProfile
from jusante.ingestion.data_drift.categories import shifted
from jusante.ingestion.data_drift.deviation import Deviation, between, percent
from jusante.ingestion.data_drift.ranges import in_words, is_sequence
from jusante.ingestion.data_drift.shares import Share, share_of
from jusante.ingestion.data_drift.sketches import chance_of_distance, distance, middle
from jusante.ingestion.data_drift.surprise import Care, surprise

MARKS = {
    "zero": Share("distribution", "{} zero", least=0.05, least_from_none=0.01),
    "whole": Share("distribution", "{} whole numbers", least=0.2, least_from_none=0.05),
    "empty": Share("distribution", "{} empty", least=0.03, least_from_none=0.005),
}
LEAST_DISTANCE = 0.12
SKETCH_ERROR = 0.04
LEAST_MOVE = 0.5
"""How far the middle must move at the least, as a share of the usual width of the values."""
COMPARED = 28


def distribution(past: Sequence[ColumnProfile], now: ColumnProfile, care: Care) -> Iterator[Deviation]:
    """The most telling of: shares of values of a kind, the distance from the loads before, the hours of the day."""
    found = [
        deviation
        for mark, share in MARKS.items()
        if mark in now.marks
        for deviation in share_of(
            share, [(load.marks.get(mark, 0), load.filled) for load in past], (now.marks[mark], now.filled), care
        )
    ]
    found += _hours(past, now, care)
    if not now.counts:
        found += _distance(past, now, care)
        found += _place(past, now, care)
    yield from sorted(found, key=lambda deviation: -deviation.score)[:1]


def _hours(past: Sequence[ColumnProfile], now: ColumnProfile, care: Care) -> list[Deviation]:
    known = [_by_hour(load) for load in past[-COMPARED:] if load.hours]
    if len(known) < care.fewest_loads or not now.hours:
        return []
    return list(shifted(known, _by_hour(now), care, "from {} o'clock, UTC"))


def _by_hour(load: ColumnProfile) -> dict[str, int]:
    return {str(hour): count for hour, count in enumerate(load.hours) if count}


def _distance(past: Sequence[ColumnProfile], now: ColumnProfile, care: Care) -> list[Deviation]:
    """Kolmogorov's and Smirnov's distance from the mean of the loads before, and from the last one.

    It is held against what chance gives for so many values, and against how far those loads were from their mean.
    """
    loads = [load for load in past if load.quantiles and not load.counts][-COMPARED:]
    known = [load.quantiles for load in loads]
    if len(known) < care.fewest_loads or not now.quantiles or is_sequence(known):
        return []
    pool = middle(known)
    found = distance(now.quantiles, pool)
    if found < LEAST_DISTANCE:
        return []
    among = sum(load.filled for load in loads)
    usual = max(distance(quantiles, pool) for quantiles in known)
    allowed = max(LEAST_DISTANCE, chance_of_distance(now.filled, among, care.questions) + SKETCH_ERROR, 1.7 * usual)
    steps = max(distance(a, b) for a, b in itertools.pairwise(known))
    last = distance(now.quantiles, known[-1])
    score = min(found / allowed, last / max(1.2 * steps, LEAST_DISTANCE))
    if score < 1:
        return []
    said = in_words(now)
    middles = [load.median for load in loads]
    before = f"a median of {said(median(middles))} ({between(said(min(middles)), said(max(middles)), len(loads))})"
    after = f"{said(now.median)}; {percent(found)} of the values are elsewhere"
    return [Deviation("distribution", before, after, score)]


def _place(past: Sequence[ColumnProfile], now: ColumnProfile, care: Care) -> list[Deviation]:
    """The median, where it lies beyond all medians before: the distance says nothing where loads differ much anyway."""
    known = [load.quantiles for load in past if load.quantiles and not load.counts]
    if len(known) < care.fewest_loads or not now.quantiles or is_sequence(known):
        return []
    width = median(quantiles[18] - quantiles[2] for quantiles in known)
    if not width:
        return []
    noise = width / math.sqrt(max(now.filled, 1))
    middles = [quantiles[10] for quantiles in known]
    found = surprise(middles, now.median, noise, care)
    if found.score < 1 or abs(now.median - found.expected) < LEAST_MOVE * width:
        return []
    said = in_words(now)
    before = f"a median of {said(found.expected)} ({between(said(min(middles)), said(max(middles)), len(middles))})"
    return [Deviation("distribution", before, f"a median of {said(now.median)}", found.score)]
