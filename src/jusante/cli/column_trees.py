"""The lineage of a column as trees for a terminal, and as a document."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rich.text import Text
from rich.tree import Tree

from jusante.core.column_graph import SOURCE, ColumnGraph, Step
from jusante.core.graph import Graph
from jusante.core.lineage import Edge, Origin

_Neighbours = Callable[[Origin], list[tuple[Origin, Edge]]]


def column_trees(columns: ColumnGraph, column: Origin, *, up: bool, down: bool) -> Iterator[Tree | Text]:
    """What a column is made of and who shows it, as trees of values; then what decides it without being seen in it."""
    if up:
        yield Text("made of", "dim")
        yield _grown(column, None, lambda each: _direct(columns.steps_to(each), up=True), set())
        yield from _deciding("decided by", columns.above([column]), up=True)
    if down:
        yield Text("seen in", "dim")
        yield _grown(column, None, lambda each: _direct(columns.steps_from(each), up=False), set())
        yield from _deciding("decides", columns.below([column]), up=False)


def column_document(columns: ColumnGraph, graph: Graph, column: Origin, *, up: bool, down: bool) -> dict[str, Any]:
    """The lineage as `--json` prints it: ids are `table.column`; an edge to a table decides which rows it has."""
    steps = dict.fromkeys((*(columns.above([column]) if up else ()), *(columns.below([column]) if down else ())))
    names = dict.fromkeys([column, *(o for step in steps for o in (step.edge.origin, step.target))])
    return {
        "nodes": [_node(graph, name) for name in names],
        "edges": [
            {
                "from": str(step.edge.origin),
                "to": _id(step.target),
                "kind": "direct" if step.edge.is_direct else "indirect",
                "why": step.edge.how,
                "masked": step.edge.masked,
            }
            for step in steps
        ],
        "unresolved": [
            {"asset": asset, "expression": each.expression, "why": each.reason}
            for asset, told in columns.unresolved.items()
            for each in told
        ],
    }


def _node(graph: Graph, name: Origin) -> dict[str, Any]:
    asset = graph[name.table.removeprefix(SOURCE)]
    kind = "source" if name.table.startswith(SOURCE) else asset.kind
    return {"id": _id(name), "kind": kind, "owner": asset.owner, "tags": list(asset.tags)}


def _id(name: Origin) -> str:
    return str(name) if name.column else name.table


def _direct(steps: Iterable[Step], *, up: bool) -> list[tuple[Origin, Edge]]:
    return [(step.edge.origin if up else step.target, step.edge) for step in steps if step.edge.is_direct]


def _grown(column: Origin, edge: Edge | None, neighbours: _Neighbours, seen: set[Origin]) -> Tree:
    told = f"  {edge.how}{', masked' if edge.masked else ''}" if edge and edge.how != "identity" else ""
    again = column in seen
    tree = Tree(Text.assemble(_id(column), (told + ("  (see above)" if again else ""), "dim")), guide_style="dim")
    if not again:
        seen.add(column)
        for other, by in neighbours(column):
            tree.add(_grown(other, by, neighbours, seen))
    return tree


def _deciding(title: str, steps: tuple[Step, ...], *, up: bool) -> Iterator[Text]:
    """The indirect edges on the way, each column once, with what it does and where."""
    found: dict[tuple[Origin, str], list[str]] = {}
    for step in steps:
        if not step.edge.is_direct:
            shown = step.edge.origin if up else Origin(step.target.table, step.target.column)
            found.setdefault((shown, step.edge.how), []).append(step.target.table)
    if found:
        yield Text(f"\n{title}", "dim")
    for (column, how), places in found.items():
        where = f" in {', '.join(dict.fromkeys(places))}" if up else ""
        yield Text.assemble(f"  {_id(column)}", (f"  {how}{where}", "dim"))
