"""Which files of a table lie where.

```
<warehouse>/<namespace>/<table>/data/<run>/…        what a run staged; published files stay where they were staged
<warehouse>/<namespace>/<table>/metadata/…          Iceberg's own
```
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from jusante.core.names import split


def folder_of(warehouse: str, name: str) -> Path:
    """The folder of a table. Names that a file system might not take are percent-encoded."""
    namespace, table = split(name)
    return Path(warehouse) / quote(namespace, safe="") / quote(table, safe="")


def staging_of(warehouse: str, name: str, run_id: str) -> Path:
    """The folder that a run stages a table's files in."""
    return folder_of(warehouse, name) / "data" / run_id


def clear(folder: Path, keep: frozenset[str]) -> tuple[int, int]:
    """Remove the files below a folder but those to keep; how many went and how many bytes they had."""
    removed = freed = 0
    for path in files_below(folder):
        if str(path) not in keep:
            removed, freed = removed + 1, freed + path.stat().st_size
            path.unlink(missing_ok=True)
    _prune(folder)
    return removed, freed


def files_below(folder: Path) -> Iterator[Path]:
    """All files below a folder, however deep."""
    return (path for path in list(folder.rglob("*")) if path.is_file())


def resting(folder: Path) -> tuple[int, int]:
    """The bytes and the number of all files below a folder. One that goes meanwhile is not counted."""
    total = files = 0
    waiting = [str(folder)]
    while waiting:
        with contextlib.suppress(FileNotFoundError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    total, files = total + entry.stat(follow_symlinks=False).st_size, files + 1
    return total, files


def _prune(folder: Path) -> None:
    """Remove the empty folders that are left, the deepest first."""
    for path in sorted((p for p in folder.rglob("*") if p.is_dir()), key=lambda p: -len(p.parts)):
        if not any(path.iterdir()):
            path.rmdir()
    if folder.is_dir() and not any(folder.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)
