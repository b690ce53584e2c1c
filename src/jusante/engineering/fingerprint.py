"""Whether anything of a project has changed, told by its files alone: it is not read for that."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("sources", "contracts", "models", "steps", "dashboards", "exposures", "glossary")
"""The folders that a project is read from, beside the files that lie in it."""


def fingerprint(folder: Path, *others: Path) -> str:
    """A hash that changes with each file of the project that is written, comes or goes; `others` are files outside of it."""
    told = hashlib.blake2b(digest_size=16)
    for name in FOLDERS:
        for line in sorted(_below(folder / name)):
            told.update(line.encode())
    plain = (path for path in folder.glob("*.y*ml") if path.is_file())
    for path in (*sorted(plain), *others):
        told.update(_line(path).encode())
    return told.hexdigest()


def _below(folder: Path) -> Iterator[str]:
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as there:
                for item in there:
                    if item.name.startswith((".", "__pycache__")):
                        continue
                    if item.is_dir():
                        waiting.append(item.path)
                    else:
                        state = item.stat()
                        yield f"{item.path} {state.st_mtime_ns} {state.st_size}\n"
        except OSError:
            continue


def _line(path: Path) -> str:
    try:
        state = path.stat()
    except OSError:
        return f"{path} none\n"
    return f"{path} {state.st_mtime_ns} {state.st_size}\n"
