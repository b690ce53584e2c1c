"""How many rows came: too many, too few, none."""

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from statistics import median

from jusante.core.profile import Profile
from jusante.ingestion.data_drift.deviation import Deviation, between
from jusante.ingestion.data_drift.surprise import Care, Surprise, surprise

LEAST_CHANGE = {True: 0.1, False: 0.25}
"""Logarithms, by whether whole tables come: a table that lost a tenth of its rows is worth a word, a thin day is not."""
NOISE = 0.03
"""What a table's size is always granted, in logarithms: nothing that stays within it is a surprise."""
WEEKS = dt.timedelta(days=20)
ALIKE_PAUSES = 2.0
SHORTEST_PAUSE = 60.0
FEWEST_FOR_NONE = 3
ROWS_FOR_NONE = 20


def volume(past: Sequence[Profile], now: Profile, care: Care) -> Iterator[Deviation]:
    """The number of rows, by its logarithm, after loads of its kind; with the day of the week from three weeks on.

    Of what is new, only loads after a pause of about the same length are alike: who runs twice in an hour finds little.
    """
    loads = past if now.whole else _after_such_a_pause(past, now)
    rows = [load.rows for load in loads]
    if now.rows == 0 and len(rows) >= FEWEST_FOR_NONE and min(rows) > 0 and median(rows) >= ROWS_FOR_NONE:
        yield Deviation("volume", _before(rows, median(rows)), "0 rows", 3.0)
        return
    if len(rows) < care.fewest_loads:
        return
    found = _found(loads, now, care)
    expected = math.expm1(found.expected)
    if found.score >= 1 and abs(math.log1p(now.rows) - found.expected) >= LEAST_CHANGE[now.whole]:
        yield Deviation("volume", _before(rows, expected), f"{now.rows:,} rows", found.score)


def _before(rows: Sequence[int], expected: float) -> str:
    return f"about {round(expected):,} rows ({between(f'{min(rows):,}', f'{max(rows):,}', len(rows))})"


def _after_such_a_pause(past: Sequence[Profile], now: Profile) -> list[Profile]:
    if now.pause_seconds is None:
        return []
    pause = max(now.pause_seconds, SHORTEST_PAUSE)
    return [
        load
        for load in past
        if load.pause_seconds is not None
        and pause / ALIKE_PAUSES <= max(load.pause_seconds, SHORTEST_PAUSE) <= pause * ALIKE_PAUSES
    ]


def _found(loads: Sequence[Profile], now: Profile, care: Care) -> Surprise:
    past = [math.log1p(load.rows) for load in loads]
    here = math.log1p(now.rows)
    noise = max(NOISE, 1.5 / math.sqrt(max(min(now.rows, median(load.rows for load in loads)), 1)))
    plain = surprise(past, here, noise, care)
    by_day = _by_day(loads, now)
    if by_day is None:
        return plain
    days, today = by_day
    rest = [value - days[load.at.weekday()] for value, load in zip(past, loads, strict=True)]
    if max(rest) - min(rest) > 0.7 * (max(past) - min(past)):
        return plain  # the days of the week explain nothing
    found = surprise(rest, here - today, max(noise, 0.05), care)
    return Surprise(found.score, found.expected + today, plain.low, plain.high)


def _by_day(loads: Sequence[Profile], now: Profile) -> tuple[dict[int, float], float] | None:
    """The median of each day of the week, and today's; None where there are not three of each in three weeks."""
    if now.at - loads[0].at < WEEKS:
        return None
    found: dict[int, list[float]] = {}
    for load in loads:
        found.setdefault(load.at.weekday(), []).append(math.log1p(load.rows))
    if min(len(values) for values in found.values()) < 3 or now.at.weekday() not in found:
        return None
    days = {day: median(values) for day, values in found.items()}
    return days, days[now.at.weekday()]
