"""The log that was asked for, by `--log` or by `logs` in jusante.yaml."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jusante.cli.documents import silent
from jusante.core.environment import Project

if TYPE_CHECKING:
    from jusante.app.json_log import JsonLog


@contextmanager
def chosen(project: Project, asked: str | None) -> Iterator["JsonLog | None"]:
    """The JSON log on standard error; None where what goes on is told to people."""
    if (asked or project.environment.logs) != "json":
        yield None
        return
    from jusante.app.json_log import json_log

    with silent(), json_log(project, sys.stderr) as log:
        yield log
