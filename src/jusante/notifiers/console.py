"""Notices on standard error, for whoever looks on."""

import sys
from typing import TextIO

from jusante.ports.notifier import Notice


class ConsoleNotifier:
    """Writes each notice as a block of text."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def tell(self, notices: tuple[Notice, ...]) -> None:
        """Write them all."""
        stream = self._stream or sys.stderr
        for notice in notices:
            stream.write(f"\nto {notice.to}: {notice.subject}\n{notice.text}\n")
        stream.flush()

    def close(self) -> None:
        """The stream is not ours to close."""
