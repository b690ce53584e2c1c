"""Reads files that somebody else wrote."""

import hashlib
import itertools
import re
from collections.abc import Mapping
from typing import Any

import duckdb

from jusante.core.literals import literal
from jusante.core.names import quote
from jusante.engines.duckdb.types import duckdb_name
from jusante.errors import SourceError
from jusante.ports.engine import Reject
from jusante.ports.relation import FileScan

REJECTS_KEPT = 10_000
_READERS = {"csv": "read_csv", "json": "read_json", "ndjson": "read_json", "parquet": "read_parquet"}
_LINE = re.compile(r"line[: ]+(\d+)", re.IGNORECASE)
_COLUMN = re.compile(r"column(?: name)?[: ]+\"?([^\s\",.]+)", re.IGNORECASE)


def prepare(connection: duckdb.DuckDBPyConnection, name: str, scan: FileScan) -> str:
    """A SELECT that reads the files. `options["groups"]` may split them by encoding: `[[encoding, [file, …]], …]`."""
    del connection
    parts = [_read(name, scan, number, encoding, files) for number, (encoding, files) in enumerate(_groups(scan))]
    if not parts:
        raise SourceError("there is no file with anything in it", where=name, fix="see the files that the path names")
    return " union all by name ".join(parts)


def _groups(scan: FileScan) -> list[tuple[str | None, tuple[str, ...]]]:
    groups = scan.options.get("groups")
    if groups is None:
        return [(None, scan.files)] if scan.files else []
    if scan.set_aside:  # DuckDB keeps rejects only where it reads files of one shape: each by itself, then
        return [(encoding, (file,)) for encoding, files in groups for file in files]
    return [(encoding, tuple(files)) for encoding, files in groups]


def _read(name: str, scan: FileScan, number: int, encoding: str | None, files: tuple[str, ...]) -> str:
    listed = "[" + ", ".join(literal(file) for file in files) + "]"
    arguments = [listed, *_arguments(scan)]
    if scan.format == "csv":
        arguments += [f"encoding = {literal(encoding)}"] if encoding else []
        arguments += [*_rejecting(name, number), *_shape(scan, files[0])] if scan.set_aside else []
    text = f"{_READERS[scan.format]}({', '.join(arguments)})"
    if not scan.file_column:
        return f"select * from {text}"
    # Paths are shown as the project has them, relative and with forward slashes.
    prefix = str(scan.options.get("folder", ""))
    shown = f"replace(filename, '\\', '/')[{len(prefix) + 1}:]" if prefix else "filename"
    return f"select * exclude (filename), {shown} as {quote(scan.file_column)} from {text}"


def _arguments(scan: FileScan) -> list[str]:
    found = [] if scan.format == "csv" and scan.set_aside else ["union_by_name = true"]
    found += ["filename = true"] if scan.file_column else []
    if scan.format == "csv" and not scan.set_aside:
        found += ["auto_detect = true", "sample_size = 100000"]
    if scan.format in {"json", "ndjson"}:
        kind = "newline_delimited" if scan.format == "ndjson" else "auto"
        found += [f"format = '{kind}'", "sample_size = 100000", "maximum_depth = 2"]
    known = {k: v for k, v in scan.options.items() if k not in {"groups", "folder", "shapes"}}
    found += [f"{key} = {_value(value)}" for key, value in known.items()]
    if scan.types and scan.format == "csv" and not scan.set_aside:
        found.append(f"types = {_types(scan.types)}")
    return found


def _types(types: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{literal(name)}: {literal(duckdb_name(kind))}" for name, kind in types.items()) + "}"


def _value(value: Any) -> str:
    return "[" + ", ".join(literal(item) for item in value) + "]" if isinstance(value, list | tuple) else literal(value)


def _shape(scan: FileScan, file: str) -> list[str]:
    """A file with bad rows defies detection: what its columns are is told."""
    delimiter, names = scan.options["shapes"][file]
    columns = ", ".join(f"{literal(name)}: {literal(duckdb_name(scan.types.get(name, 'string')))}" for name in names)
    given = ["auto_detect = false", f"columns = {{{columns}}}"]
    said = {"delim": delimiter, "header": True, "quote": '"', "escape": '"'}
    return given + [f"{key} = {literal(value)}" for key, value in said.items() if key not in scan.options]


def _rejecting(name: str, number: int) -> list[str]:
    errors, scans = _reject_tables(name, number)
    return [
        "store_rejects = true",
        f"rejects_table = {literal(errors)}",
        f"rejects_scan = {literal(scans)}",
        f"rejects_limit = {REJECTS_KEPT}",
    ]


def _reject_tables(name: str, number: int) -> tuple[str, str]:
    """The tables that DuckDB keeps rejects in; it takes plain names only."""
    plain = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"rejects_{plain}_{number}", f"reject_scans_{plain}_{number}"


def rejects(connection: duckdb.DuckDBPyConnection, name: str, scan: FileScan) -> list[Reject]:
    """The rows that could not be read, at most REJECTS_KEPT, one for each line."""
    found: dict[tuple[str, int], Reject] = {}
    for number in itertools.count():
        errors, scans = (f"temp.main.{quote(table)}" for table in _reject_tables(name, number))
        try:
            rows = connection.execute(
                f"select distinct s.file_path, e.line, e.column_name, e.error_message, e.csv_line from {errors} as e "
                f"join {scans} as s on s.scan_id = e.scan_id and s.file_id = e.file_id order by all limit {REJECTS_KEPT}"
            ).fetchall()
        except duckdb.CatalogException:
            break
        for path, line, column, reason, text in rows:
            file = path.replace("\\", "/").removeprefix(str(scan.options.get("folder", "")))
            found.setdefault(
                (file, line),
                Reject(file, int(line), column or "", str(reason).split("\n")[0], (text or "").strip("\r\n")),
            )
    return list(found.values())[:REJECTS_KEPT]


def failure(error: Exception, scan: FileScan) -> SourceError | None:
    """What a failed read of these files means; None where it was not about them."""
    text = str(error)
    file = next((file for file in scan.files if file in text), None)
    if file is None and not isinstance(error, duckdb.InvalidInputException | duckdb.ConversionException):
        return None
    line, column = _LINE.search(text), _COLUMN.search(text)
    place = file or scan.files[0]
    first = re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", text.split("\n", maxsplit=1)[0]).replace(f'"{place}"', "").strip()
    what = f"{first}" + (f" (column {column[1]})" if column and column[1] not in first else "")
    fix = "correct the row, set `bad_rows: quarantine` on the table, or declare the column's type"
    return SourceError(what, where=f"{place}:{line[1]}" if line else place, fix=fix)
