"""What the columns of a table's files are: names, and the kinds of value in each, file by file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jusante.sources.files.listing import File


@dataclass(frozen=True, slots=True)
class Part:
    """One file as the engine reads it: at `path`, with these columns and reader options."""

    file: File
    path: str
    columns: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def signature(self) -> tuple[Any, ...]:
        """Equal for files that one reader reads together."""
        return (self.columns, tuple(self.options.items()))


@dataclass(frozen=True, slots=True)
class Shape:
    """The kinds of value in each column of one file, by name; see `kinds`."""

    kinds: Mapping[str, int]


def groups(parts: Iterable[Part]) -> tuple[dict[str, Any], ...]:
    """The parts as a `FileScan` takes them: those together that are read in the same way."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for part in parts:
        group = found.setdefault(part.signature, {"files": {}, "columns": part.columns, **part.options})
        group["files"][part.path] = part.file.shown
    return tuple(found.values())


def merged(shapes: Iterable[Shape]) -> dict[str, int]:
    """The columns of all files, in the order in which they first come, with all kinds of value that any file has."""
    names: dict[str, str] = {}
    kinds: dict[str, int] = {}
    for shape in shapes:
        for name, kind in shape.kinds.items():
            first = names.setdefault(name.lower(), name)
            kinds[first] = kinds.get(first, 0) | kind
    return kinds
