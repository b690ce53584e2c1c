"""`jusante erase` and `jusante reveal`: what persons have a right to, and what somebody needs to know of them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.options import asset_names, opened, project_options

if TYPE_CHECKING:
    from jusante.app.erasing import Erasure


@click.command()
@click.argument("table", shell_complete=asset_names)
@click.argument("subjects", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Only show what would go, and where.")
@click.option("--yes", is_flag=True, help="Do it without asking once more.")
@click.option("--wait", "wait_seconds", type=float, default=0.0, help="How many seconds to wait for a run to end.")
@project_options
def erase(  # noqa: PLR0913  # an option each
    table: str,
    subjects: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    wait_seconds: float,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> None:
    """Erase the persons that TABLE calls SUBJECTS (`-` reads them from standard input, one a line).

    Their rows go from every table about such persons, or the sensitive values in them; what stands below is made anew; old
    snapshots go; the keys of their tokens are destroyed; and no load brings them back. It cannot be undone.
    """
    from jusante.app import erasing
    from jusante.cli.console import marked, out, print_json

    names = _read(subjects)
    with opened(folder, environment) as lake:
        planned = erasing.foreseen(lake.system, erasing.persons(lake.system, table, names))
        if not as_json:
            _tell(planned, len(names))
        if not dry_run:
            if not yes and (as_json or not click.confirm("Erase this? It cannot be undone", err=True)):
                raise click.Abort
            done = lake.erase(table, names, wait_seconds=wait_seconds)
    if as_json:
        print_json({**(planned if dry_run else done).as_dict(), "erased": not dry_run})
    elif not dry_run:
        out().print(marked("✓", "green", "erased. The ledger keeps that it was done, and not whom it was about"))


@click.command()
@click.argument("column")
@click.argument("tokens", nargs=-1, required=True)
@click.option("--purpose", required=True, help="What for: one of the purposes that the column is kept for.")
@project_options
def reveal(
    column: str, tokens: tuple[str, ...], purpose: str, folder: Path, environment: str | None, as_json: bool
) -> None:
    """Turn TOKENS of COLUMN (`table.column`) back (`-` reads them from standard input, one a line). The ledger keeps that
    it was done, and what for."""
    from jusante.app.revealing import reveal as revealed
    from jusante.cli.console import out, print_json

    with opened(folder, environment) as lake:
        values = revealed(lake.system, column, _read(tokens), purpose)
    if as_json:
        print_json({"values": list(values)})
        return
    for value in values:
        if value is None:
            out().print("erased", style="dim")
        else:
            click.echo(value)


def _read(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words; those of standard input in place of `-`, which keeps them out of the shell's history."""
    if words != ("-",):
        return words
    return tuple(line for each in sys.stdin if (line := each.strip()))


def _tell(planned: "Erasure", count: int) -> None:
    from rich.text import Text

    from jusante.cli.console import grid, marked, out
    from jusante.core.words import counted

    console = out()
    console.print(Text.assemble((f"{counted(count, 'person')}", "bold"), f" by {planned.kind}\n"))
    table = grid("where", "rows", "what happens", numbers=("rows",))
    for place in planned.places:
        what = "rows are removed" if place.goes == "rows" else "sensitive values become null, rows stay"
        table.add_row(place.table, f"{place.rows:,}", what)
    for each in planned.below:
        held = f"; holds it in {', '.join(each.columns)}" if each.columns else ""
        made = "starts anew, without its past" if each.loses_past else "made anew"
        what = f"is outside: tell {each.owner or 'its owner'}" if each.kind == "exposure" else f"{made}{held}"
        table.add_row(Text(each.asset), "", what)
    console.print(table)
    for name in planned.silent:
        console.print()
        console.print(
            marked("!", "yellow", f"{name} has a column {planned.kind} and no `subject`: it is left as it is")
        )
    console.print()
