"""Which values no message may show."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hidden:
    """Columns whose values no message shows (an empty name: all of them), and whether rows of free queries may hold such.

    A free query gives its columns names of its own, and may read other tables.
    """

    columns: frozenset[str] = frozenset()
    queries: bool = False

    def hides(self, column: str) -> bool:
        """Whether the values of a column stay hidden; case does not matter."""
        return "" in self.columns or column.lower() in {name.lower() for name in self.columns}


Hiding = Callable[[], Hidden]
"""What is hidden, asked only when there is a value to show."""


def nothing_hidden() -> Hidden:
    """No value is hidden."""
    return Hidden()
