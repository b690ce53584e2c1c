"""Functions that DuckDB lacks: hashes with a key, and our own over columns of texts."""

import hashlib
from collections.abc import Callable
from typing import Any

import duckdb

from jusante.core.names import quote
from jusante.ports.engine import TextFunction

_BLOCK_BYTES = 64


def keyed_hash(connection: duckdb.DuckDBPyConnection, name: str, key: bytes) -> Callable[[str], str]:
    """SQL for HMAC-SHA-256 (RFC 2104), made of DuckDB's sha256. The key is handed over as a parameter, never as text."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
    for part, pad in (("inner", 0x36), ("outer", 0x5C)):
        connection.execute(f"set variable {quote(f'{name} {part}')} = $1", [bytes(each ^ pad for each in block)])
    inner, outer = (f"getvariable('{name} {part}')" for part in ("inner", "outer"))
    return lambda bytes_sql: f"sha256({outer} || unhex(sha256({inner} || {bytes_sql})))"


def register(connection: duckdb.DuckDBPyConnection, name: str, work: TextFunction, arguments: int) -> None:
    """Make a function of ours known by a name; it is asked for some 2,000 rows at once."""
    import pyarrow as pa

    def over_arrow(*columns: Any) -> Any:
        return pa.array(work(*(column.to_pylist() for column in columns)), pa.string())

    by_count: dict[int, Callable[..., Any]] = {1: lambda a: over_arrow(a), 2: lambda a, b: over_arrow(a, b)}
    connection.create_function(
        name,
        by_count[arguments],  # DuckDB counts what a function declares
        ["VARCHAR"] * arguments,  # type: ignore[list-item]  # a type's name is one to it as well
        "VARCHAR",  # type: ignore[arg-type]
        type="arrow",  # type: ignore[arg-type]
        null_handling="special",  # type: ignore[arg-type]
    )
