"""`jusante replay`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.options import opened, project_options

if TYPE_CHECKING:
    from jusante.orchestration.replaying import Replayed

_MARKS = {
    "same": ("✓", "green", "the same"),
    "rounding": ("✓", "green", "the same, but for rounding"),
    "differs": ("✗", "red", "differs"),
    "impossible": ("·", "dim", "cannot be replayed"),
}


@click.command()
@click.argument("run_id", metavar="RUN")
@project_options
def replay(run_id: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """Build the models of RUN again, from the snapshots that they read, and compare: the same, or why not.

    Nothing is published. Exit status 1 where something differs.
    """
    with opened(folder, environment) as lake:
        from rich.text import Text

        from jusante.app.replaying import replay as make
        from jusante.cli.console import err, print_json

        with err().status(Text(f"replaying {run_id}")):
            found = make(lake, run_id)
    differs = any(each.verdict == "differs" for each in found)
    if as_json:
        print_json({"run_id": run_id, "same": not differs, "models": [each.as_dict() for each in found]})
    else:
        _tell(run_id, found)
    sys.exit(1 if differs else 0)


def _tell(run_id: str, found: "tuple[Replayed, ...]") -> None:
    from rich.text import Text

    from jusante.cli.console import grid, out

    if not found:
        out().print(f"{run_id} published nothing, so there is nothing to replay")
        return
    table = grid("", "asset", "rows", "", "why", numbers=("rows",), whole=("asset", "rows"))
    for each in found:
        mark, colour, told = _MARKS[each.verdict]
        rows = "" if each.rows is None else f"{each.rows:,}"
        why = Text(each.why).append(f"\n{each.fix}" if each.fix else "", "dim")
        table.add_row(Text(mark, colour), each.asset, rows, Text(told, colour), why)
    out().print(table)
