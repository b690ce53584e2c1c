"""A share of the values that have some property, after the shares that had it before."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from jusante.core.drift import DataChange
from jusante.ingestion.data_drift.deviation import Deviation, between, percent
from jusante.ingestion.data_drift.surprise import Care, chance_of_share, surprise

FEWEST_FROM_NONE = 5
Count = tuple[int, int]
"""How many have the property, of how many."""


@dataclass(frozen=True, slots=True)
class Share:
    """A property: as which change it is told, in which words, and how much of a difference is worth a word at the least.

    `least_from_none` is that for what had never been seen.
    """

    change: DataChange
    words: str
    least: float
    least_from_none: float


def share_of(share: Share, past: Sequence[Count], now: Count, care: Care) -> Iterator[Deviation]:
    """The deviation of a share from those before, if it is one."""
    count, of = now
    known = [(some, among) for some, among in past if among]
    if len(known) < care.fewest_loads or not of:
        return
    here, shares = count / of, [some / among for some, among in known]
    usual = median(shares)
    typical = int(median(among for _, among in known))
    noise = max(chance_of_share(here, of), chance_of_share(usual, min(of, typical)), 0.001)
    found = surprise(shares, here, noise, care)
    score = found.score if abs(here - found.expected) >= share.least else 0.0
    if max(shares) == 0 and count >= FEWEST_FROM_NONE and here >= share.least_from_none:
        score = max(score, _from_none(count, of, sum(among for _, among in known)))
    if score >= 1:
        low, high = percent(min(shares)), percent(max(shares))
        before = f"{share.words.format(percent(usual))} ({between(low, high, len(shares))})"
        yield Deviation(share.change, before, share.words.format(percent(here)), score)


def _from_none(count: int, of: int, before: int) -> float:
    """How surprising it is that what was never seen among `before` values came now: rows that come together count once."""
    together = math.sqrt(min(count, 50))
    return 0.5 * together * min(1.0, before / (of * 3))
