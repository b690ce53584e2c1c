"""DuckDB's errors in our words."""

import re

import duckdb

from jusante.engines.duckdb import database_scan, file_scan
from jusante.engines.duckdb.own_words import own_words
from jusante.errors import EngineError, JusanteError, StorageError, StorageFull, storage_error
from jusante.ports.relation import DatabaseScan, FileScan

_FULL = re.compile(r"no space left|disk quota exceeded|ENOSPC", re.IGNORECASE)
_BEFORE_ROWS = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
"""Errors of the query's text alone."""
_READ_ONLY = re.compile(r"read-only file system|permission denied", re.IGNORECASE)


def failure(error: Exception, scans: tuple[DatabaseScan | FileScan, ...]) -> JusanteError:
    """The error to tell. With scans of outside systems in play, they are asked first: most failures are theirs."""
    text = str(error)
    if isinstance(error, OSError) and error.errno is not None:  # Arrow's own errors are OSErrors too, without a number
        return storage_error(error, _path(text))
    if _FULL.search(text):
        return StorageFull(
            "the disk is full", where=_path(text), fix="free some space, then run again: nothing was lost"
        )
    for scan in scans:
        found = database_scan.failure(error, scan) if isinstance(scan, DatabaseScan) else file_scan.failure(error, scan)
        if found is not None:
            return found
    if isinstance(error, duckdb.IOException) and _READ_ONLY.search(text):
        return StorageError(_first(text), where=_path(text), fix="make the folder writable for this user")
    if isinstance(error, duckdb.OutOfMemoryException) and "max_temp_directory_size" in text:
        return EngineError(
            f"the query needs more memory, and more disk to spill to, than it may use: {_first(text)}",
            fix="raise `engine: {memory: …, spill_limit: …}` in jusante.yaml",
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return EngineError(
            f"the query needs more memory than it may use: {_first(text)}",
            fix="raise `engine: {memory: …}` in jusante.yaml",
        )
    if isinstance(error, duckdb.InterruptException):
        return EngineError("the query was cancelled")
    return EngineError(_first(text), unquoted="" if isinstance(error, _BEFORE_ROWS) else _unquoted(text))


def _unquoted(text: str) -> str:
    """The class of an error that rows brought about: what follows may quote one of them."""
    return own_words(text) or (
        f"the query stopped at a row ({text.partition(':')[0].strip()})" if " Error:" in text else "the query stopped"
    )


def _first(text: str) -> str:
    """The message without DuckDB's error class, its SQL excerpt and its hints."""
    message = text.split("\n\n", maxsplit=1)[0].split("\nLINE ", maxsplit=1)[0].strip()
    return re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", message)


def _path(text: str) -> str:
    found = re.search(r'"(/[^"]+)"', text)
    return found[1] if found else ""
