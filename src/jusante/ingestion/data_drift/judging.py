"""A load against the loads before it: all rules over all columns, at the most one finding of a column, the most telling."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from jusante.core.profile import ColumnProfile, Profile
from jusante.ingestion.data_drift.categories import categories
from jusante.ingestion.data_drift.deviation import Deviation
from jusante.ingestion.data_drift.distinct import distinct
from jusante.ingestion.data_drift.distribution import distribution
from jusante.ingestion.data_drift.nulls import nulls
from jusante.ingestion.data_drift.ranges import ranges
from jusante.ingestion.data_drift.surprise import Care
from jusante.ingestion.data_drift.volume import volume

Rule = Callable[[Sequence[ColumnProfile], ColumnProfile, Care], Iterator[Deviation]]

RULES: tuple[Rule, ...] = (nulls, ranges, categories, distribution, distinct)
"""In the order of how much they say: negative amounts also shift a distribution, and an own word is better."""
SETTLED_LOADS = 7
"""What has been found in so many loads in a row is the new level, whether somebody accepted it or not."""


def judge(past: Sequence[Profile], now: Profile, keys: frozenset[str] = frozenset()) -> dict[str, Deviation]:
    """What is not as it was, by column; the table as a whole under the empty name. `past` is oldest first.

    `keys` are columns that tell rows apart or say how far a table was read: only their nulls and repeats are looked at.
    """
    alike = [load for load in past if load.whole == now.whole]
    care = Care(questions=max(30, 6 * len(now.columns)))
    found: dict[str, Deviation] = {}
    counted = [load for load, counts in zip(alike, _counting(alike, ""), strict=True) if counts]
    for deviation in islice(volume(counted, now, care), 1):
        found[""] = deviation
    if not now.rows:
        return found
    for name, column in now.columns.items():
        rules = (nulls, distinct) if name.lower() in keys else RULES
        for deviation in _of_column(rules, _history(alike, name), column, care):
            found[name] = deviation
    return found


def _of_column(
    rules: tuple[Rule, ...], past: Sequence[ColumnProfile], now: ColumnProfile, care: Care
) -> Iterator[Deviation]:
    alike = [load for load in past if load.kind == now.kind]
    for rule in rules:
        deviation = next(rule(past if rule is nulls else alike, now, care), None)
        if deviation:
            yield deviation
            return


def _history(alike: Sequence[Profile], name: str) -> list[ColumnProfile]:
    """The column in the loads that count."""
    counting = zip(alike, _counting(alike, name), strict=True)
    return [load.columns[name] for load, counts in counting if counts and name in load.columns]


def _counting(loads: Sequence[Profile], name: str) -> list[bool]:
    """Which loads count as history: not those in which something was found, unless it was found again and again."""
    flags = [name in load.flagged for load in loads]
    counting = [not flag for flag in flags]
    start = 0
    for number in range(len(flags) + 1):
        if number == len(flags) or not flags[number]:
            if number - start >= SETTLED_LOADS:
                # The level has changed for good: what was before it is no longer history.
                counting[start:number] = [True] * (number - start)
                counting[:start] = [False] * start
            start = number + 1
    return counting
