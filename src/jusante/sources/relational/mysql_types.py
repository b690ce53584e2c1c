"""How MySQL's and MariaDB's types are read: exact, as the digits and characters that the server holds."""

import re
from dataclasses import dataclass

from jusante.core.schema import decimal_of
from jusante.sources.relational.dialect import SourceColumn

MOST_DIGITS = 38

_INTEGERS = {"tinyint": "int", "smallint": "int", "mediumint": "int", "int": "int", "bigint": "long"}
_UNSIGNED = {"int": "long", "bigint": "decimal(20,0)"}
_TIMES = {"date": "date", "datetime": "timestamp", "timestamp": "timestamptz"}
_BYTES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}
_SHAPES = {
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
    "geomcollection",
}


@dataclass(frozen=True, slots=True)
class MySQLType:
    """A column as the catalogue tells it: `declared` with its length, `base` without; digits and scale of a decimal."""

    name: str
    declared: str
    base: str
    nullable: str
    digits: int
    scale: int
    about: str


def column(found: MySQLType, wanted: str) -> SourceColumn:
    """How a column is read, given the type that the project declares for it (or an empty text)."""
    kind, expression = _read(found, wanted)
    return SourceColumn(
        found.name, kind, expression, found.declared, nullable=found.nullable == "YES", about=found.about
    )


def _read(found: MySQLType, wanted: str) -> tuple[str, str]:
    quoted, base = quote(found.name), found.base.lower()
    as_text = f"cast({quoted} as char)"
    if base in _BYTES | _SHAPES:
        return ("binary", quoted) if base in _BYTES else ("string", f"st_astext({quoted})")
    if base in {"bit", "year"}:
        return _bits(quoted, found.declared) if base == "bit" else ("int", f"({quoted} + 0)")
    if base in {"float", "double"}:
        # The server prints a FLOAT with six digits; as a DOUBLE it prints them all.
        return ("string" if wanted == "string" else base), f"({quoted} + 0e0)"
    if wanted == "string":
        return "string", as_text
    if base in _TIMES:
        # Compared as text: the server takes no zero date for a literal in its strict mode.
        return _TIMES[base], f"case when {as_text} like '0000-00-00%' then null else {as_text} end"
    return _number(found, wanted) or "string", as_text


def _bits(quoted: str, declared: str) -> tuple[str, str]:
    length = int(re.sub(r"\D", "", declared) or 1)
    kind = "boolean" if length == 1 else "long" if length < 64 else "decimal(20,0)"
    return kind, f"cast(cast({quoted} as unsigned) as char)"


def _number(found: MySQLType, wanted: str) -> str | None:
    base = found.base.lower()
    if base in _INTEGERS:
        # TINYINT(1) is often meant as a boolean, and may hold any number of a byte all the same.
        return _UNSIGNED.get(base, "int") if "unsigned" in found.declared.lower() else _INTEGERS[base]
    if base != "decimal":
        return None
    if wanted in {"double", "float"} or (found.digits > MOST_DIGITS and decimal_of(wanted)):
        return wanted
    # Of more digits than a decimal here has, values that fit are read, and one that does not stops the load by name.
    return f"decimal({min(found.digits, MOST_DIGITS)},{found.scale})"


def quote(name: str) -> str:
    """One identifier as MySQL writes it."""
    return "`" + name.replace("`", "``") + "`"
