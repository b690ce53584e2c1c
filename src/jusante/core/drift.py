"""What a source does that it did not do before: in its shape, and in its data."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from jusante.core.source import DataPolicy, Policy

ShapeChange = Literal["reordered", "added", "dropped", "renamed", "retyped", "nullable", "key"]
DataChange = Literal["volume", "nulls", "distinct", "range", "categories", "distribution"]
Change = ShapeChange | DataChange
SURE = 0.95
"""A rename that is less sure than this waits, even where the policy says evolve."""
SHAPE: tuple[ShapeChange, ...] = get_args(ShapeChange)


@dataclass(frozen=True, slots=True)
class Finding:
    """One change of a source's table. `column` is empty where it is about the table as a whole.

    `before` and `after` are what changed in words or types, never values of a sensitive column. `to` is the new name of a
    column that was renamed. `confidence` is between 0 and 1: 1 where the source itself says so. `policy` is what the
    table's owner wants done about it. `how` says more of it in a word or two: widened, narrowed, in case only …
    """

    table: str
    column: str
    change: Change
    policy: Policy | DataPolicy
    before: str = ""
    after: str = ""
    to: str | None = None
    confidence: float = 1.0
    how: str = ""

    @property
    def is_of_shape(self) -> bool:
        """Whether columns changed, and not what stands in them."""
        return self.change in SHAPE

    @property
    def waits(self) -> bool:
        """Whether somebody has to decide about it. Rows can be set aside for a type alone; of all else quarantine is hold."""
        match self.change:
            case "renamed":
                return self.policy != "evolve" or (self.confidence < SURE and not self.how)
            case "retyped":
                return self.policy == "hold"
        return self.is_of_shape and self.policy != "evolve"

    def as_dict(self) -> dict[str, Any]:
        """The finding as `--json` prints it, and as the ledger keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}
