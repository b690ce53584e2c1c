"""What the columns of a dirty CSV file are, when some of its values are known to be wrong.

The engine finds types by trying all values; one bad value would make a column text. Here the many outvote the few.
"""

import itertools
import re
from pathlib import Path

from jusante.sources.files.leading_zeros import likely_delimiter, rows_of

ROWS_LOOKED_AT = 20_000
ENOUGH = 0.9
_PATTERNS = {
    "long": re.compile(r"[+-]?(0|[1-9]\d{0,17})"),
    "double": re.compile(r"[+-]?\d+\.?\d*([eE][+-]?\d+)?"),
    "boolean": re.compile(r"true|false", re.IGNORECASE),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "timestamp": re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?"),
}

Shape = tuple[str, list[str]]
"""What stands between values, and the names of the columns."""


def shape_of(path: Path, encoding: str, delimiter: str | None) -> Shape:
    """A file's delimiter and column names, by its first line."""
    found = delimiter or likely_delimiter(path, encoding)
    return found, next(rows_of(path, encoding, found), [])


def types_of(path: Path, encoding: str, delimiter: str) -> dict[str, str]:
    """The type that nine tenths of a column's first values have; text where there is none."""
    rows = rows_of(path, encoding, delimiter)
    names = next(rows, [])
    values: dict[str, list[str]] = {name: [] for name in names}
    for row in itertools.islice(rows, ROWS_LOOKED_AT):
        if len(row) == len(names):
            for name, value in zip(names, row, strict=True):
                if value:
                    values[name].append(value)
    return {name: _type(seen) for name, seen in values.items()}


def _type(values: list[str]) -> str:
    for name, pattern in _PATTERNS.items():
        if values and sum(bool(pattern.fullmatch(value)) for value in values) >= ENOUGH * len(values):
            return name
    return "string"
