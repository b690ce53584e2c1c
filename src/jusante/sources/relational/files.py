"""What a database in a file looks like from outside, which tells whether anybody has written to it."""

import hashlib
from pathlib import Path

HEAD_BYTES = 12_288  # DuckDB's two headers; SQLite's header with its change counter is in the first hundred
LOG_HEAD_BYTES = 32  # SQLite's write-ahead log: its salts change when it starts over


def fingerprint(path: Path) -> str | None:
    """Sizes, times and headers of the file and of its write-ahead log. None where there is no file."""
    stamps = []
    for name, head in (
        (path, HEAD_BYTES),
        (Path(f"{path}-wal"), LOG_HEAD_BYTES),
        (Path(f"{path}.wal"), LOG_HEAD_BYTES),
    ):
        try:
            stat = name.stat()
            with name.open("rb") as file:
                stamps.append((stat.st_size, stat.st_mtime_ns, stat.st_ino, file.read(head)))
        except FileNotFoundError:
            if name == path:
                return None
    return hashlib.sha256(repr(stamps).encode()).hexdigest()[:32]
