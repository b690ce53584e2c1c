"""A key in a file that only its owner can read, for a project that has no key of its own."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from jusante.core.secret import Secret
from jusante.errors import StorageError, storage_error

KEY_BYTES = 32


def kept_or_made(path: Path) -> tuple[Secret, bool]:
    """The key in a file, and whether it was made just now. Of several who make it at once, one wins.

    Raises StorageError where others can read the file.
    """
    try:
        made = not path.exists() and _make(path)
        _refuse_open(path)
        return Secret(path.read_text(encoding="ascii").strip()), made
    except OSError as error:
        raise storage_error(error, str(path)) from None


def _make(path: Path) -> bool:
    """Write a new key beside its place and move it there whole, unless somebody was faster."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
            return True
        return False
    finally:
        draft.unlink(missing_ok=True)


def _refuse_open(path: Path) -> None:
    mode = path.stat().st_mode
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise StorageError("others on this machine can read the key of masks", where=str(path), fix=f"chmod 600 {path}")
