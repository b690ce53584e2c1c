"""Notices in a file, one JSON object a line, for another program to take up."""

import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path

from jusante.errors import SourceUnavailable
from jusante.ports.notifier import Notice


class FileNotifier:
    """Appends to a file, which is made when it is first needed."""

    def __init__(self, path: Path, clock: Callable[[], dt.datetime]) -> None:
        self._path = path
        self._clock = clock

    def tell(self, notices: tuple[Notice, ...]) -> None:
        """Append them all in one write, and see them on disk."""
        at = self._clock().isoformat()
        lines = [
            json.dumps(
                {"at": at, "to": n.to, "kind": n.kind, "subject": n.subject, "text": n.text, "key": n.key},
                ensure_ascii=False,
            )
            for n in notices
        ]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise SourceUnavailable(
                f"notices cannot be written: {error.strerror}", where=str(self._path), fix="make the folder writable"
            ) from None

    def close(self) -> None:
        """The file is closed after each write."""
