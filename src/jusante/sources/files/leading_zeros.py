"""Columns that look like numbers and are not: `00123` is a code, and its zeros must not be lost."""

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

_ROWS_LOOKED_AT = 20_000


def text_columns(files: list[Path], groups: list[tuple[str, list[str]]], delimiter: str | None) -> set[str]:
    """The columns in which some value begins with a zero and a digit, in the first rows of any file."""
    found: set[str] = set()
    for path, encoding in _each(files, groups):
        rows = rows_of(path, encoding, delimiter)
        names = next(rows, [])
        for number, row in enumerate(rows):
            if number >= _ROWS_LOOKED_AT:
                break
            found |= {name for name, value in zip(names, row, strict=False) if _is_code(value)}
    return found


def header(files: list[Path], groups: list[tuple[str, list[str]]], delimiter: str | None) -> set[str]:
    """The names in the first lines of all files."""
    return {name for path, encoding in _each(files, groups) for name in next(rows_of(path, encoding, delimiter), [])}


def _is_code(value: str) -> bool:
    digits = value.strip()
    return len(digits) > 1 and digits[0] == "0" and digits.isdigit()


def _each(files: list[Path], groups: list[tuple[str, list[str]]]) -> Iterator[tuple[Path, str]]:
    encodings = {file: encoding for encoding, members in groups for file in members}
    return ((path, encodings[str(path)]) for path in files if path.suffix not in {".zst", ".zstd"})


def rows_of(path: Path, encoding: str, delimiter: str | None) -> Iterator[list[str]]:
    """The rows of a CSV file as text, the header first."""
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    raw = gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # noqa: SIM115  # the wrapper below closes it
    with io.TextIOWrapper(raw, name, errors="replace", newline="") as file:
        start = file.readline()
        file.seek(0)
        yield from csv.reader((line.replace("\0", "") for line in file), delimiter=delimiter or _likely(start))


def _likely(line: str) -> str:
    """The delimiter that the first line has most of."""
    return max(",;\t|", key=line.count)


def likely_delimiter(path: Path, encoding: str) -> str:
    """What stands between values, by the first line of a file."""
    first = next(rows_of(path, encoding, "\x1f"), [""])
    return _likely("\x1f".join(first))
