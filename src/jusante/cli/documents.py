"""Standard output under `--json`: documents, and nothing else. Whatever Python models print goes to standard error."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO

_kept: list[TextIO] = []
"""Standard output, while `sys.stdout` is another stream; for all threads."""


def documents() -> TextIO:
    """Where documents go."""
    return _kept[-1] if _kept else sys.stdout


@contextmanager
def alone() -> Iterator[None]:
    """While the block runs, what is printed by somebody else's code is not among the documents."""
    _kept.append(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _kept.pop()


@contextmanager
def silent() -> Iterator[None]:
    """Where standard error belongs to a JSON log and standard output to documents, nothing else has a place."""
    if not _kept:
        yield
        return
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):  # noqa: PTH123  # no file
        yield
