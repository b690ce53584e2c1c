"""`jusante check`, `plan` and `lineage`: looking, without touching."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.options import asset_names, opened, project_options

if TYPE_CHECKING:
    from jusante.app import Lake
    from jusante.core.lineage import Origin


@click.command()
@project_options
def check(folder: Path, environment: str | None, as_json: bool) -> None:
    """Find all that is wrong in a project, at once, each with file and line. Touches no data."""
    from jusante import app
    from jusante.cli.console import out, print_json, tell_problems
    from jusante.core.words import counted

    project, problems = app.check(folder, environment)
    errors = any(problem.severity == "error" for problem in problems)
    if as_json:
        print_json({"problems": [problem.as_dict() for problem in problems]})
    elif problems:
        tell_problems(problems)
    elif project:
        out().print(f"[green]✓[/] {counted(len(project.graph), 'asset')}, nothing wrong. Next: jusante plan")
    sys.exit(2 if errors else 0)


@click.command()
@click.argument("select", nargs=-1, shell_complete=asset_names)
@project_options
def plan(select: tuple[str, ...], folder: Path, environment: str | None, as_json: bool) -> None:
    """What a run would do, and why. Asks no source: what depends on one is told as such."""
    from jusante.cli.console import grid, out, print_json
    from jusante.core.words import counted

    with opened(folder, environment) as lake:
        tasks = lake.plan(select)
        total = sum(asset.is_made for asset in lake.project.graph)
    if as_json:
        print_json({"tasks": [task.as_dict() for task in tasks]})
        return
    console = out()
    table = grid("", "asset", "does", "why")
    for task in tasks:
        style = "" if task.certain else "dim"
        table.add_row("●" if task.certain else "○", task.asset, task.action, task.why, style=style)
    if tasks:
        console.print(table)
    sure = sum(task.certain for task in tasks)
    maybe = len(tasks) - sure
    console.print(
        f"\n{counted(sure, 'task')} to do, {maybe:,} more if sources have news, {total - len(tasks):,} up to date"
    )


@click.command()
@click.argument("table", required=False, shell_complete=asset_names)
@click.option("--up", "only_up", is_flag=True, help="Only what it is made of.")
@click.option("--down", "only_down", is_flag=True, help="Only who reads it.")
@project_options
def lineage(
    table: str | None, only_up: bool, only_down: bool, folder: Path, environment: str | None, as_json: bool
) -> None:
    """What a table, or one of its columns (marts.daily_sales.revenue), is made of, and who reads it.

    Without a TABLE, the whole graph.
    """
    from jusante.cli.console import out, print_json
    from jusante.cli.trees import trees
    from jusante.core.graph import Graph
    from jusante.orchestration.selection import select

    with opened(folder, environment) as lake:
        graph: Graph = lake.project.graph
        if table and (column := lake.column(table)):
            _tell_column(lake, column, up=not only_down, down=not only_up, as_json=as_json)
            return
    chosen = set(graph.ids)
    if table:
        start = select(graph, [table])
        chosen = set(start) | (set() if only_down else graph.above(start)) | (set() if only_up else graph.below(start))
    if as_json:
        print_json(_document(graph, chosen))
        return
    console = out()
    for tree in trees(graph, table, chosen, up=not only_down, down=not only_up):
        console.print(tree)


def _tell_column(lake: "Lake", column: "Origin", *, up: bool, down: bool, as_json: bool) -> None:
    from jusante.cli.column_trees import column_document, column_trees
    from jusante.cli.console import out, print_json

    columns = lake.columns
    if as_json:
        print_json(column_document(columns, lake.project.graph, column, up=up, down=down))
        return
    console = out()
    for part in column_trees(columns, column, up=up, down=down):
        console.print(part)


def _document(graph: object, chosen: set[str]) -> dict[str, object]:
    from jusante.core.graph import Graph

    assert isinstance(graph, Graph)
    assets = [asset for asset in graph if asset.id in chosen]
    nodes = [{"id": a.id, "kind": a.kind, "owner": a.owner, "tags": list(a.tags)} for a in assets]
    edges = [
        {"from": above, "to": a.id, "kind": "direct", "why": "reads"}
        for a in assets
        for above in a.inputs
        if above in chosen
    ]
    return {"nodes": nodes, "edges": edges}
