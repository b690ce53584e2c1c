"""Values of columns that have few of them: new ones, vanished ones, others in their place."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from jusante.core.profile import ColumnProfile
from jusante.ingestion.data_drift.deviation import Deviation, percent
from jusante.ingestion.data_drift.sketches import chance_of_stability, stability
from jusante.ingestion.data_drift.surprise import Care

LEAST_NEW = 0.005
LEAST_VANISHED = 0.01
LEAST_STABILITY = 0.1
"""Below this a population is held to be stable in credit scoring, where the index comes from (Siddiqi, 2006)."""
FEWEST = 8


def categories(past: Sequence[ColumnProfile], now: ColumnProfile, care: Care) -> Iterator[Deviation]:
    """New and vanished categories, else how the shares of all have shifted."""
    known = [load.counts for load in past if load.counts]
    if len(known) < care.fewest_loads or not now.counts:
        return
    changed = [*_new(known, now.counts), *_vanished(known, now.counts)]
    if changed:
        yield max(changed, key=lambda deviation: deviation.score)
        return
    yield from shifted(known, now.counts, care)


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Counts as shares of their sum."""
    whole = sum(counts.values())
    return {key: count / whole for key, count in counts.items()}


def pooled(known: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """The mean of several sets of shares: each load counts alike."""
    found: dict[str, float] = {}
    for counts in known:
        for key, share in shares(counts).items():
            found[key] = found.get(key, 0.0) + share / len(known)
    return found


def _new(known: Sequence[Mapping[str, int]], now: Mapping[str, int]) -> Iterator[Deviation]:
    """Categories that never came before; no news in a column where such ones come all the time."""
    seen = {key for counts in known for key in counts}
    here = shares(now)
    strangers = sorted((key for key in now if key not in seen), key=lambda key: -now[key])
    count, share = sum(now[key] for key in strangers), sum(here[key] for key in strangers)
    usual = max(_strangers_before(known), default=0.0)
    among, size = sum(sum(counts.values()) for counts in known), sum(now.values())
    if count < FEWEST or share < max(LEAST_NEW, 3 * usual) or among < 3 * size:
        return
    score = math.sqrt(count) / 2.5
    if score >= 1:
        yield Deviation(
            "categories", f"{len(seen)} known categories", f"{_named(strangers)} new, {percent(share)}", score
        )


def _strangers_before(known: Sequence[Mapping[str, int]]) -> Iterator[float]:
    """In each later load, the share of categories that were new then."""
    half = max(len(known) // 3, 2)
    seen = {key for counts in known[:half] for key in counts}
    for counts in known[half:]:
        here = shares(counts)
        yield sum(share for key, share in here.items() if key not in seen)
        seen |= counts.keys()


def _vanished(known: Sequence[Mapping[str, int]], now: Mapping[str, int]) -> Iterator[Deviation]:
    """Categories that came in every load and do not come now, though there are rows enough for them to."""
    size = sum(now.values())
    gone: list[tuple[str, float]] = []
    for key in set.intersection(*(set(counts) for counts in known)) - now.keys():
        before = [shares(counts)[key] for counts in known]
        if min(before) * size >= FEWEST and sum(before) / len(before) >= LEAST_VANISHED:
            gone.append((key, min(before) * size))
    if gone:
        gone.sort(key=lambda each: -each[1])
        share = sum(pooled(known)[key] for key, _ in gone)
        names = _named([key for key, _ in gone])
        yield Deviation("categories", f"{names}: {percent(share)}", "gone", math.sqrt(gone[0][1]) / 2.5)


def _named(keys: Sequence[str]) -> str:
    shown = ", ".join(keys[:3])
    return f"{shown} and {len(keys) - 3} more" if len(keys) > 3 else shown


def shifted(
    known: Sequence[Mapping[str, int]], now: Mapping[str, int], care: Care, what: str = ""
) -> Iterator[Deviation]:
    """How far the shares are from those of all loads before, and from the last one's, by the stability index."""
    pool, here, size = pooled(known), shares(now), sum(now.values())
    found = stability(here, pool)
    if found < LEAST_STABILITY:
        return
    among = sum(sum(counts.values()) for counts in known)
    allowed = max(
        LEAST_STABILITY,
        chance_of_stability(len(pool), size, among) * math.log(1000 * care.questions) / math.log(30_000),
        2.5 * max(stability(shares(counts), pool) for counts in known),
    )
    last = stability(here, shares(known[-1]))
    steps = max(stability(shares(a), shares(b)) for a, b in itertools.pairwise(known))
    score = min(found / allowed, last / max(1.5 * steps, LEAST_STABILITY))
    if score >= 1:
        moves = {key: round(here.get(key, 0.0) - pool.get(key, 0.0), 9) for key in sorted(here.keys() | pool.keys())}
        key = max(moves, key=lambda key: abs(moves[key]))
        named = what.format(key) if what else key
        before = f"{named}: {percent(pool.get(key, 0.0))} (in {len(known)} loads)"
        after = f"{percent(here.get(key, 0.0))}; stability index {found:.2f}"
        yield Deviation("distribution" if what else "categories", before, after, score)
