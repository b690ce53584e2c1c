"""Columns and their types.

Types are named as Iceberg names them (spec, "Schemas and Data Types"), lower case: `boolean int long float double
decimal(p,s) date time timestamp timestamptz string uuid binary`, and, nested, `list<T>`, `map<K,V>`,
`struct<name: T, …>` with names quoted as SQL does where they are not plain.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

_DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)")


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `id` is Iceberg's field id, None until a table store has given one; it survives renames.

    `identity` is the source's own name for the column that survives renames there, where it has one.
    """

    name: str
    type: str
    nullable: bool = True
    id: int | None = None
    about: str = ""
    identity: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a table, in order; names are unique without regard to case.

    `keys` are the sets of columns that a source keeps unique and filled by itself, where it says so.
    """

    columns: tuple[Column, ...]
    keys: tuple[tuple[str, ...], ...] = field(default=(), compare=False)

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


_SIMPLE = frozenset(
    [
        "boolean",
        "int",
        "long",
        "float",
        "double",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "string",
        "uuid",
        "binary",
    ]
)
_SYNONYMS = {
    "bool": "boolean",
    "integer": "int",
    "bigint": "long",
    "real": "float",
    "text": "string",
    "varchar": "string",
    "timestamp with time zone": "timestamptz",
    "bytea": "binary",
    "blob": "binary",
}


def named_type(text: str) -> str:
    """A type as a person wrote it, by its name here: `BIGINT` is `long`. Raises ValueError for what is none."""
    name = " ".join(text.lower().split())
    name = _SYNONYMS.get(name, name)
    if name.startswith("list<") and name.endswith(">"):
        return f"list<{named_type(name[5:-1])}>"
    if parts := decimal_of(name.replace("numeric", "decimal")):
        if not 1 <= parts[0] <= 38 or parts[1] > parts[0]:
            raise ValueError(f"{text} is not a decimal: at most 38 digits, and no more behind the point than in all")
        return f"decimal({parts[0]},{parts[1]})"
    if name not in _SIMPLE:
        raise ValueError(f"{text!r} is not a type; there are {', '.join(sorted(_SIMPLE))}, decimal(p,s) and list<…>")
    return name
