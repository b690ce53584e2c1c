"""What a column means: the expression that makes it, followed to the columns of sources, whatever it is called on the way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """A column's expression in canonical form, and the conditions that its rows meet; `words` and `told` are for people.

    Two columns mean the same where their expressions are equal and, if they aggregate, their conditions are too: which
    rows are counted is a part of a figure's meaning, and none of an attribute's.
    """

    expression: str
    conditions: frozenset[str]
    aggregates: bool
    words: str
    told: tuple[tuple[str, str], ...] = ()

    def means(self, other: "Meaning") -> bool:
        """Whether the other means the same."""
        if self.expression != other.expression:
            return False
        return not (self.aggregates or other.aggregates) or self.conditions == other.conditions

    @property
    def sentence(self) -> str:
        """The meaning in words: `the sum of quantity × unit_price, where status is not 'cancelled'`."""
        conditions = " and ".join(words for _, words in self.told)
        return f"{self.words}, where {conditions}" if conditions and self.aggregates else self.words
