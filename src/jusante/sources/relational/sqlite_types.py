"""How SQLite's values are read: as the declaration says, each checked on the way."""

import re

from jusante.core.literals import text
from jusante.core.names import quote
from jusante.core.schema import decimal_of
from jusante.sources.relational.dialect import SourceColumn

_RULES = (
    (r"BOOL(EAN)?", "boolean"),
    (r"DATE", "date"),
    (r"(TIMESTAMPTZ|TIMESTAMP(\(\d\))? WITH TIME ZONE)", "timestamptz"),
    (r"(DATETIME|TIMESTAMP)\b.*", "timestamp"),
    (r".*INT.*", "long"),
    (r".*(CHAR|CLOB|TEXT).*", "string"),
    (r".*(BLOB|BINARY|BYTEA).*", "binary"),
    (r".*(REAL|FLOA|DOUB).*|NUMERIC|DECIMAL|NUMBER", "double"),
)


def column(name: str, declared: str, required: bool, wanted: str, row_name: str) -> SourceColumn:
    """How a column is read, given the type that the project declares for it (or an empty text)."""
    kind = "string" if wanted == "string" else iceberg(declared)
    return SourceColumn(name, kind, _checked(name, kind, row_name), declared or "no type", nullable=not required)


def iceberg(declared: str) -> str:
    """The type that a declaration stands for, by the words people use and else by SQLite's rules of affinity."""
    words = declared.upper().strip()
    found = re.fullmatch(r"(?:DECIMAL|NUMERIC|DEC|NUMBER)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", words)
    if found and int(found[2] or 0) <= int(found[1]) <= 38:
        return f"decimal({found[1]},{found[2] or 0})"
    return next((kind for pattern, kind in _RULES if re.fullmatch(pattern, words)), "string")


def _checked(name: str, kind: str, row_name: str) -> str:
    """SQL that gives a value as text which reads back exactly as its type; a misfit gives a text that no type takes."""
    quoted, found = quote(name), f"typeof({quote(name)})"
    row = f"' in row ' || {row_name} ||" if row_name else ""
    label = text(f"column {name} holds ")
    misfit = f"{label} || {found} || {row} ': ' || quote({quoted})"

    def case(*branches: tuple[str, str]) -> str:
        whens = " ".join(f"when {test} then {value}" for test, value in branches)
        return f"case when {quoted} is null then null {whens} else {misfit} end"

    if size := decimal_of(kind):
        # What arithmetic leaves behind the last digit (0.35000000000000003) is no digit of the number.
        near = f"{found} in ('integer', 'real') and abs(round({quoted}, {size[1]}) - {quoted}) <= abs({quoted}) * 1e-14"
        return case((f"{found} = 'integer'", f"cast({quoted} as text)"), (near, f"printf('%.{size[1]}f', {quoted})"))
    digits = f"cast({quoted} as text)"
    whole = f"{found} = 'integer' and cast(cast({quoted} as real) as integer) = {quoted}"
    fits: dict[str, tuple[tuple[str, str], ...]] = {
        "long": ((f"{found} = 'integer'", digits),),
        "boolean": ((f"{found} = 'integer' and {quoted} in (0, 1)", digits),),
        "double": ((whole, digits), (f"{found} = 'real'", f"printf('%!.17g', {quoted})")),
        "date": ((f"{found} = 'text' and date({quoted}) = {quoted}", quoted),),
        "timestamp": (
            (f"{found} = 'text' and julianday({quoted}) is not null", quoted),
            (f"{found} in ('integer', 'real')", instant(quoted)),
        ),
    }
    fits["timestamptz"] = fits["timestamp"]
    if kind in fits:
        return case(*fits[kind])
    if kind == "binary":
        return f"case when {quoted} is not null then hex({quoted}) end"  # hex(null) is an empty text
    # Bytes in a column of text are given as SQLite writes them: X'00FF'.
    return (
        f"case {found} when 'real' then printf('%!.17g', {quoted}) when 'blob' then quote({quoted}) "
        f"else cast({quoted} as text) end"
    )


def instant(quoted: str) -> str:
    """A time as text: SQLite keeps them as text, as seconds since 1970 or as Julian days."""
    return (
        f"case typeof({quoted}) when 'integer' then strftime('%Y-%m-%d %H:%M:%f', {quoted}, 'unixepoch') "
        f"else strftime('%Y-%m-%d %H:%M:%f', {quoted}) end"
    )
