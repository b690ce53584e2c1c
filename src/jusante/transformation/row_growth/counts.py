"""Rows counted at each join after a run, and whether they have jumped since the runs before. Pure."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jusante.ports.engine import Operator

LEAST_HISTORY = 3
"""With fewer runs of the same version nothing is told: what is usual is not known yet."""
MOST_HISTORY = 30
LEAST_ROWS = 100
"""A join that gives fewer rows is not watched: one row more or less is much to it."""
_FACTOR = 1.5
_SPREADS = 6.0
_LEAST_SPREAD = 0.05
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class JoinCount:
    """The rows of one join: those of its two sides, and those it gave. Sides are the tables beneath, sorted.

    The engine may swap the sides of a join from run to run: the side whose tables come first is `left` here.
    """

    on: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    rows_left: int
    rows_right: int
    rows: int

    @property
    def key(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """What makes it the same join in another run."""
        return self.on, self.left, self.right

    @property
    def ratios(self) -> tuple[float, float]:
        """The rows given for each row of the left side, and for each of the right."""
        return self.rows / max(self.rows_left, 1), self.rows / max(self.rows_right, 1)

    @property
    def multiplied(self) -> tuple[int, ...]:
        """The larger side (0: the left one, 1: the right one), where the join gives more rows than that has."""
        side = int(self.rows_right > self.rows_left)
        return (side,) if self.ratios[side] > 1 else ()

    def as_dict(self) -> dict[str, Any]:
        """The count as the ledger keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "JoinCount":
        """A count as the ledger has kept it."""
        sides = {name: tuple(kept[name]) for name in ("left", "right")}
        return cls(kept["on"], sides["left"], sides["right"], kept["rows_left"], kept["rows_right"], kept["rows"])


def joins_of(operator: Operator) -> tuple[JoinCount, ...]:
    """The joins of a query that has been run, the innermost first."""
    return tuple(_joins(operator))


def _joins(operator: Operator) -> Iterator[JoinCount]:
    for each in operator.inputs:
        yield from _joins(each)
    if operator.kind == "join" and len(operator.inputs) == 2:
        sides = sorted(
            ((tuple(sorted(_tables(each))), each.rows) for each in operator.inputs), key=lambda side: side[0]
        )
        yield JoinCount(_sorted_on(operator.about), sides[0][0], sides[1][0], sides[0][1], sides[1][1], operator.rows)


def _tables(operator: Operator) -> set[str]:
    found = {operator.table} if operator.table else set()
    return found.union(*(_tables(each) for each in operator.inputs))


def _sorted_on(about: str) -> str:
    """The conditions alike whichever side comes first."""
    parts = [part.split(" = ") for part in about.split(" and ")]
    return " and ".join(sorted(" = ".join(sorted(part)) for part in parts))


def shares_of(operator: Operator) -> list[dict[str, Any]]:
    """The operators of a query with the seconds that each took, the dearest first, as the ledger keeps them."""
    dearest = sorted(_all(operator), key=lambda each: -each.seconds)[:MOST_HISTORY]
    return [
        {
            "kind": each.kind,
            "about": each.about,
            "table": each.table,
            "rows": each.rows,
            "seconds": round(each.seconds, 6),
        }
        for each in dearest
    ]


def _all(operator: Operator) -> Iterator[Operator]:
    yield operator
    for each in operator.inputs:
        yield from _all(each)


def jumps(now: Sequence[JoinCount], before: Sequence[Sequence[JoinCount]], *, whole: bool) -> tuple[str, ...]:
    """What is to be told of joins that multiply rows as they have not done before, newest runs first in `before`.

    A ratio has jumped if it is more than half as much again as the median, and further from it than six robust standard
    deviations (the median absolute deviation, scaled), which are taken for a twentieth of the median at the least. Where runs
    make parts of a model and not the `whole`, only the larger side tells anything: how many rows come for each of the
    smaller one says how much is made at once, a day's sales or a year's, with all shops.
    """
    told = []
    for count in now:
        alike = [old for run in before[:MOST_HISTORY] for old in run if old.key == count.key]
        if len(alike) < LEAST_HISTORY or count.rows < LEAST_ROWS:
            continue
        for side in (0, 1) if whole else count.multiplied:
            ratio, usual = count.ratios[side], [old.ratios[side] for old in alike]
            if _has_jumped(ratio, usual):
                name = " and ".join((count.left, count.right)[side]) or "one side"
                told.append(_told(count, ratio, statistics.median(usual), len(usual), name))
                break
    return tuple(told)


def _has_jumped(ratio: float, usual: Sequence[float]) -> bool:
    middle = statistics.median(usual)
    spread = _MAD_TO_SIGMA * statistics.median(abs(each - middle) for each in usual)
    return ratio > _FACTOR * middle and ratio - middle > _SPREADS * max(spread, _LEAST_SPREAD * middle)


def _told(count: JoinCount, ratio: float, usual: float, runs: int, side: str) -> str:
    sides = " with ".join(" and ".join(each) or "a subquery" for each in (count.left, count.right))
    on = f" on {count.on}" if count.on else ""
    return f"the join of {sides}{on} gives {ratio:.2f} rows for each row of {side}, {usual:.2f} in the last {runs} runs"
