"""How far the values of two columns agree, beyond what chance would do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jusante.core.schema import decimal_of

SURE_ROWS = 5
"""Below so many rows compared, agreement says little."""
AGREED = 0.8
"""Two columns of which less agrees, beyond chance, are not one."""
WITHOUT_KEY = 0.85
"""What the best overlap of two sets of values is worth: two columns of ids may overlap and have nothing in common."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `rows` compared, the share that is equal, and the share that would be if the columns had nothing in common.

    `by_key`: rows of the same key were compared; else it is the share of values that the other column has as well.
    """

    rows: int
    equal: float
    chance: float
    by_key: bool = True

    @property
    def beyond_chance(self) -> float | None:
        """Cohen's kappa (1960), at least 0; None where nothing can be told, as of columns with one value only."""
        if not self.rows or self.chance > 0.99:
            return None
        kappa = max(0.0, (self.equal - self.chance) / (1 - self.chance))
        return kappa if self.by_key else kappa * WITHOUT_KEY


Pair = tuple[str, str]
"""A column of the table as it was, and one of the source as it is."""
Measure = Callable[[Sequence[Pair]], Mapping[Pair, Agreement]]
"""Compares the values of columns; pairs that could not be compared are left out."""


def confidence(likeness: float, agreement: Agreement | None) -> float:
    """How sure it is that one column is the other, between 0 and 1: what their values say, helped by what they look like."""
    value = agreement.beyond_chance if agreement else None
    if agreement is None or value is None:
        return round(likeness, 3)
    if value < 0.5 and agreement.rows >= SURE_ROWS:
        return round(value * 0.4, 3)  # their values speak against it, whatever they look like
    if value < AGREED and agreement.rows >= SURE_ROWS:
        return round(
            min(value, 0.75), 3
        )  # more than chance, and less than one column: perhaps one is made of the other
    weighed = value * agreement.rows / (agreement.rows + 1)
    return round(1 - (1 - weighed) * (1 - likeness), 4)


def likeness(names: Pair, types: Pair, places: tuple[int, int]) -> float:
    """How alike two columns look, between 0 and 0.6: by name, type and place."""
    import difflib

    alike = difflib.SequenceMatcher(None, names[0].lower(), names[1].lower()).ratio()
    same_type = 0.2 if types[0] == types[1] else 0.1 if family(types[0]) == family(types[1]) else 0.0
    return round(0.2 * alike + same_type + (0.2 if places[0] == places[1] else 0.0), 3)


def comparable(before: str, after: str) -> bool:
    """Whether values of two types can be equal: of one family, or one of them text."""
    return family(before) == family(after) or "string" in {before, after}


def family(kind: str) -> str:
    """The types whose values can be compared as they are, under one word."""
    if decimal_of(kind) or kind in {"int", "long", "float", "double"}:
        return "number"
    if kind in {"date", "timestamp", "timestamptz"}:
        return "time"
    return kind.partition("<")[0]
