"""What a source does that it did not do before: in its shape, and in its data."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from jusante.core.source import DataPolicy, Policy

ShapeChange = Literal["reordered", "added", "dropped", "renamed", "retyped", "nullable", "key"]
DataChange = Literal["volume", "nulls", "distinct", "range", "categories", "distribution"]
Change = ShapeChange | DataChange
SHAPE: tuple[ShapeChange, ...] = get_args(ShapeChange)


@dataclass(frozen=True, slots=True)
class Finding:
    """One change of a source's table. `column` is empty where it is about the table as a whole.

    `before` and `after` are what changed in words or types, never values of a sensitive column. `to` is the new name of a
    column that was renamed. `confidence` is between 0 and 1: 1 where the source itself says so. `policy` is what the
    table's owner wants done about it.
    """

    table: str
    column: str
    change: Change
    policy: Policy | DataPolicy
    before: str = ""
    after: str = ""
    to: str | None = None
    confidence: float = 1.0

    @property
    def is_of_shape(self) -> bool:
        """Whether columns changed, and not what stands in them."""
        return self.change in SHAPE

    def as_dict(self) -> dict[str, Any]:
        """The finding as `--json` prints it, and as the ledger keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}
