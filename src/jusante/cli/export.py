"""`jusante export`: the project in the words of other tools."""

from pathlib import Path

import click

from jusante.cli.options import opened, project_options


@click.group()
def export() -> None:
    """The project in the words of other tools."""


@export.command()
@click.option("--out", "path", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write it there.")
@project_options
def openlineage(path: Path | None, folder: Path, environment: str | None, as_json: bool) -> None:
    """The graph as it stands, by column, as OpenLineage events: one JSON document a line; one list with --json."""
    from jusante.app.openlineage import standing
    from jusante.cli.console import out, print_json
    from jusante.core.words import counted
    from jusante.errors import storage_error

    with opened(folder, environment) as lake:
        lines = list(standing(lake.system))
    text = "".join(f"{line}\n" for line in lines)
    if path is None:
        click.echo("[\n" + ",\n".join(lines) + "\n]" if as_json else text, nl=as_json)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise storage_error(error, str(path)) from None
    if as_json:
        print_json({"file": str(path), "events": len(lines)})
    else:
        out().print(f"[green]✓[/] {path}: {counted(len(lines), 'event')}")
