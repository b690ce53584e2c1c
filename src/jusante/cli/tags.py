"""`jusante tags`: what goes with each column, where from, and in what form."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.options import asset_names, opened, project_options

if TYPE_CHECKING:
    from jusante.app.tags import Bearing


@click.command()
@click.argument("select", nargs=-1, shell_complete=asset_names)
@click.option("--tag", "name", help="Only this one: finance, email; `sensitive` for all personal data.")
@project_options
def tags(select: tuple[str, ...], name: str | None, folder: Path, environment: str | None, as_json: bool) -> None:
    """Where personal data and other tags have come to: each column, the column it comes from, and what is left of it.

    SELECT names assets as `run` takes them, or a column: marts.daily_sales.revenue.
    """
    from jusante.app.tags import bearings
    from jusante.cli.console import out, print_json

    with opened(folder, environment) as lake:
        found = [each for each in bearings(lake, select) if name is None or each.is_called(name)]
    if as_json:
        print_json({"columns": [each.as_dict() for each in found]})
        return
    if not found:
        out().print(
            "No column bears a tag. Say under a source's columns: `email: {sensitive: email, purpose: [support]}`."
        )
        return
    _print(found)


def _print(found: "list[Bearing]") -> None:
    """One line a column and tag, personal ones by their kind; what stands in the line above is not said again."""
    from rich.text import Text

    from jusante.cli.console import grid, out
    from jusante.cli.fitting import fitted
    from jusante.core.words import counted

    headers = ["column", "tag", "of", "as", "kept for"]
    rows = [
        [each.name, each.tag.kind or each.tag.name, _origin(each), each.told, ", ".join(each.tag.purposes)]
        for each in found
    ]
    headers, *texts = fitted([headers, *rows], out().width)
    table = grid(*headers)
    for number, (each, text) in enumerate(zip(found, texts, strict=True)):
        again = number > 0 and found[number - 1].name == each.name
        colour = "yellow" if each.needs_purpose else "dim"
        table.add_row("" if again else text[0], Text(text[1], colour), Text(text[2], "dim"), text[3], text[4])
    out().print(table)
    columns = len({each.name for each in found})
    personal = len({each.name for each in found if each.needs_purpose})
    out().print(f"\n{counted(columns, 'column')} with tags, {personal:,} of them may leave only for their purpose")


def _origin(each: "Bearing") -> str:
    return "" if each.tag.origin == each.column else str(each.tag.origin)
