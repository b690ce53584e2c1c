"""What determines what: functional dependencies, and their closure.

An attribute is a column of a source, the rows of a source (`row`), the rows of something that a source repeats (`part`), or
that a source is there and not filled with nulls by an outer join (`here`). `x → y`: rows that agree in x agree in y.
"""

from collections.abc import Iterable

Attribute = tuple[str, ...]
"""The alias of a source, and what of it: `("o", "column", "order_id")`, `("o", "row")`, `("o", "here")`."""

ROW: Attribute = ("row",)
HERE: Attribute = ("here",)


def column(name: str) -> Attribute:
    """A column of a relation; case does not matter."""
    return ("column", name.lower())


def part(name: str) -> Attribute:
    """The rows of something that a relation repeats."""
    return ("part", name)


def of(source: str, attribute: Attribute) -> Attribute:
    """What a relation's attribute is called where the relation is a source."""
    return (source, *attribute)


Rule = tuple[frozenset[Attribute], frozenset[Attribute]]


class Dependencies:
    """Rules that hold for the rows of one SELECT."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, given: Iterable[Attribute], gives: Iterable[Attribute]) -> None:
        """What is given determines what it gives; given nothing, it is the same in all rows."""
        self._rules.append((frozenset(given), frozenset(gives)))

    def closure(self, start: Iterable[Attribute]) -> set[Attribute]:
        """All that is determined (Armstrong's axioms, by repeated passes: there are few rules)."""
        found = set(start)
        waiting = self._rules
        while True:
            left = [rule for rule in waiting if not rule[0] <= found]
            for given, gives in waiting:
                if given <= found:
                    found |= gives
            if len(left) == len(waiting):
                return found
            waiting = left
