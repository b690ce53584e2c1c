"""What is drawn: boxes with rows, and links between rows."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from jusante.core.asset import Asset, Ingested
from jusante.core.column_graph import CHECK, SOURCE, ColumnGraph, Step, asset_of
from jusante.core.graph import Graph
from jusante.core.lineage import Origin
from jusante.core.words import counted

MOST_ROWS = 12
"""How many columns of an asset are drawn, at the most, where not all of them matter; the others share one row."""
REST = "…"
"""The row of the columns that have none of their own."""


@dataclass(frozen=True, slots=True)
class Row:
    """A column of an asset, with the titles of the checks on it."""

    name: str
    label: str
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """An asset: its kind gives the colour, the second line says what it is and whose."""

    id: str
    kind: str
    about: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """An edge from one row to another; the empty row is the box itself. `sort`: direct, indirect, assumed, or reads."""

    source: str
    source_row: str
    target: str
    target_row: str
    sort: str
    how: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """All boxes and links of a picture. `focus` is the id of the asset or `table.column` it is about, if of one."""

    boxes: tuple[Box, ...]
    links: tuple[Link, ...]
    focus: str = ""


def drawn(graph: Graph, columns: ColumnGraph, chosen: Collection[str], focus: str = "") -> Drawing:
    """The picture of some assets and all columns of theirs."""
    steps = [
        step
        for asset in columns.assets
        if asset in chosen
        for column in ("", *columns.columns(asset))
        for step in columns.steps_to(Origin(asset, column))
        if step.target.column == column and step.edge.origin.table in chosen
    ]
    return _drawing(graph, columns, chosen, steps, focus)


def drawn_of_column(graph: Graph, columns: ColumnGraph, column: Origin, steps: Iterable[Step]) -> Drawing:
    """The picture of one column: what is above and below it, and no column beside that."""
    inside = [step for step in steps if not step.target.table.startswith(CHECK)]
    inside = [step for step in inside if not step.edge.origin.table.startswith(SOURCE)]
    names = {column.table, *(step.edge.origin.table for step in inside), *(step.target.table for step in inside)}
    return _drawing(graph, columns, names, inside, str(column), only={column, *_ends(inside)})


def _ends(steps: Iterable[Step]) -> Iterable[Origin]:
    for step in steps:
        yield from (step.edge.origin, step.target)


def _drawing(  # what is drawn, of what, and how much of it
    graph: Graph,
    columns: ColumnGraph,
    chosen: Collection[str],
    steps: Iterable[Step],
    focus: str,
    only: Collection[Origin] | None = None,
) -> Drawing:
    steps = list(steps)
    used = {end for step in steps for end in _ends([step]) if step.edge.is_direct}
    checks = _checks(columns)
    boxes = []
    for name in graph.order:
        if name in chosen:
            there = [Origin(name, column) for column in columns.columns(name)]
            shown = [each for each in there if only is None or each in only]
            boxes.append(_box(graph[name], shown, used, checks, most=MOST_ROWS if only is None else len(shown)))
    rows = {box.id: {row.name for row in box.rows} for box in boxes}
    links = dict.fromkeys(_link(columns, step, rows) for step in steps)
    joined = {(link.source, link.target) for link in links}
    for box in boxes:  # what reads a table without a column of it being known
        for above in graph[box.id].inputs:
            if above in rows and (above, box.id) not in joined:
                links[Link(above, "", box.id, "", "reads", "reads")] = None
    return Drawing(tuple(boxes), tuple(links), focus)


def _checks(columns: ColumnGraph) -> Mapping[Origin, tuple[str, ...]]:
    found: dict[Origin, list[str]] = {}
    for name in columns.assets:
        for title in columns.columns(name) if name.startswith(CHECK) else ():
            for step in columns.steps_to(Origin(name, title)):
                if step.edge.origin.table == asset_of(name):
                    found.setdefault(step.edge.origin, []).append(title)
    return {column: tuple(titles) for column, titles in found.items()}


def _box(
    asset: Asset,
    there: list[Origin],
    used: Collection[Origin],
    checks: Mapping[Origin, tuple[str, ...]],
    *,
    most: int,
) -> Box:
    """The box of an asset; of too many columns those come first that something is made of."""
    shown = there
    if len(there) > most:
        first = sorted(there, key=lambda column: column not in used)[: most - 1]
        shown = [column for column in there if column in first]
    rows = [Row(column.column, column.column, checks.get(column, ())) for column in shown]
    if len(there) > len(shown):
        rows.append(Row(REST, f"… {counted(len(there) - len(shown), 'more column')}"))
    return Box(asset.id, asset.kind, _about(asset), tuple(rows))


def _about(asset: Asset) -> str:
    kind: str = asset.kind
    if isinstance(asset.definition, Ingested):
        kind = f"ingested from {asset.definition.source.kind}"
    return f"{kind} · {asset.owner}" if asset.owner else kind


def _link(columns: ColumnGraph, step: Step, rows: Mapping[str, Collection[str]]) -> Link:
    origin, target = step.edge.origin, step.target
    sort = "assumed" if columns.is_assumed(step) else "direct" if step.edge.is_direct else "indirect"
    return Link(origin.table, _row(origin, rows), target.table, _row(target, rows), sort, step.edge.how)


def _row(column: Origin, rows: Mapping[str, Collection[str]]) -> str:
    there = rows.get(column.table, ())
    if not column.column or column.column in there:
        return column.column
    return REST if REST in there else ""
