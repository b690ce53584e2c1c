"""`jusante run`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.options import asset_names, log_option, opened, project_options

if TYPE_CHECKING:
    from jusante.app import Report


@click.command()
@click.argument("select", nargs=-1, shell_complete=asset_names)
@click.option("--anew", is_flag=True, help="Make all that is chosen, stale or not.")
@click.option(
    "--wait", "wait_seconds", type=float, default=0.0, help="How many seconds to wait for another run to end."
)
@log_option
@project_options
def run(  # noqa: PLR0913  # each is an option
    select: tuple[str, ...],
    anew: bool,
    wait_seconds: float,
    log: str | None,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> None:
    """Make what is stale, and nothing else.

    SELECT names assets: marts.daily_sales, +x (and all above), x+ (and all below), tag:ml, source:sales. All by default.
    """
    with opened(folder, environment) as lake:
        from jusante.cli.logging import chosen
        from jusante.cli.progress import following

        with chosen(lake, log) as telling, following(lake.project.graph, select, telling) as listener:
            report = lake.run(select, listener=listener, anew=anew, wait_seconds=wait_seconds)
            if telling:
                telling.ended(report)
    if as_json:
        from jusante.cli.console import print_json

        print_json(report.as_dict())
    elif not telling:
        tell_report(report)
    sys.exit(0 if report.status == "succeeded" else 1)


def tell_report(report: "Report") -> None:
    """What was done, what went wrong and why, and what to do next."""
    from jusante.cli.report import print_report

    print_report(report)
