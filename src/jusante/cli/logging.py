"""The log that was asked for, by `--log` or by `logs` in jusante.yaml."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jusante.cli.documents import silent

if TYPE_CHECKING:
    from jusante.app import Lake
    from jusante.app.json_log import JsonLog


@contextmanager
def chosen(lake: "Lake", asked: str | None) -> Iterator["JsonLog | None"]:
    """The JSON log on standard error; None where what goes on is told to people."""
    if (asked or lake.project.environment.logs) != "json":
        yield None
        return
    from jusante.app.json_log import LogNotifier, json_log

    with silent(), json_log(lake.project, sys.stderr) as log:
        lake.system.console = LogNotifier(log)
        yield log
