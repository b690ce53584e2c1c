"""`jusante worker` and `cancel`: tasks done by more processes, and stopped from any of them."""

import datetime as dt
import os
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.options import log_option, opened, project_options

if TYPE_CHECKING:
    from jusante.ports.task_queue import Claim


@click.command()
@log_option
@project_options
def worker(log: str | None, folder: Path, environment: str | None, as_json: bool) -> None:
    """Do tasks of the runs of this project, beside whoever runs it: on this machine or another one.

    It works where metadata and catalog lie in PostgreSQL, and the warehouse where all can reach it. `parallel` says how many
    tasks it does at once. The first signal to stop lets it finish what it does, the second one gives that to the others. What
    is defined otherwise here than where the run began is left to them, too. With --json each line is a document.
    """
    from jusante.app.conductor import Notice
    from jusante.app.working import give_up, queue_of, work
    from jusante.cli.conduct import _json_line, _line, _stopping
    from jusante.cli.logging import chosen

    with opened(folder, environment) as lake, ExitStack() as stack:
        telling = stack.enter_context(chosen(lake, log))
        tell = telling.notice if telling else (_json_line if as_json else _line)

        def told(event: str, what: str, claim: "Claim | None" = None, error: Mapping[str, str] | None = None) -> None:
            about = {"run": claim.run_id, "asset": claim.asset, "error": error} if claim else {}
            tell(Notice(event, what, about))

        stop = stack.enter_context(_stopping(lambda: give_up(lake), tell))
        queue_of(lake.system)
        told("worker.up", f"a worker of {lake.project.name}, process {os.getpid()} on {socket.gethostname()}")
        work(lake, stop, told)
        told("worker.down", "stopped; nothing that it had begun is left undone")


@click.command()
@click.argument("select", nargs=-1)
@click.option("--why", default="", help="Why; the ledger keeps it, and the report of the run tells it.")
@click.option(
    "--wait", "wait_seconds", type=float, default=10.0, show_default=True, help="How many seconds to wait for its end."
)
@project_options
def cancel(
    select: tuple[str, ...], why: str, wait_seconds: float, folder: Path, environment: str | None, as_json: bool
) -> None:
    """Stop what runs: everything, a run (r2026…), or assets. Their queries and scripts are stopped; nothing is published.

    The function of a Python model is stopped where it has a `timeout` or a `memory` of its own; else it is let come to its end,
    and what it gave is thrown away.

    What was not begun yet is left as it was. What is cancelled is not tried again before it is due again.
    """
    from jusante.app.cancelling import cancel as cancelled
    from jusante.cli.console import out, print_json

    with opened(folder, environment) as lake:
        found = cancelled(lake, select, why, dt.datetime.now(dt.UTC), wait_seconds)
    if as_json:
        print_json({"cancelled": [asdict(each) for each in found]})
        return
    for each in found:
        left = [name for name in each.assets if name not in each.too_late]
        what = f"{', '.join(left)} in run {each.run_id}" if left else f"run {each.run_id}"
        if left or not each.assets:
            out().print(f"Cancelled: {what}" if each.is_heeded else f"Asked to cancel {what}; it has not ended yet.")
        if each.too_late:
            out().print(f"Too late, made already: {', '.join(each.too_late)} in run {each.run_id}", style="yellow")
    out().print("Next: jusante logs", style="dim")
