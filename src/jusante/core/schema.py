"""Columns and their types.

Types are named as Iceberg names them (spec, "Schemas and Data Types"), lower case: `boolean int long float double
decimal(p,s) date time timestamp timestamptz string uuid binary`, and, nested, `list<T>`, `map<K,V>`,
`struct<name: T, …>` with names quoted as SQL does where they are not plain.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

_DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)")


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `id` is Iceberg's field id, None until a table store has given one; it survives renames."""

    name: str
    type: str
    nullable: bool = True
    id: int | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a table, in order; names are unique without regard to case."""

    columns: tuple[Column, ...]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)

    def find(self, name: str) -> Column | None:
        """The column of that name, without regard to case."""
        wanted = name.lower()
        return next((column for column in self.columns if column.name.lower() == wanted), None)

    def select(self, names: tuple[str, ...]) -> "Schema":
        """Only the columns of these names, in their order here."""
        wanted = {name.lower() for name in names}
        return Schema(tuple(column for column in self.columns if column.name.lower() in wanted))

    def without_ids(self) -> "Schema":
        """The same columns as they are before a table store has seen them."""
        return Schema(tuple(replace(column, id=None) for column in self.columns))


def decimal_of(type_name: str) -> tuple[int, int] | None:
    """Precision and scale of a decimal type; None for every other type."""
    found = _DECIMAL.fullmatch(type_name)
    return (int(found[1]), int(found[2])) if found else None


def widens(old: str, new: str) -> bool:
    """Whether every value of `old` is one of `new` in Iceberg's eyes (spec, "Schema Evolution"), so data files stay."""
    if old == new or (old, new) in {("int", "long"), ("float", "double")}:
        return True
    before, after = decimal_of(old), decimal_of(new)
    return bool(before and after and before[1] == after[1] and before[0] <= after[0])
