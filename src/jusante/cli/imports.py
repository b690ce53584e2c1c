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

_WORDS = {
    "here": ("✓", "built here"),
    "dbt": ("○", "left to dbt"),
    "ours": ("=", "made here"),
    "left out": ("!", "left out"),
}


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
    from jusante.cli.console import err

    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with err().status("") as status:
        yield lambda what: status.update(f"[dim]{what} …")


def _tell(written: "Written") -> None:
    from jusante.cli.console import out

    imported, console = written.imported, out()
    origin = imported.content.origin
    console.print(f"[bold]{written.link.dbt}[/]  dbt {origin.version}, {origin.adapter}, from {origin.folder}\n")
    console.print(_tables(imported))
    _tell_tests(imported)
    for part in imported.exposures:
        if part.state == "left out":
            console.print(f"[yellow]![/] exposure {part.name}: {part.why}")
    if imported.noted:
        noted = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in imported.noted.items())
        console.print(f"[dim]not imported: {noted}[/]")
    for doubt in imported.doubts:
        console.print(f"[yellow]![/] {doubt}")
    console.print(_sum(imported))
    if origin.adapter != "duckdb" and written.link.build is None:
        console.print(
            f"[dim]Models for {origin.adapter} are left to dbt. `build: jusante`, or --build jusante, builds them here, "
            "translated where that can be done.[/]"
        )
    if missing := [part.name for part in imported.tables if part.kind == "source" and part.state == "dbt"]:
        space = missing[0].partition(".")[0]
        console.print(
            f"[dim]What this project ingests under another name than {missing[0]} is found by `sources: {{{space}: …}}` "
            f"in dbt/{written.link.dbt}.yaml, or --source {space}=…[/]"
        )
    for file in written.files:
        console.print(f"[green]+[/] {file}")
    console.print("\nNext: jusante check" if written.files else "\nNothing was written: this was a dry run")


def _tables(imported: "Imported") -> Any:
    from jusante.cli.console import grid, out
    from jusante.cli.fitting import fitted

    rows = [["", "dbt", "is", "here", "tests", "notes"]]
    for part in imported.tables:
        mark, _ = _WORDS[part.state]
        notes = "; ".join([*([part.why] if part.why else []), *part.notes])
        rows.append([mark, part.name, part.kind, part.id, _tests_of(imported, part), notes])
    head, *body = fitted(rows, out().width)
    table = grid(*head, numbers=("tests",))
    for row, part in zip(body, imported.tables, strict=True):
        table.add_row(*row, style="" if part.state in {"here", "ours"} else "dim")
    return table


def _tests_of(imported: "Imported", part: "Part") -> str:
    count = sum(test.id == part.id and test.state != "left out" for test in imported.tests)
    return str(count) if count else ""


def _tell_tests(imported: "Imported") -> None:
    from jusante.cli.console import out

    left = [test for test in imported.tests if test.state == "left out"]
    if left:
        out().print(f"\n[yellow]{len(left):,} of {len(imported.tests):,} tests are not checked here[/]")
        for test in left:
            out().print(f"  {test.name}: {test.why}", style="dim")


def _sum(imported: "Imported") -> str:
    from jusante.core.words import counted

    made = [part for part in imported.tables if part.kind != "source"]
    here = sum(part.state == "here" for part in made)
    elsewhere = sum(part.state == "dbt" for part in made)
    checks = sum(test.state == "here" for test in imported.tests)
    exposures = sum(part.state == "here" for part in imported.exposures)
    left = f", {elsewhere:,} left to dbt and in the graph only" if elsewhere else ""
    return f"\n{counted(here, 'table')} built here{left}; {counted(checks, 'check')}, {counted(exposures, 'exposure')}"
