"""`jusante lineage`: up and down, by table and by column, as a tree, a document or a picture."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jusante.cli.options import asset_names, opened, project_options

if TYPE_CHECKING:
    from jusante.app import Lake
    from jusante.core.graph import Graph
    from jusante.core.lineage import Origin


@click.command()
@click.argument("table", required=False, shell_complete=asset_names)
@click.option("--up", "only_up", is_flag=True, help="Only what it is made of.")
@click.option("--down", "only_down", is_flag=True, help="Only who reads it.")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw it: FILE.svg, or FILE.html to look around in.",
)
@project_options
def lineage(  # noqa: PLR0913  # the options of a command
    table: str | None,
    only_up: bool,
    only_down: bool,
    picture: Path | None,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> None:
    """What a table, or one of its columns (marts.daily_sales.revenue), is made of, and who reads it.

    Without a TABLE, the whole graph.
    """
    up, down = not only_down, not only_up
    with opened(folder, environment) as lake:
        column = lake.column(table) if table else None
        if picture:
            _draw(lake, picture, table, column, up=up, down=down, as_json=as_json)
        elif column:
            _tell_column(lake, column, up=up, down=down, as_json=as_json)
        else:
            _tell_table(lake, table, up=up, down=down, as_json=as_json)


def _tell_table(lake: "Lake", table: str | None, *, up: bool, down: bool, as_json: bool) -> None:
    from jusante.cli.column_trees import unresolved_lines
    from jusante.cli.console import out, print_json
    from jusante.cli.trees import trees

    graph = lake.project.graph
    chosen = _chosen(graph, table, up=up, down=down)
    if as_json:
        print_json(_document(lake, chosen))
        return
    console = out()
    for tree in trees(graph, table, chosen, up=up, down=down):
        console.print(tree)
    for line in unresolved_lines(lake.columns, [name for name in graph.order if name in chosen]):
        console.print(line)


def _tell_column(lake: "Lake", column: "Origin", *, up: bool, down: bool, as_json: bool) -> None:
    from jusante.app.tags import tags_of
    from jusante.cli.column_trees import column_document, column_trees
    from jusante.cli.console import out, print_json

    columns = lake.columns
    tags = tags_of(lake.system, columns).of
    if as_json:
        print_json(column_document(columns, lake.project.graph, tags, column, up=up, down=down))
        return
    console = out()
    for part in column_trees(columns, tags, column, up=up, down=down):
        console.print(part)


def _draw(  # noqa: PLR0913  # what, where to, and how much of it
    lake: "Lake", path: Path, table: str | None, column: "Origin | None", *, up: bool, down: bool, as_json: bool
) -> None:
    from jusante.app.picture import picture_of
    from jusante.cli.console import marked, out, print_json
    from jusante.core.words import counted

    chosen = _chosen(lake.project.graph, None if column else table, up=up, down=down)
    drawing = picture_of(lake.system, lake.columns, path, chosen, table or "", column, up=up, down=down)
    boxes, links = len(drawing.boxes), len(drawing.links)
    if as_json:
        print_json({"picture": str(path), "assets": boxes, "edges": links})
    else:
        out().print(marked("✓", "green", f"{path}: {counted(boxes, 'asset')}, {counted(links, 'edge')}"))


def _chosen(graph: "Graph", table: str | None, *, up: bool, down: bool) -> set[str]:
    from jusante.orchestration.selection import select

    if table is None:
        return set(graph.ids)
    start = select(graph, [table])
    return set(start) | (graph.above(start) if up else set()) | (graph.below(start) if down else set())


def _document(lake: "Lake", chosen: Collection[str]) -> dict[str, Any]:
    from jusante.cli.column_trees import unresolved_document

    assets = [asset for asset in lake.project.graph if asset.id in chosen]
    nodes = [{"id": a.id, "kind": a.kind, "owner": a.owner, "tags": list(a.tags)} for a in assets]
    edges = [
        {"from": above, "to": a.id, "kind": "direct", "why": "reads"}
        for a in assets
        for above in a.inputs
        if above in chosen
    ]
    return {"nodes": nodes, "edges": edges, "unresolved": unresolved_document(lake.columns, chosen)}
