"""`jusante runs` and `jusante logs`: what the ledger remembers."""

from pathlib import Path

import click

from jusante.cli.options import opened, project_options


@click.command()
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, help="How many, at the most.")
@project_options
def runs(limit: int, folder: Path, environment: str | None, as_json: bool) -> None:
    """What has been run, newest first."""
    from rich.text import Text

    from jusante.cli.console import grid, out, print_json

    with opened(folder, environment) as lake:
        found = lake.metadata.runs(limit)
    if as_json:
        print_json({"runs": [run.as_dict() for run in found]})
        return
    table = grid("run", "started (UTC)", "s", "status", "command", numbers=("s",))
    colours = {"succeeded": "green", "partial": "yellow", "running": "cyan"}
    for run in found:
        seconds = f"{(run.ended_at - run.started_at).total_seconds():.1f}" if run.ended_at else ""
        status = Text(run.status, colours.get(run.status, "red"))
        table.add_row(run.run_id, f"{run.started_at:%Y-%m-%d %H:%M:%S}", seconds, status, run.command)
    out().print(table if found else "Nothing has been run yet. Next: jusante run")


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
    seconds = (chosen.ended_at - chosen.started_at).total_seconds() if chosen.ended_at else 0.0
    report = Report(chosen.run_id, chosen.status, seconds, tasks)
    if as_json:
        print_json(report.as_dict() | {"started_at": chosen.started_at.isoformat()})
    else:
        print_report(report)
