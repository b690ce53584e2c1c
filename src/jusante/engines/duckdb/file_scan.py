"""Reads files that somebody else wrote.

A `FileScan` without `options["groups"]` is read as DuckDB finds it. With groups nothing is guessed: `types` lists every
column to deliver, in order, and each group is a mapping of
`files` (path as it is read -> name as it is shown), `columns` (the names in the files, in order; needed for CSV and
Parquet), and the rest options of DuckDB's reader. `options["hidden"]` names columns whose values no message shows;
`options["rejects"]` are rows that were set aside before.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from jusante.core.literals import literal
from jusante.core.names import quote
from jusante.engines.duckdb.file_failure import failure, pattern_of, reader_options, shown_names, without_values
from jusante.engines.duckdb.file_lines import lines_at
from jusante.engines.duckdb.types import duckdb_name
from jusante.ports.engine import Reject
from jusante.ports.relation import FileScan

__all__ = ["REJECTS_KEPT", "failure", "prepare", "rejects"]

REJECTS_KEPT = 10_000
_READERS = {"csv": "read_csv", "json": "read_json", "ndjson": "read_json", "parquet": "read_parquet"}
_JSON_FORMAT = {"json": "auto", "ndjson": "newline_delimited"}
_LARGEST_OBJECT_BYTES = 64 * 1024 * 1024
_PATH = "jusante path"  # what a reader calls the file of a row; files may have a column `filename`
_SHOWN_PATH = quote(_PATH) if os.sep == "/" else f"replace({quote(_PATH)}, '\\', '/')"
_CSV_FIXED = {"auto_detect": False, "quote": '"', "escape": '"', "header": True}


def prepare(connection: duckdb.DuckDBPyConnection, name: str, scan: FileScan) -> str:
    """A SELECT that reads the files; one without rows where there are none. `name` tells scans with rejects apart."""
    for table in _reject_tables(name) if scan.set_aside else ():
        connection.execute(f"drop table if exists temp.main.{table}")
    if "groups" not in scan.options:
        return _found(name, scan)
    parts = [_group(name, scan, group) for group in scan.options["groups"]]
    return " union all ".join(parts) if parts else _nothing(scan)


# -- what is read as DuckDB finds it -------------------------------------------------------------------------------------


def _found(name: str, scan: FileScan) -> str:
    if not scan.files:
        return _nothing(scan)
    arguments: dict[str, Any] = {"union_by_name": True, **scan.options}
    if scan.format in _JSON_FORMAT:
        arguments |= {"format": _JSON_FORMAT[scan.format]}
    types = []
    if scan.types and scan.format != "parquet":
        types = [f"{'types' if scan.format == 'csv' else 'columns'} = {_types(scan.types)}"]
    call = _call(name, scan, tuple(scan.files), arguments, types)
    if not scan.file_column:
        return f"select * from {call}"
    return f"select * exclude ({quote(_PATH)}), {_SHOWN_PATH} as {quote(scan.file_column)} from {call}"


# -- groups, in which all is said ----------------------------------------------------------------------------------------


def _group(name: str, scan: FileScan, group: Mapping[str, Any]) -> str:
    files: Mapping[str, str] = group["files"]
    options = {key: value for key, value in group.items() if key not in {"files", "columns"}}
    columns: Sequence[str] = group.get("columns", tuple(scan.types))
    more = []
    if scan.format == "csv":
        options = {**_CSV_FIXED, **options}
        wanted = {column.lower(): kind for column, kind in scan.types.items()}
        more = [f"columns = {_types({column: wanted.get(column.lower(), 'string') for column in columns})}"]
    elif scan.format == "parquet":
        options = {"union_by_name": True, **options}
    else:
        options = {"format": _JSON_FORMAT[scan.format], "maximum_object_size": _LARGEST_OBJECT_BYTES, **options}
        more = [f"columns = {_types(scan.types)}"] if scan.types else []
    if scan.format in _JSON_FORMAT and options.get("compression") == "none":
        options["compression"] = "uncompressed"
    call = _call(name, scan, tuple(files), options, more)
    return f"select {', '.join(_items(scan, columns, files)) or '*'} from {call}"


def _items(scan: FileScan, columns: Sequence[str], files: Mapping[str, str]) -> Iterator[str]:
    there = {column.lower(): column for column in columns}
    for column, kind in scan.types.items():
        found = there.get(column.lower())
        yield f"{quote(found)} as {quote(column)}" if found else f"cast(null as {_sql_type(kind)}) as {quote(column)}"
    if scan.file_column:
        yield f"{_shown(files)} as {quote(scan.file_column)}"


def _shown(files: Mapping[str, str]) -> str:
    """SQL for the name that is shown: the path without the folder that all of them lie in, else name by name."""
    folders = {path[: -len(name)] if path.endswith(name) else None for path, name in files.items()}
    if len(folders) == 1 and (folder := folders.pop()) is not None:
        return f"substr({_SHOWN_PATH}, {len(folder) + 1})"
    cases = " ".join(f"when {literal(path)} then {literal(name)}" for path, name in files.items())
    return f"case {_SHOWN_PATH} {cases} end"


def _nothing(scan: FileScan) -> str:
    nulls = [f"cast(null as {_sql_type(kind)}) as {quote(column)}" for column, kind in scan.types.items()]
    nulls += [f"cast(null as varchar) as {quote(scan.file_column)}"] if scan.file_column else []
    return f"select {', '.join(nulls)} where false"


def _call(name: str, scan: FileScan, files: tuple[str, ...], options: Mapping[str, Any], more: list[str]) -> str:
    arguments = [_value(tuple(map(pattern_of, files)))]
    arguments += [f"{key} = {_value(value)}" for key, value in options.items() if value is not None] + more
    arguments += [f"filename = {literal(_PATH)}"] if scan.file_column else []
    if scan.set_aside and scan.format == "csv":
        errors, scans = _reject_tables(name)
        arguments += ["store_rejects = true", f"rejects_limit = {REJECTS_KEPT}"]
        arguments += [f"rejects_table = '{errors}'", f"rejects_scan = '{scans}'"]
    return f"{_READERS[scan.format]}({', '.join(arguments)})"


def _types(types: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{literal(name)}: {literal(_sql_type(kind))}" for name, kind in types.items()) + "}"


def _sql_type(kind: str) -> str:
    return "JSON" if kind == "json" else duckdb_name(kind)


def _value(value: Any) -> str:
    return "[" + ", ".join(literal(item) for item in value) + "]" if isinstance(value, list | tuple) else literal(value)


# -- rows that could not be read -----------------------------------------------------------------------------------------


def rejects(connection: duckdb.DuckDBPyConnection, name: str, scan: FileScan | None = None) -> list[Reject]:
    """The lines that could not be read, each once, at most REJECTS_KEPT. With the scan, files bear their shown names."""
    set_aside: tuple[Reject, ...] = scan.options.get("rejects", ()) if scan else ()
    errors, scans = _reject_tables(name)
    sql = (
        "select s.file_path, e.line, first(e.column_name order by e.column_idx), first(e.error_message order by e.column_idx), "
        "first(e.csv_line order by e.column_idx), "
        "min(e.line_byte_position - 1 + length(e.csv_line) - length(ltrim(e.csv_line, e'\\r\\n'))) "
        f"from temp.main.{errors} as e join temp.main.{scans} as s "
        f"on s.scan_id = e.scan_id and s.file_id = e.file_id group by all order by all limit {REJECTS_KEPT}"
    )
    try:
        rows = connection.execute(sql).fetchall()
    except duckdb.CatalogException:  # nothing has been read yet, or nothing was to be set aside
        return list(set_aside[:REJECTS_KEPT])
    return [*set_aside, *(_reject(row, scan, lines) for lines in [_lines(rows, scan)] for row in rows)][:REJECTS_KEPT]


def _reject(row: tuple[Any, ...], scan: FileScan | None, lines: Mapping[tuple[str, int], int]) -> Reject:
    file, line, column, reason, text, position = row
    shown = shown_names(scan).get(file, file) if scan else file
    number = lines.get((file, position), int(line))
    said = without_values(str(reason).split("\n")[0], scan)
    return Reject(shown, number, column or "", said, (text or "").strip("\r\n"))


def _lines(rows: Sequence[tuple[Any, ...]], scan: FileScan | None) -> dict[tuple[str, int], int]:
    """The line of each row, by its file and its position in it: after the line ends that the text of a row begins with."""
    positions: dict[str, list[int]] = {}
    for file, _, _, _, _, position in rows:
        positions.setdefault(file, []).append(position)
    return {
        (file, position): line
        for file, found in positions.items()
        for position, line in lines_at(file, found, reader_options(scan, file) if scan else {}).items()
    }


def _reject_tables(name: str) -> tuple[str, str]:
    """Names of tables, plain ones as DuckDB wants them, that belong to the connection."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"rejects_{digest}", f"reject_scans_{digest}"
