"""The types of the Open Data Contract Standard (3, "Schema", logicalType) and those of this project, one as the other.

A contract may say a type loosely (`logicalType: integer`), closely (`logicalTypeOptions: {format: i64}`), or as the
source writes it (`physicalType: numeric(12,2)`). What is said most closely counts.
"""

import re
from collections.abc import Mapping
from typing import Any

from jusante.core.schema import named_type, widens

LOOSE: Mapping[str, tuple[str, ...]] = {
    "string": ("string", "uuid", "binary"),
    "date": ("date",),
    "time": ("time",),
    "timestamp": ("timestamp", "timestamptz"),
    "integer": ("long", "int"),
    "number": ("double", "float", "decimal(38,18)", "long", "int"),
    "boolean": ("boolean",),
    "array": ("list",),
    "object": ("struct", "map"),
    "map": ("map",),
    "vector": ("list",),
}
"""What each logical type admits where nothing closer is said, the widest first; nested types by their first word."""

_FORMATS: Mapping[tuple[str, str], str] = {
    **{("integer", f"{sign}{bits}"): "int" for sign in "iu" for bits in (8, 16)},
    ("integer", "i32"): "int",
    ("integer", "u32"): "long",
    ("integer", "i64"): "long",
    ("integer", "u64"): "decimal(20,0)",
    ("number", "f32"): "float",
    ("number", "f64"): "double",
    ("string", "uuid"): "uuid",
    ("string", "binary"): "binary",
}
_PHYSICAL: Mapping[str, str] = {
    **dict.fromkeys(("smallint", "tinyint", "int2", "int4", "mediumint", "serial"), "int"),
    **dict.fromkeys(("int8", "bigserial"), "long"),
    **dict.fromkeys(("float4",), "float"),
    **dict.fromkeys(("double precision", "float8"), "double"),
    **dict.fromkeys(("char", "character", "character varying", "nvarchar", "nchar", "bpchar"), "string"),
    **dict.fromkeys(("clob", "longtext", "mediumtext", "tinytext", "json", "jsonb", "xml", "citext"), "string"),
    **dict.fromkeys(("varbinary", "longblob", "mediumblob", "tinyblob"), "binary"),
    **dict.fromkeys(("timestamp without time zone", "datetime"), "timestamp"),
    **dict.fromkeys(("time without time zone",), "time"),
}
_LENGTH = re.compile(r"^([a-z][a-z0-9 ]*?) ?\(\d+\)(.*)$")


def closest_type(physical: str | None, logical: str | None, options: Mapping[str, Any]) -> str | None:
    """The type that a contract names, by its name here; None where it says it loosely, or not at all."""
    named = _physical_type(physical) if physical else None
    if named or logical is None:
        return named
    if logical in {"timestamp", "time"} and "timezone" in options:
        return "timestamptz" if options["timezone"] and logical == "timestamp" else logical
    found = _FORMATS.get((logical, str(options.get("format", ""))))
    if found or logical in {"date", "boolean"}:
        return found or logical
    return None


def admitted_types(physical: str | None, logical: str | None, options: Mapping[str, Any]) -> tuple[str, ...]:
    """All types that a contract lets a column have, the widest first; empty where it says none."""
    exact = closest_type(physical, logical, options)
    return (exact,) if exact else LOOSE.get(logical or "", ())


def admits(admitted: tuple[str, ...], type_name: str) -> bool:
    """Whether a column of this type keeps the promise: each of its values has one of the admitted types."""
    if not admitted:
        return True
    if type_name.startswith("decimal") and "decimal(38,18)" in admitted:
        return True
    return any(_within(type_name, each) for each in admitted)


def described(type_name: str) -> dict[str, Any]:
    """The keys by which a contract names one of our types, so that `closest_type` reads it back."""
    if type_name in _WRITTEN:
        logical, options = _WRITTEN[type_name]
        return {"logicalType": logical, **({"logicalTypeOptions": dict(options)} if options else {})}
    if type_name.startswith("decimal"):
        return {"logicalType": "number", "physicalType": type_name}
    logical = {"list": "array"}.get(_first_word(type_name), "object")
    return {"logicalType": logical, "physicalType": type_name}


_WRITTEN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "boolean": ("boolean", {}),
    "int": ("integer", {"format": "i32"}),
    "long": ("integer", {"format": "i64"}),
    "float": ("number", {"format": "f32"}),
    "double": ("number", {"format": "f64"}),
    "date": ("date", {}),
    "time": ("time", {"timezone": False}),
    "timestamp": ("timestamp", {"timezone": False}),
    "timestamptz": ("timestamp", {"timezone": True}),
    "string": ("string", {}),
    "uuid": ("string", {"format": "uuid"}),
    "binary": ("string", {"format": "binary"}),
}


def _within(type_name: str, admitted: str) -> bool:
    return admitted in (type_name, _first_word(type_name)) or widens(type_name, admitted)


def _first_word(type_name: str) -> str:
    return type_name.partition("<")[0]


def _physical_type(text: str) -> str | None:
    name = " ".join(text.lower().split())
    if name.startswith(("struct<", "map<", "list<struct<", "list<map<")):
        return text
    if shortened := _LENGTH.match(name):
        plain = shortened[1] + shortened[2]
        name = f"{shortened[1]}({name.split('(')[1].split(')')[0]},0)" if shortened[1] in _EXACT else plain
    try:
        return _PHYSICAL.get(name) or named_type(name)
    except ValueError:
        return None


_EXACT = ("decimal", "numeric")
