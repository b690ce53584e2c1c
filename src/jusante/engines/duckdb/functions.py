"""Functions that DuckDB lacks: hashes with a key, and our own over columns of texts."""

import hashlib
from collections.abc import Callable
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling, PythonUDFType

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

    def of_one(first: Any) -> Any:
        return pa.array(work(first.to_pylist()), pa.string())

    def of_two(first: Any, second: Any) -> Any:
        return pa.array(work(first.to_pylist(), second.to_pylist()), pa.string())

    chosen: Callable[..., Any] = of_one if arguments == 1 else of_two  # DuckDB counts what a function declares
    connection.create_function(
        name,
        chosen,
        ["varchar"] * arguments,
        "varchar",
        type=PythonUDFType.ARROW,
        null_handling=FunctionNullHandling.SPECIAL,
    )
