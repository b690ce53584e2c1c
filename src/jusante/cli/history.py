"""`jusante runs` and `jusante logs`: what the ledger remembers."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.options import asset_names, opened, project_options

if TYPE_CHECKING:
    from rich.text import Text

    from jusante.core.run import Run

COLOURS = {"succeeded": "green", "partial": "yellow", "running": "cyan"}


@click.command()
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, help="How many, at the most.")
@click.option(
    "--status",
    "statuses",
    type=click.Choice(["running", "succeeded", "partial", "failed", "crashed"]),
    multiple=True,
    help="Only those that ended so, or go on; more than one can be named.",
)
@click.option("--since", metavar="TIME", help="Only those begun since: `7d`, or a day as 2026-11-01.")
@click.option("--asset", help="Only those that did something about this asset.", shell_complete=asset_names)
@project_options
def runs(  # noqa: PLR0913  # the options of a command
    limit: int,
    statuses: tuple[str, ...],
    since: str | None,
    asset: str | None,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> None:
    """What has been run, newest first."""
    from jusante.cli import times
    from jusante.cli.console import WIDE, grid, out, print_json

    now = times.now()
    start = times.since(since, now) if since else None
    with opened(folder, environment) as lake:
        found = lake.metadata.runs(limit, statuses=statuses, since=start, asset=asset)
    if as_json:
        print_json({"runs": [run.as_dict() for run in found]})
        return
    if not found:
        chosen = statuses or since or asset
        out().print("No run is like that." if chosen else "Nothing has been run yet. Next: jusante run")
        return
    console = out()
    head = ("run", "started (UTC)", "s", "status", "command")
    shown = [number for number, name in enumerate(head) if console.width >= WIDE or name != "started (UTC)"]
    table = grid(*(head[number] for number in shown), numbers=("s",), whole=head[:-1])
    for run in found:
        row = _row(run, now)
        table.add_row(*(row[number] for number in shown))
    console.print(table)
    if len(found) == limit:
        out().print(f"\nThere may be more: --limit {limit * 10}", style="dim")


def _row(run: "Run", now: dt.datetime) -> "tuple[str | Text, ...]":
    from rich.text import Text

    status = Text(run.status, COLOURS.get(run.status, "red"))
    return run.run_id, f"{run.started_at:%Y-%m-%d %H:%M:%S}", f"{_seconds(run, now):.1f}", status, Text(run.command)


def _seconds(run: "Run", now: dt.datetime) -> float:
    """How long it took, or has taken so far: it may have begun since `now`, or on a machine whose clock is ahead."""
    return max(0.0, ((run.ended_at or now) - run.started_at).total_seconds())


@click.command()
@click.argument("run_id", required=False)
@project_options
def logs(run_id: str | None, folder: Path, environment: str | None, as_json: bool) -> None:
    """What one run did, task by task; the last run by default."""
    from jusante.app import Report
    from jusante.cli.console import out, print_json
    from jusante.cli.report import print_report
    from jusante.errors import UsageError

    with opened(folder, environment) as lake:
        latest = lake.metadata.runs(1)
        chosen = lake.metadata.run(run_id) if run_id else (latest[0] if latest else None)
        if run_id and chosen is None:
            raise UsageError(f"there is no run {run_id}", fix="jusante runs lists them")
        tasks = lake.metadata.tasks(chosen.run_id) if chosen else ()
    if chosen is None:
        out().print("Nothing has been run yet. Next: jusante run")
        return
    report = Report(chosen.run_id, chosen.status, _seconds(chosen, dt.datetime.now(dt.UTC)), tasks)
    if as_json:
        print_json(report.as_dict() | {"started_at": chosen.started_at.isoformat()})
        return
    print_report(report)
    if not chosen.ended_at:
        told = (
            f"It goes on, as far as is known: process {chosen.pid} on {chosen.host}. Next: jusante logs, jusante cancel"
        )
        out().print(told, style="dim")
