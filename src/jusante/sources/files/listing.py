"""Which files there are, and which of them changed."""

import hashlib
from pathlib import Path

Seen = dict[str, tuple[int, int, str]]
"""Size in bytes, time of the last change in ns, and a hash of the content, by path relative to the project."""

_BLOCK = 1024 * 1024


def find(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    """The files that match any of the globs, in order. A pattern may be absolute."""
    found: set[Path] = set()
    for pattern in patterns:
        path = Path(pattern)
        start, rest = (
            (Path(path.anchor), str(path.relative_to(path.anchor))) if path.is_absolute() else (folder, pattern)
        )
        found |= {match for match in start.glob(rest) if match.is_file()}
    return sorted(found)


def shown(folder: Path, path: Path) -> str:
    """A file's path as the project and its tables show it."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()


def seen(folder: Path, files: list[Path], before: Seen) -> Seen:
    """The state of the files. A hash is taken anew only where size or time are others than before."""
    found: Seen = {}
    for path in files:
        status, name = path.stat(), shown(folder, path)
        known = before.get(name)
        if known and known[:2] == (status.st_size, status.st_mtime_ns):
            found[name] = known
        else:
            found[name] = (status.st_size, status.st_mtime_ns, _hash(path))
    return found


def changed(folder: Path, path: Path, now: Seen, before: Seen) -> bool:
    """Whether a file's content is new; a file that was only touched is not."""
    name = shown(folder, path)
    return name not in before or before[name][2] != now[name][2]


def _hash(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
