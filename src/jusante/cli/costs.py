"""`jusante costs`."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli import times
from jusante.cli.options import opened, project_options

if TYPE_CHECKING:
    from jusante.app import Lake
    from jusante.app.spending import By


@click.command()
@click.option(
    "--by",
    type=click.Choice(["asset", "owner", "dashboard", "source", "person", "day"]),
    default="asset",
    show_default=True,
    help="Another view of the same money; each adds up to the whole.",
)
@click.option("--since", default="30d", show_default=True, help="How far back: `7d`, or a day as 2026-11-01.")
@click.option("--waste", is_flag=True, help="What is paid for nothing, and how to stop it.")
@click.option("--focus", type=click.Path(path_type=Path), help="Write the charges as a FOCUS 1.2 file (CSV).")
@project_options
def costs(  # noqa: PLR0913  # the options of a command
    by: "By", since: str, waste: bool, focus: Path | None, folder: Path, environment: str | None, as_json: bool
) -> None:
    """What everything costs, whom it is for, and what is paid for nothing.

    Work, storage and requests as measured, at the prices of the environment's rate card. "own" is what something takes
    itself; "with all above" adds its share of all that it is made of.
    """
    with opened(folder, environment) as lake:
        now = dt.datetime.now(dt.UTC)
        start = times.since(since, now)
        if focus:
            _export(lake, start, now, focus, as_json)
        elif waste:
            _waste(lake, start, now, as_json)
        else:
            _costs(lake, start, now, by, as_json)


def _costs(lake: "Lake", since: dt.datetime, now: dt.datetime, by: "By", as_json: bool) -> None:
    from jusante.app.spending import as_dict, spent
    from jusante.cli.console import out, print_json
    from jusante.cli.costs_report import print_costs

    spending = spent(lake.system, since, now)
    if as_json:
        print_json(as_dict(spending, by))
    else:
        print_costs(out(), lake.project.name, spending, by)


def _waste(lake: "Lake", since: dt.datetime, now: dt.datetime, as_json: bool) -> None:
    from jusante.app.waste import wasted
    from jusante.cli.console import err, out, print_json
    from jusante.cli.costs_report import print_waste

    with err().status("looking"):
        found = wasted(lake.system, now, max(1, (now - since).days))
    if as_json:
        print_json(found.as_dict())
    else:
        print_waste(out(), found)


def _export(lake: "Lake", since: dt.datetime, now: dt.datetime, path: Path, as_json: bool) -> None:
    from jusante.app.focus import write_focus
    from jusante.app.spending import spent
    from jusante.cli.console import err, marked, print_json
    from jusante.core.money import dollars
    from jusante.core.words import counted

    spending = spent(lake.system, since, now)
    rows = write_focus(lake.system, spending, path)
    if as_json:
        print_json({"file": str(path), "rows": rows, "usd": float(spending.total), "focus": "1.2"})
    else:
        err().print(
            marked("✓", "green", f"{counted(rows, 'charge')}, {dollars(spending.total)}, in {path} (FOCUS 1.2)")
        )
