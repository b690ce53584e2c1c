"""`jusante import dbt`: what another tool keeps, brought into the graph."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jusante.cli.options import project_options

if TYPE_CHECKING:
    from jusante.app.dbt import Step, Written
    from jusante.transformation.dbt.told import Imported, Part

_MARKS = {"here": "✓", "dbt": "○", "ours": "=", "left out": "!"}
MOST_ROWS = 60
"""How many tables an import lists; a dry run lists all."""
MOST_NAMES = 6


@click.group(name="import")
def imports() -> None:
    """Bring in what another tool keeps."""


@imports.command()
@click.argument("dbt_project", required=False, type=click.Path(path_type=Path))
@click.option("--manifest", type=click.Path(path_type=Path), help="Read this manifest.json; dbt is not run.")
@click.option("--catalog", type=click.Path(path_type=Path), help="Read this catalog.json for the columns of sources.")
@click.option("--docs", is_flag=True, help="Let dbt ask its database for a catalog of columns.")
@click.option("--name", "dbt", help="What the dbt project is called here; its folder's name by default.")
@click.option("--target", help="The dbt target to compile for.")
@click.option("--profiles", help="The folder with profiles.yml, relative to the dbt project.")
@click.option("--dbt", "command", help="How dbt is called, in an environment of its own; dbt by default.")
@click.option("--build", type=click.Choice(["jusante", "dbt"]), help="Who builds the models that could be built here.")
@click.option(
    "--source", "sources", multiple=True, metavar="DBT=HERE", help="What a source of dbt is called here: raw=sales."
)
@click.option("--dry-run", is_flag=True, help="Show what would be imported; write nothing.")
@project_options
def dbt(  # noqa: PLR0913  # the command's options
    dbt_project: Path | None,
    manifest: Path | None,
    catalog: Path | None,
    docs: bool,
    dry_run: bool,
    folder: Path,
    environment: str | None,
    as_json: bool,
    *,
    sources: tuple[str, ...],
    **settings: str | None,
) -> None:
    """A dbt project: its models, tests, descriptions, owners and exposures stand in the graph.

    DBT_PROJECT is its folder; without one, all that are linked are imported again. dbt compiles it, in an environment of
    its own. What was imported is kept in dbt/NAME.json, so that no other command needs dbt.
    """
    del environment
    from jusante.app.dbt import Wish, import_dbt
    from jusante.cli.console import print_json

    given: dict[str, object] = {key: value for key, value in settings.items() if value is not None}
    if command := settings.get("command"):
        given["command"] = tuple(shlex.split(command))
    if sources:
        given["sources"] = _pairs(sources)
    wish = Wish(dbt_project, manifest, catalog, docs, dry_run, given)
    with _following() as step:
        written = import_dbt(folder, wish, step)
    if as_json:
        print_json({"imports": [{"dbt": w.link.dbt, "files": list(w.files), **w.imported.as_dict()} for w in written]})
        return
    for each in written:
        _tell(each)


def _pairs(sources: tuple[str, ...]) -> dict[str, str]:
    found = dict(source.partition("=")[::2] for source in sources)
    if wrong := next((name for name, here in found.items() if not (name and here)), None):
        raise click.UsageError(f"--source {wrong}: write it as raw=sales, or raw.orders=sales.orders")
    return found


globals()["import"] = imports  # the command's name is a word of Python's


@contextmanager
def _following() -> Iterator["Step"]:
    """A line that says what goes on, on a terminal."""
    from rich.text import Text

    from jusante.cli.console import err

    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with err().status("") as status:
        yield lambda what: status.update(Text(f"{what} …", "dim"))


def _tell(written: "Written") -> None:
    from rich.text import Text

    from jusante.cli.console import marked, out

    imported, console = written.imported, out()
    origin = imported.content.origin
    told = f"  dbt {origin.version}, {origin.adapter}, from {origin.folder}\n"
    console.print(Text.assemble((str(written.link.dbt), "bold"), told))
    if not written.files or len(imported.tables) <= MOST_ROWS:
        console.print(_tables(imported))
    for text, names in _notes(imported).items():
        console.print(marked("!", "yellow", Text.assemble(f"{text}: ", (_few(names), "dim"))))
    console.print(_sum(imported))
    for hint in _hints(written):
        console.print(hint, style="dim")
    for file in written.files:
        console.print(marked("+", "green", f"{file}"))
    console.print("\nNext: jusante check" if written.files else "\nNothing was written: this was a dry run")


def _tables(imported: "Imported") -> Any:
    from jusante.cli.console import grid, out
    from jusante.cli.fitting import fitted

    names = ["", "dbt", "is", "here", "tests"]
    rows = [[_MARKS[part.state], part.name, part.kind, part.id, _tests_of(imported, part)] for part in imported.tables]
    head, *body = fitted([names, *rows], out().width)
    table = grid(*head, numbers=("tests",))
    for row, part in zip(body, imported.tables, strict=True):
        table.add_row(*row, style="" if part.state in {"here", "ours"} else "dim")
    return table


def _notes(imported: "Imported") -> dict[str, list[str]]:
    """What there is to say, each thing once, with the names of those it is true of."""
    found: dict[str, list[str]] = {}
    for part in imported.tables:
        if part.state == "dbt":
            why = "read what is left to dbt, and are so too" if part.why.startswith("it reads ") else part.why
            found.setdefault(f"left to dbt, since {why}" if why == part.why else why, []).append(part.name)
        for note in part.notes:
            found.setdefault(note, []).append(part.name)
    for part in (*imported.tests, *imported.exposures):
        if part.state == "left out":
            found.setdefault(
                f"{'exposure' if part.kind == 'exposure' else 'test'} left out, since {part.why}", []
            ).append(part.name)
    for doubt in imported.doubts:
        found[doubt] = ["dbt compile"]
    if imported.noted:
        found["not imported"] = [f"{number:,} {name.replace('_', ' ')}" for name, number in imported.noted.items()]
    return found


def _few(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _hints(written: "Written") -> Iterator[str]:
    """How more could be built here."""
    origin, link = written.imported.content.origin, written.link
    if origin.adapter != "duckdb" and link.build is None:
        yield (
            f"Models for {origin.adapter} are left to dbt. `build: jusante` in dbt/{link.dbt}.yaml builds them here, "
            "translated where that can be done."
        )
        return
    missing = [part.name for part in written.imported.tables if part.kind == "source" and part.state == "dbt"]
    if missing and link.build != "dbt":
        space = missing[0].partition(".")[0]
        yield (
            f"Where {missing[0]} is ingested here under another name, say `sources: {{{space}: …}}` in dbt/{link.dbt}.yaml, "
            f"or --source {space}=…"
        )


def _tests_of(imported: "Imported", part: "Part") -> str:
    count = sum(test.id == part.id and test.state != "left out" for test in imported.tests)
    return str(count) if count else ""


def _sum(imported: "Imported") -> str:
    from jusante.core.words import counted

    made = [part for part in imported.tables if part.kind != "source"]
    here = sum(part.state == "here" for part in made)
    elsewhere = sum(part.state == "dbt" for part in made)
    checks = sum(test.state == "here" for test in imported.tests)
    exposures = sum(part.state == "here" for part in imported.exposures)
    left = f", {elsewhere:,} left to dbt and in the graph only" if elsewhere else ""
    return f"\n{counted(here, 'table')} built here{left}; {counted(checks, 'check')}, {counted(exposures, 'exposure')}"
