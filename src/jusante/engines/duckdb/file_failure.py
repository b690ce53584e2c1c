"""What DuckDB says of a file that it cannot read, in one sentence, with the file's line and column."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from jusante.errors import SourceError
from jusante.ports.relation import FileScan

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_CAST = re.compile(
    r"Error when converting column \"(.+?)\"\. Could not convert string \"(.*?)\" to '([^']+)'", re.DOTALL
)
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
    found = _json(text, shown) or _csv(text, scan, shown)
    if found:
        return found
    said = text.split("\nLINE ", 1)[0]  # below it stands the query, with the names of all files
    path = max((path for path in shown if path in said), key=len, default=None)
    if path is None:
        return None
    if isinstance(error, duckdb.IOException) and re.search("No files found|Cannot open file", text):
        return SourceError(
            "the file is gone or may not be read", where=shown[path], fix="see that it is there and readable"
        )
    what = _first(text).replace(path, shown[path])
    return SourceError(
        f"the file cannot be read: {what}", where=shown[path], fix="replace the file, or leave it out of `path`"
    )


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
    where = f"{name}:{line[1]}" if line else name
    hidden = {column.lower() for column in scan.options.get("hidden", ())}
    if cast := _CAST.search(text):
        value = "•••" if cast[1].lower() in hidden else _short(cast[2])
        kind = _TYPES.get(cast[3], cast[3].lower())
        fix = f"{_SET_ASIDE}, or declare `columns: {{{cast[1]}: {{type: string}}}}`"
        return SourceError(f'column {cast[1]}: "{value}" is no {kind}', where=where, fix=fix)
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
    return SourceError(f"the row cannot be read: {_reason(text)}", where=where, fix=_SET_ASIDE)


def _json(text: str, shown: dict[str, str]) -> SourceError | None:
    found = _JSON.search(text)
    if not found:
        return None
    path, byte, unit, number, reason = found.groups()
    name = shown.get(path, path)
    where = f"{name}:{number}" if unit == "line" else f"{name}, record {number}"
    where += f", byte {byte}" if byte else ""
    what = f"the JSON is malformed: {reason.rstrip('. ')}" if byte else f"a value does not fit: {reason}"
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
