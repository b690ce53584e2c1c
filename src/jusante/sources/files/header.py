"""The first line of a CSV file: the delimiter, and the names of the columns."""

import csv
import io
from dataclasses import dataclass

_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Header:
    """How a file begins. `skip` is the number of blank lines before the first; `changed` are names that had to be made."""

    names: tuple[str, ...]
    delimiter: str
    skip: int
    changed: tuple[str, ...]


def read_header(start: str, delimiter: str | None, quote: str, *, is_named: bool) -> Header:
    """The header of a file from the beginning of its text. Without names in it, columns are `column1`, `column2` …"""
    lines = io.StringIO(start, newline="")
    skip = 0
    position = 0
    while (line := lines.readline()) and not line.strip():
        skip, position = skip + 1, lines.tell()
    chosen = delimiter or likely_delimiter(line, quote)
    lines.seek(position)
    quoting = {"quotechar": quote, "quoting": csv.QUOTE_MINIMAL} if quote else {"quoting": csv.QUOTE_NONE}
    csv.field_size_limit(max(csv.field_size_limit(), len(start) + 1))
    row = next(csv.reader(lines, delimiter=chosen, **quoting), [])
    names, changed = distinct([name.strip() for name in row] if is_named else [""] * len(row))
    return Header(names, chosen, skip, changed if is_named else ())


def likely_delimiter(line: str, quote: str) -> str:
    """The one of comma, semicolon, tab and bar that the line has most of outside of quotes; a comma if it has none."""
    outside = "".join(line.split(quote)[::2]) if quote else line
    return max(_DELIMITERS, key=outside.count)


def distinct(given: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names, each unlike all others without regard to case, and those that were made for it or for an empty one."""
    names: list[str] = []
    changed: list[str] = []
    taken = {name.lower() for name in given}
    used: set[str] = set()
    for number, wanted in enumerate(given, start=1):
        name = wanted
        if not wanted or wanted.lower() in used:
            name = _free(wanted or "column", 1 if wanted else number, taken | used)
            changed.append(name)
        names.append(name)
        used.add(name.lower())
    return tuple(names), tuple(changed)


def _free(stem: str, number: int, taken: set[str]) -> str:
    separator = "" if stem == "column" else "_"
    while f"{stem}{separator}{number}".lower() in taken:
        number += 1
    return f"{stem}{separator}{number}"
