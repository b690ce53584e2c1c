"""A load against the loads before it: all rules over all columns, at the most one finding of a column, the most telling."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from jusante.core.profile import ColumnProfile, Profile
from jusante.ingestion.data_drift.categories import categories
from jusante.ingestion.data_drift.deviation import Deviation
from jusante.ingestion.data_drift.distinct import distinct
from jusante.ingestion.data_drift.distribution import distribution
from jusante.ingestion.data_drift.history import Acceptance, counting
from jusante.ingestion.data_drift.nulls import nulls
from jusante.ingestion.data_drift.ranges import ranges
from jusante.ingestion.data_drift.surprise import Care
from jusante.ingestion.data_drift.volume import volume

Rule = Callable[[Sequence[ColumnProfile], ColumnProfile, Care], Iterator[Deviation]]

RULES: tuple[Rule, ...] = (nulls, ranges, categories, distribution, distinct)
"""In the order of how much they say: negative amounts also shift a distribution, and an own word is better."""
QUESTIONS_OF_ROWS = 3
"""The number of rows is one figure a load, however many columns there are."""


@dataclass(frozen=True, slots=True)
class History:
    """Loads of one kind, oldest first, and what somebody has accepted of them."""

    alike: Sequence[Profile]
    accepted: Mapping[str, Acceptance]

    def loads(self, name: str = "") -> list[Profile]:
        """The loads that count for a column, or for the number of rows."""
        counts = counting(self.alike, name, self.accepted)
        return [load for load, does in zip(self.alike, counts, strict=True) if does]

    def of(self, name: str) -> list[ColumnProfile]:
        """A column in the loads that count for it."""
        return [load.columns[name] for load in self.loads(name) if name in load.columns]


def judge(
    past: Sequence[Profile],
    now: Profile,
    keys: frozenset[str] = frozenset(),
    accepted: Mapping[str, Acceptance] | None = None,
) -> dict[str, Deviation]:
    """What is not as it was, by column; the table as a whole under the empty name. `past` is oldest first.

    `keys` are columns that tell rows apart or say how far a table was read: only their nulls and repeats are looked at.
    """
    history = History([load for load in past if load.whole == now.whole], accepted or {})
    care = Care(questions=max(30, 6 * len(now.columns)))
    found: dict[str, Deviation] = {}
    for deviation in islice(volume(history.loads(), now, Care(questions=QUESTIONS_OF_ROWS)), 1):
        found[""] = deviation
    if not now.rows:
        return found
    for name, column in now.columns.items():
        rules = (nulls, distinct) if name.lower() in keys else RULES
        for deviation in _of_column(rules, history.of(name), column, care):
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
