"""What the columns of a table's files are: names, and how many values of which kind are in each, file by file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from jusante.core.schema import Schema
from jusante.errors import SourceError
from jusante.ports.engine import Reject
from jusante.sources.files import kinds
from jusante.sources.files.listing import File

FILE_COLUMN = "_file"
WHOLE_BYTES = 8 * 1024 * 1024
SAMPLE_CHARACTERS = 2 * 1024 * 1024
"""The types in a larger file are told from its first characters."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file as the engine reads it: at `path`, with these columns and reader options."""

    file: File
    path: str
    columns: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape:
    """Of one file: by column, how many values are of which kind; see `kinds`. No kinds: there is no row."""

    columns: Mapping[str, Mapping[int, int]]


class Format(Protocol):
    """Files of one format, of one table. What it says of a file is kept for as long as the file does not change."""

    def types(self, files: Iterable[File], known: Schema | None) -> dict[str, str]:
        """The columns of all files together, each with the type that holds its values; a known type stays if it does."""

    def parts(self, files: Iterable[File], notices: list[str]) -> list[Part]:
        """How the engine reads the files, without those that have nothing in them."""

    def rejects(self, files: Iterable[File]) -> tuple[Reject, ...]:
        """The rows of the files that were set aside on the way; the engine sets others aside by itself."""


def groups(parts: Iterable[Part]) -> tuple[dict[str, Any], ...]:
    """The parts as a `FileScan` takes them: those together that are read in the same way."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for part in parts:
        signature = (part.columns, tuple(part.options.items()))
        group = found.setdefault(signature, {"files": {}, "columns": part.columns, **part.options})
        group["files"][part.path] = part.file.shown
    return tuple(found.values())


def settled(shapes: Iterable[Shape], known: Schema | None, *, bad_rows_fail: bool) -> dict[str, str]:
    """The columns in the order in which they first come, each with its type. It does not depend on that order."""
    names: dict[str, str] = {}
    counts: dict[str, dict[int, int]] = {}
    for shape in shapes:
        for name, found in shape.columns.items():
            total = counts.setdefault(names.setdefault(name.lower(), name), {})
            for kind, count in found.items():
                total[kind] = total.get(kind, 0) + count
    chosen = kinds.union if bad_rows_fail else kinds.majority
    return {name: _kept(name, chosen(found), known) for name, found in counts.items()}


def _kept(name: str, found: int, known: Schema | None) -> str:
    column = known.find(name) if known else None
    return column.type if column and kinds.holds(column.type, found) else kinds.type_of(found)


def no_file_column(names: Iterable[str], where: str) -> None:
    """Raise SourceError where a file has a column of the name that we give to the file's own."""
    if any(name.lower() == FILE_COLUMN for name in names):
        fix = "rename the column in the file"
        raise SourceError(f"the file has a column {FILE_COLUMN}, which is ours", where=where, fix=fix)
