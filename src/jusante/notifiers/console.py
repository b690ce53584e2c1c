"""Notices on standard error, for whoever looks on."""

import shutil
import sys
import textwrap
from typing import TextIO

from jusante.ports.notifier import Notice

INDENT = "  "


class ConsoleNotifier:
    """Writes each notice as a block of text; on a terminal it is as wide as that."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def tell(self, notices: tuple[Notice, ...]) -> None:
        """Write them all."""
        stream = self._stream or sys.stderr
        width = shutil.get_terminal_size().columns if stream.isatty() else 0
        for notice in notices:
            stream.write("".join(f"{line}\n" for line in block(notice, width)))
        stream.flush()

    def close(self) -> None:
        """The stream is not ours to close."""


def block(notice: Notice, width: int) -> list[str]:
    """The lines of a notice; what its subject says is not said again. `width` is in characters, 0 for any."""
    lines = [line for line in notice.text.splitlines() if line not in notice.subject]
    found = [f"to {notice.to}:"]
    for line in (notice.subject, *lines):
        deeper = INDENT * (2 if line.startswith(" ") else 1)
        found += (
            textwrap.wrap(line.strip(), width - 1, initial_indent=deeper, subsequent_indent=INDENT * 2)
            if width
            else [deeper + line.strip()]
        )
    return [*found, ""]
