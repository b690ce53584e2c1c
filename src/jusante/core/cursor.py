"""How far an incremental load has come."""

import datetime as dt
import decimal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

CursorValue = str | int | float | decimal.Decimal | dt.date | dt.datetime


@dataclass(frozen=True, slots=True)
class Cursor:
    """The greatest value of `column` that has been published. Rows at that very value are read again: ties are common."""

    column: str
    value: CursorValue

    def as_dict(self) -> dict[str, str]:
        """The cursor as a snapshot's summary and the ledger keep it."""
        return {"column": self.column, "type": type(self.value).__name__, "value": str(self.value)}

    @classmethod
    def from_dict(cls, kept: dict[str, str]) -> "Cursor":
        """The cursor that `as_dict` wrote."""
        return cls(kept["column"], _READ[kept["type"]](kept["value"]))


_READ: Mapping[str, Callable[[str], CursorValue]] = {
    "str": str,
    "int": int,
    "float": float,
    "Decimal": decimal.Decimal,
    "date": dt.date.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
}
