"""The lineage of a column as trees for a terminal, and as a document."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from rich.text import Text
from rich.tree import Tree

from jusante.core.column_graph import CHECK, SOURCE, ColumnGraph, Step, asset_of
from jusante.core.form import WORDS
from jusante.core.graph import Graph
from jusante.core.lineage import Origin
from jusante.core.tag import Tag

TagsOf = Callable[[Origin], Iterable[Tag]]
_Neighbours = Callable[[Origin], list[tuple[Origin, Step]]]


def column_trees(columns: ColumnGraph, tags: TagsOf, column: Origin, *, up: bool, down: bool) -> Iterator[Tree | Text]:
    """What a column is made of and who shows it, as trees of values; then what decides it without being seen in it,
    which checks look at it, and what of all that could not be told.
    """
    above = columns.above([column]) if up else ()
    below = columns.below([column]) if down else ()
    if up and not column.table.startswith(CHECK):
        yield Text("made of", "dim")
        yield _grown(columns, tags, column, None, lambda each: _direct(columns.steps_to(each), up=True), set())
    yield from _deciding("decided by", above, up=True)
    if down:
        yield Text("seen in", "dim")
        yield _grown(columns, tags, column, None, lambda each: _direct(columns.steps_from(each), up=False), set())
        yield from _deciding("decides", [step for step in below if not step.target.table.startswith(CHECK)], up=False)
        yield from _checked(below)
    yield from unresolved_lines(columns, [column.table, *(step.target.table for step in (*above, *below))])


def unresolved_lines(columns: ColumnGraph, assets: Iterable[str]) -> Iterator[Text]:
    """What could not be told of the lineage of assets, in words."""
    told = columns.unresolved
    named = [name for name in dict.fromkeys(assets) if name in told]
    if named:
        yield Text("\nnot known", "yellow")
    for name in named:
        for each in told[name]:
            shown = " ".join(each.expression.split())
            yield Text.assemble(f"  {name}", (f"  {shown[:60]}{'…' if len(shown) > 60 else ''}: {each.reason}", "dim"))


def column_document(
    columns: ColumnGraph, graph: Graph, tags: TagsOf, column: Origin, *, up: bool, down: bool
) -> dict[str, Any]:
    """The lineage as `--json` prints it: ids are `table.column`; an edge to a table decides which rows it has.

    `assumed` edges are all that there may be where nobody could tell which there are; `unresolved` says why.
    """
    steps = dict.fromkeys((*(columns.above([column]) if up else ()), *(columns.below([column]) if down else ())))
    names = dict.fromkeys([column, *(o for step in steps for o in (step.edge.origin, step.target))])
    tables = {name.table for name in names}
    return {
        "nodes": [_node(graph, tags, name) for name in names],
        "edges": [
            {
                "from": str(step.edge.origin),
                "to": _id(step.target),
                "kind": "direct" if step.edge.is_direct else "indirect",
                "why": step.edge.how,
                "form": step.edge.form,
                "assumed": columns.is_assumed(step),
            }
            for step in steps
        ],
        "unresolved": unresolved_document(columns, tables),
    }


def unresolved_document(columns: ColumnGraph, assets: Collection[str]) -> list[dict[str, str]]:
    """What could not be told of the lineage of assets, as `--json` prints it."""
    return [
        {"asset": asset, "expression": each.expression, "why": each.reason}
        for asset, told in columns.unresolved.items()
        if asset in assets
        for each in told
    ]


def _node(graph: Graph, tags: TagsOf, name: Origin) -> dict[str, Any]:
    asset = graph[asset_of(name.table)]
    forms = {tag.name: tag.form for tag in tags(name)}
    kind = kind_of(name.table, graph)
    return {"id": _id(name), "kind": kind, "owner": asset.owner, "tags": [*asset.tags, *forms], "forms": forms}


def kind_of(name: str, graph: Graph) -> str:
    """What sort of thing stands behind the name of a node: an asset's kind, a table at its source, or a check."""
    if name.startswith(SOURCE):
        return "source"
    return "check" if name.startswith(CHECK) else graph[name].kind


def _id(name: Origin) -> str:
    return str(name) if name.column else name.table


def _direct(steps: Iterable[Step], *, up: bool) -> list[tuple[Origin, Step]]:
    return [(step.edge.origin if up else step.target, step) for step in steps if step.edge.is_direct]


def _grown(  # what is grown from where, what is said of each, and what was said before
    columns: ColumnGraph,
    tags: TagsOf,
    column: Origin,
    step: Step | None,
    neighbours: _Neighbours,
    seen: set[Origin],
) -> Tree:
    again = column in seen
    told = f"  {_how(columns, step)}" if step else ""
    borne = "".join(f"  {name}" for name in dict.fromkeys(tag.kind or tag.name for tag in tags(column)))
    told = told.rstrip() + ("  (see above)" if again else "")
    tree = Tree(Text.assemble(_id(column), (borne, "yellow"), (told, "dim")))
    tree.guide_style = "dim"
    if not again:
        seen.add(column)
        for other, by in neighbours(column):
            tree.add(_grown(columns, tags, other, by, neighbours, seen))
    return tree


def _how(columns: ColumnGraph, step: Step) -> str:
    """What is done to the values; nothing is said where they stay as they are."""
    edge = step.edge
    words = [
        edge.how if edge.how != "identity" else "",
        WORDS[edge.form] if edge.is_direct and edge.form != "whole" else "",
    ]
    words = ["assumed"] if columns.is_assumed(step) else words
    return ", ".join(word for word in words if word)


def _deciding(title: str, steps: Iterable[Step], *, up: bool) -> Iterator[Text]:
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


def _checked(steps: Iterable[Step]) -> Iterator[Text]:
    """The checks that look at it, or at what is made of it."""
    found = dict.fromkeys(step.target for step in steps if step.target.table.startswith(CHECK))
    if found:
        yield Text("\nchecked by", "dim")
    for check in found:
        yield Text.assemble(f"  {check.column}", (f"  on {asset_of(check.table)}", "dim"))
