"""`jusante init`, `schema` and `doctor`: before there is anything to run."""

import sys
from pathlib import Path

import click

from jusante.cli.options import json_option, project_options


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@json_option
def init(folder: Path, as_json: bool) -> None:
    """A new project in FOLDER, small and ready to run."""
    from jusante.cli.console import marked, out, print_json
    from jusante.engineering.init import create

    written = create(folder)
    if as_json:
        print_json({"files": [path.as_posix() for path in written]})
        return
    console = out()
    for path in written:
        console.print(marked("+", "green", f"{path}"))
    there = "" if folder == Path() else f"cd {folder} && "
    console.print(f"\nNext: {there}jusante run")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".jusante/schemas")
@json_option
def schema(folder: Path, as_json: bool) -> None:
    """Write a JSON Schema for each kind of project file into FOLDER, for editors to complete and check."""
    from jusante.app import connector_kinds
    from jusante.cli.console import marked, out, print_json
    from jusante.engineering.schemas import write_schemas

    written = write_schemas(folder, connector_kinds())
    if as_json:
        print_json({"files": [path.as_posix() for path in written]})
        return
    for path in written:
        out().print(marked("+", "green", f"{path}"))
    out().print("\nIn a file: # yaml-language-server: $schema=" + (folder / "source.json").as_posix())


@click.command()
@project_options
def doctor(folder: Path, environment: str | None, as_json: bool) -> None:
    """See whether all that jusante needs is here, and what each optional part would take."""
    from rich.text import Text

    from jusante.cli.console import grid, out, print_json
    from jusante.doctor import examine

    found = examine(folder, environment)
    if as_json:
        print_json(
            {"parts": [{"part": f.part, "ok": f.ok, "needed": f.needed, "what": f.what, "fix": f.fix} for f in found]}
        )
    else:
        table = grid("", "part", "", "fix")
        for f in found:
            mark = Text("✓", "green") if f.ok else Text("✗", "red") if f.needed else Text("·", "dim")
            table.add_row(mark, f.part, f.what, "" if f.ok else f.fix)
        out().print(table)
    sys.exit(0 if all(f.ok for f in found if f.needed) else 2)
