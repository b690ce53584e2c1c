"""Copies in UTF-8 of files that the engine cannot read as they are, in a folder that goes when the connector closes."""

import hashlib
import shutil
import tempfile
from pathlib import Path, PurePosixPath

from jusante.sources.files.content import Content, copy_utf8
from jusante.sources.files.listing import File


class Copies:
    """Makes each copy once for each state of a file."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._made: dict[tuple[File, int | None], str] = {}

    def of(self, file: File, content: Content, limit: int | None = None) -> str:
        """The path of a copy of the file's text, or of the whole lines in its first `limit` characters."""
        key = (file, limit)
        if key not in self._made:
            target = self._place(file, "whole" if limit is None else "sample")
            copy_utf8(file, content, target, limit)
            self._made[key] = target.as_posix()
        return self._made[key]

    def close(self) -> None:
        """Remove all of them."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None
        self._made.clear()

    def place(self, file: File) -> Path:
        """Where somebody else can write a copy of a file that lacks something."""
        return self._place(file, "mended")

    def _place(self, file: File, kind: str) -> Path:
        """Under its own name, so that the engine tells the shown name by cutting the folder off."""
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="jusante-files-"))
        shown = PurePosixPath(file.shown)
        if shown.is_absolute() or ".." in shown.parts or ":" in file.shown:
            digest = hashlib.sha256(file.shown.encode("utf-8", "surrogateescape")).hexdigest()[:16]
            return self._folder / kind / "elsewhere" / digest
        return self._folder / kind / shown
