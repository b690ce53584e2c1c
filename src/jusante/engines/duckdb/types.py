"""DuckDB's types and Iceberg's, in both directions.

What Iceberg has no type for is stored as the nearest that loses nothing: small integers as int, unsigned and huge
integers as decimals, enums, intervals, bit strings and times with a zone as text, nanoseconds cut to microseconds.
"""

import re
from dataclasses import dataclass
from typing import Any

from jusante.core.names import quote
from jusante.core.schema import Column, Schema

_SIMPLE = {
    "boolean": "boolean",
    "tinyint": "int",
    "smallint": "int",
    "integer": "int",
    "utinyint": "int",
    "usmallint": "int",
    "uinteger": "long",
    "bigint": "long",
    "ubigint": "decimal(20,0)",
    "hugeint": "decimal(38,0)",
    "uhugeint": "decimal(38,0)",
    "float": "float",
    "double": "double",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamp_s": "timestamp",
    "timestamp_ms": "timestamp",
    "timestamp_ns": "timestamp",
    "timestamp with time zone": "timestamptz",
    "varchar": "string",
    "uuid": "uuid",
    "blob": "binary",
}
_DUCKDB = {
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "string": "VARCHAR",
    "uuid": "UUID",
    "binary": "BLOB",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """How a DuckDB type is stored: Iceberg's name, and the DuckDB type that writes it."""

    iceberg: str
    duckdb: str
    children: tuple[tuple[str, "Stored"], ...] = ()


def stored(kind: Any) -> Stored:
    """How a `DuckDBPyType` is stored."""
    match kind.id:
        case "list" | "array":
            element = stored(dict(kind.children)["child"])
            return Stored(f"list<{element.iceberg}>", f"{element.duckdb}[]", (("element", element),))
        case "map":
            parts = dict(kind.children)
            key, value = stored(parts["key"]), stored(parts["value"])
            iceberg = f"map<{key.iceberg}, {value.iceberg}>"
            return Stored(iceberg, f"MAP({key.duckdb}, {value.duckdb})", (("key", key), ("value", value)))
        case "struct":
            fields = tuple((name, stored(child)) for name, child in kind.children)
            iceberg = ", ".join(f"{quote(name)}: {field.iceberg}" for name, field in fields)
            duckdb = ", ".join(f"{quote(name)} {field.duckdb}" for name, field in fields)
            return Stored(f"struct<{iceberg}>", f"STRUCT({duckdb})", fields)
        case "decimal":
            name = str(kind).lower()
            return Stored(name, name)
    iceberg = _SIMPLE.get(str(kind).lower(), "string")
    return Stored(iceberg, duckdb_name(iceberg))


def duckdb_name(iceberg: str) -> str:
    """The DuckDB type of an Iceberg type without named fields: `list<decimal(5,2)>` is `DECIMAL(5,2)[]`."""
    if iceberg.startswith("list<"):
        return duckdb_name(iceberg[5:-1]) + "[]"
    if iceberg.startswith("map<"):
        key, value = _parts(iceberg[4:-1])
        return f"MAP({duckdb_name(key)}, {duckdb_name(value)})"
    if iceberg.startswith("struct<"):
        fields = (_field(part) for part in _parts(iceberg[7:-1]))
        return "STRUCT(" + ", ".join(f"{name} {duckdb_name(kind)}" for name, kind in fields) + ")"
    return iceberg.upper() if iceberg.startswith("decimal(") else _DUCKDB[iceberg]


def _parts(text: str) -> list[str]:
    """The parts of a nested type between its outer brackets, split at the commas that stand outside all others."""
    tokens = re.findall(r'"(?:[^"]|"")*"|[<>(),]|[^"<>(),]+', text)
    parts, depth = [""], 0
    for part in tokens:
        depth += (part in "<(") - (part in ">)")
        if part == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += part
    return [part.strip() for part in parts]


def _field(text: str) -> tuple[str, str]:
    found = re.fullmatch(r'("(?:[^"]|"")*"|[^:]+): (.*)', text)
    assert found, text
    return found[1], found[2]


def schema_of(names: list[str], kinds: list[Any]) -> Schema:
    """A query's columns as they will be stored."""
    return Schema(tuple(Column(name, stored(kind).iceberg) for name, kind in zip(names, kinds, strict=True)))


def storable(sql: str, names: list[str], kinds: list[Any]) -> str:
    """The query with a cast around each column whose type Iceberg lacks, and the query itself where there is none."""
    casts = []
    for name, kind in zip(names, kinds, strict=True):
        target = stored(kind).duckdb
        same = target.lower() == str(kind).lower()
        casts.append(quote(name) if same else f"cast({quote(name)} as {target}) as {quote(name)}")
    if all(cast == quote(name) for cast, name in zip(casts, names, strict=True)):
        return sql
    return f"select {', '.join(casts)} from (\n{sql}\n) as storable"


class FieldIds:
    """Gives out Iceberg field ids: those a table has, by dotted path, and new ones above `last_id` for the rest."""

    def __init__(self, known: dict[str, int], last_id: int) -> None:
        self._known = {path.lower(): number for path, number in known.items()}
        self._last = last_id

    def of(self, path: str) -> int:
        """The id of a column or nested field, by dotted path (`address.city`, `tags.element`)."""
        if path.lower() not in self._known:
            self._last += 1
            self._known[path.lower()] = self._last
        return self._known[path.lower()]

    def clause(self, names: list[str], kinds: list[Any]) -> str:
        """The value of COPY's FIELD_IDS option. Columns come first and fields within them after, as Iceberg numbers."""
        tops = [(name, stored(kind)) for name, kind in zip(names, kinds, strict=True)]
        for name, _ in tops:
            self.of(name)
        return "{" + ", ".join(f"{quote(name)}: {self._entry(name, kind)}" for name, kind in tops) + "}"

    def _entry(self, path: str, kind: Stored) -> str:
        if not kind.children:
            return str(self.of(path))
        for name, _ in kind.children:  # siblings first, then what is in them: the order in which Iceberg numbers
            self.of(f"{path}.{name}")
        inner = ", ".join(f"{quote(name)}: {self._entry(f'{path}.{name}', child)}" for name, child in kind.children)
        return f"{{__duckdb_field_id: {self.of(path)}, {inner}}}"
