"""What DuckDB says of a file that it cannot read, in one sentence, with the file's line and column."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from jusante.core.literals import literal
from jusante.engines.duckdb.file_lines import line_of_row
from jusante.errors import SourceError
from jusante.ports.relation import FileScan

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_CAST = re.compile(
    r"Error when converting column \"(.+?)\"\. Could not convert string \"(.*?)\" to '([^']+)'", re.DOTALL
)
_VALUE = re.compile(r"(['\"]).*\1", re.DOTALL)
_COUNT = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_JSON = re.compile(
    r"(?:Malformed JSON|JSON transform error) in file \"(.*?)\", (?:at byte (\d+) )?in (line|record/value) (\d+): (.*)"
)
_LONGEST_VALUE = 80
_TYPES = {"BIGINT": "long", "INTEGER": "int", "VARCHAR": "string"}

_SET_ASIDE = "correct the row, or set `bad_rows: quarantine` on the table"


def failure(error: Exception, scan: FileScan) -> SourceError | None:
    """What a failed read of these files means; None where the error is not about them."""
    text = str(error)
    shown = shown_names(scan)
    found = _json(text, scan, shown) or _csv(text, scan, shown)
    if found:
        return found
    said = text.split("\nLINE ", 1)[0]  # below it stands the query, with the names of all files
    path = max((path for path in shown if path in said or pattern_of(path) in said), key=len, default=None)
    if path is None and scan.format == "parquet" and type(error) is duckdb.Error:  # its reader of Thrift names no file
        path = _damaged(scan.files)
    if path is None:
        return None
    if isinstance(error, duckdb.IOException) and re.search("No files found|Cannot open file", text):
        return SourceError(
            "the file is gone or may not be read", where=shown[path], fix="see that it is there and readable"
        )
    what = without_values(_first(text).replace(pattern_of(path), shown[path]).replace(path, shown[path]), scan)
    return SourceError(
        f"the file cannot be read: {what}", where=shown[path], fix="replace the file, or leave it out of `path`"
    )


def _damaged(files: Iterable[str]) -> str | None:
    """The first of these Parquet files that cannot be read to its end."""
    with duckdb.connect() as connection:
        for file in files:
            try:
                connection.execute(f"select bit_xor(hash(row)) from read_parquet([{literal(pattern_of(file))}]) as row")
            except duckdb.Error:
                return file
    return None


def pattern_of(path: str) -> str:
    """The path as DuckDB, which takes each for a glob, finds that very file. There is no way to write a backslash."""
    return path if "\\" in path else re.sub(r"[*?\[]", r"[\g<0>]", path)


def without_values(reason: str, scan: FileScan | None) -> str:
    """DuckDB's reason without the values in it, where the table has any that no message shows."""
    return _VALUE.sub("•••", reason) if scan and scan.options.get("hidden") else reason


def reader_options(scan: FileScan, path: str) -> Mapping[str, Any]:
    """The options with which a file is read."""
    groups: Iterable[Mapping[str, Any]] = scan.options.get("groups", ())
    return next((group for group in groups if path in group["files"]), scan.options)


def shown_names(scan: FileScan) -> dict[str, str]:
    """The files' paths as they are read, each with its name as people see it."""
    groups: Iterable[Mapping[str, Any]] = scan.options.get("groups", ())
    return dict(zip(scan.files, scan.files, strict=True)) | {
        path: name for group in groups for path, name in group["files"].items()
    }


def _csv(text: str, scan: FileScan, shown: dict[str, str]) -> SourceError | None:
    path = re.search(r"^\s*file = (.*)$", text, re.MULTILINE)
    if scan.format != "csv" or not path:
        return None
    name, line = shown.get(path[1].strip(), path[1].strip()), _LINE.search(text)
    where = (
        f"{name}:{line_of_row(path[1].strip(), int(line[1]), reader_options(scan, path[1].strip()))}" if line else name
    )
    if cast := _CAST.search(text):
        # A row that lacks a value holds another column's in this one, so that none is told where any is hidden.
        value = "a value" if scan.options.get("hidden") else f'"{_short(cast[2])}"'
        kind = scan.types.get(cast[1]) or _TYPES.get(cast[3], cast[3].lower())
        fix = f"{_SET_ASIDE}, or declare `columns: {{{cast[1]}: {{type: string}}}}`"
        return SourceError(f"column {cast[1]}: {value} is no {kind}", where=where, fix=fix)
    if count := _COUNT.search(text):
        return SourceError(
            f"the row has {count[2]} values where there should be {count[1]}", where=where, fix=_SET_ASIDE
        )
    if "unterminated quote" in text:
        return SourceError("a quote is opened and not closed", where=where, fix=_SET_ASIDE)
    if "not utf-8" in text:
        return SourceError(
            "the text is not UTF-8", where=where, fix="say `encoding:` on the table, or leave it on auto"
        )
    if "invalid state" in text:
        return SourceError("the file does not keep to the rules of CSV (RFC 4180)", where=where, fix=_SET_ASIDE)
    return SourceError(f"the row cannot be read: {without_values(_reason(text), scan)}", where=where, fix=_SET_ASIDE)


def _json(text: str, scan: FileScan, shown: dict[str, str]) -> SourceError | None:
    found = _JSON.search(text)
    if not found:
        return None
    path, byte, unit, number, reason = found.groups()
    name = shown.get(path, path)
    where = f"{name}:{number}" if unit == "line" else f"{name}, record {number}"
    where += f", byte {byte}" if byte else ""
    misfit = "a value does not fit its type" if scan.options.get("hidden") else f"a value does not fit: {reason}"
    what = f"the JSON is malformed: {reason.rstrip('. ')}" if byte else misfit
    fix = (
        "correct the file" if byte else "correct the file, or declare the column's type: `columns: {…: {type: string}}`"
    )
    return SourceError(what, where=where, fix=fix)


def _reason(text: str) -> str:
    """The line that says what is wrong, which stands after the original line and before the possible fixes."""
    lines = [line for line in text.split("Possible", 1)[0].splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "DuckDB gives no reason"


def _first(text: str) -> str:
    line = text.split("\n", 1)[0]
    return re.sub(r"^([A-Z][A-Za-z ]* Error|Error): ", "", line).strip()


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + "…"
