"""Which files there are, and which of them changed."""

import hashlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from jusante.core.names import nearest
from jusante.errors import SourceError, SourceUnavailable

_BLOCK_BYTES = 1024 * 1024
_NAMES_SHOWN = 5
_RIGHT = "give this user the right to read it"
_TICK_NS = 100_000_000
_COARSE_TICK_NS = 3_000_000_000
"""How long a file may change again without another time on it; longer where times are whole seconds."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was when it was looked at. `shown` is its path relative to the project, with forward slashes."""

    path: Path
    shown: str
    size: int
    mtime_ns: int

    def moved_on(self) -> bool:
        """Whether it has been written to since, or has gone."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return True
        return (status.st_size, status.st_mtime_ns) != (self.size, self.mtime_ns)

    def is_settled(self) -> bool:
        """Whether a later change would show in its time."""
        whole_seconds = self.mtime_ns % 1_000_000_000 == 0
        return time.time_ns() - self.mtime_ns > (_COARSE_TICK_NS if whole_seconds else _TICK_NS)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a file was when it was read: size in bytes, time of its last change (0: too young to go by), a hash of it."""

    size: int
    mtime_ns: int
    digest: str


Marker = dict[str, Seen]
"""The files that were read, by shown name."""


def find(folder: Path, patterns: Iterable[str]) -> list[File]:
    """The files that match any of the globs, by name. A glob may be absolute; hidden files do not match.

    Raises SourceError for a glob that matches nothing.
    """
    found: dict[Path, str] = {}
    for pattern in patterns:
        matches = _matches(folder, pattern)
        if not matches:
            raise SourceError(f"no file matches {pattern}", where=str(folder), fix=_fix(folder, pattern))
        absolute = Path(pattern).is_absolute()
        found |= {path: path.as_posix() if absolute else _relative(folder, path) for path in matches}
    files = [file for path, shown in found.items() if (file := _file(path, shown))]
    if not files:
        raise SourceUnavailable("the files have gone away", where=min(found.values()), fix="run again")
    return sorted(files, key=lambda file: file.shown)


def _file(path: Path, shown: str) -> File | None:
    try:
        status = path.stat()
    except FileNotFoundError:  # it went away since it was listed
        return None
    return File(path, shown, status.st_size, status.st_mtime_ns)


def _matches(folder: Path, pattern: str) -> list[Path]:
    path = Path(pattern)
    start, rest = (Path(path.anchor), str(path.relative_to(path.anchor))) if path.is_absolute() else (folder, pattern)
    try:
        if (folder / pattern).is_file():
            return [folder / pattern]
        return [match for match in start.glob(rest) if match.is_file() and not _is_hidden(match, start, path)]
    except (ValueError, NotImplementedError) as error:
        raise SourceError(f"{pattern!r} is no glob: {error}", fix="write one like `data/orders_*.csv`") from None
    except PermissionError as error:
        raise SourceError("the folder may not be read", where=str(error.filename), fix=_RIGHT) from None
    except OSError as error:
        what = f"{pattern!r} cannot be looked for: {error.strerror}"
        raise SourceError(what, fix="write a glob like `data/orders_*.csv`") from None


def _is_hidden(match: Path, start: Path, pattern: Path) -> bool:
    """Whether a file or a folder on the way to it begins with a dot, and the glob does not say so itself."""
    parts = [part for part in Path(os.path.relpath(match, start)).parts if part != ".."]
    named = [part for part in pattern.parts if part.startswith(".")]
    return any(part.startswith(".") and not any(fnmatchcase(part, name) for name in named) for part in parts)


def _relative(folder: Path, path: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _fix(folder: Path, pattern: str) -> str:
    """What is there, as far down as the pattern's own words lead."""
    here = folder
    for part in Path(pattern).parts:
        below = here / part
        if below.is_dir():
            here = below
            continue
        return _fix_in(here, part, "the project's folder" if here == folder else _relative(folder, here))
    return "name the files in the folder: add `/*.csv`"


def _fix_in(here: Path, part: str, shown: str) -> str:
    names = sorted(entry.name for entry in here.iterdir()) if here.is_dir() else []
    if meant := nearest(part, names):
        return f"there is {meant} in {shown}: did you mean that?"
    some = ", ".join(names[:_NAMES_SHOWN]) + (" …" if len(names) > _NAMES_SHOWN else "")
    return f"paths are relative to the project; in {shown} there is {some or 'nothing'}"


def seen(files: Iterable[File], before: Marker) -> Marker:
    """The files as a marker keeps them. A file is hashed only where its size or time are others than before."""
    now: Marker = {}
    for file in files:
        known = before.get(file.shown)
        same = known is not None and (known.size, known.mtime_ns) == (file.size, file.mtime_ns)
        settled = file.is_settled()
        digest = known.digest if known and same else digest_of(file)
        now[file.shown] = Seen(file.size, file.mtime_ns if settled else 0, digest)
    return now


def same_content(now: Marker, before: Marker) -> bool:
    """Whether the very same files are there with the same content, whenever they were touched."""
    return {name: file.digest for name, file in now.items()} == {name: file.digest for name, file in before.items()}


def digest_of(file: File) -> str:
    """A hash of a file's content. Raises SourceError where it may not be read."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with file.path.open("rb") as opened:
            while block := opened.read(_BLOCK_BYTES):
                digest.update(block)
    except PermissionError:
        raise SourceError("the file may not be read", where=file.shown, fix=_RIGHT) from None
    except FileNotFoundError:
        raise SourceUnavailable("the file has gone away", where=file.shown, fix="run again") from None
    return digest.hexdigest()


def pack(marker: Marker) -> str:
    """A marker as it is published with the rows."""
    return json.dumps({name: [file.size, file.mtime_ns, file.digest] for name, file in sorted(marker.items())})


def unpack(text: str | None) -> Marker | None:
    """What `pack` wrote; None for anything else, as the marker of another kind of source."""
    try:
        return {
            name: Seen(int(size), int(time), str(digest))
            for name, (size, time, digest) in json.loads(text or "").items()
        }
    except (ValueError, TypeError, AttributeError):
        return None
