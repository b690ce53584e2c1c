"""The graph as trees for a terminal."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

if TYPE_CHECKING:
    from jusante.core.graph import Graph

COLOURS = {
    "ingested": "cyan",
    "model": "green",
    "view": "blue",
    "step": "magenta",
    "dashboard": "yellow",
    "exposure": "yellow",
}


def trees(graph: "Graph", table: str | None, chosen: set[str], *, up: bool, down: bool) -> Iterator[Tree | Text]:
    """For a table, what is above it and below it; for none, everything from the sources down."""
    if table is None:
        for name in graph.order:
            if not graph[name].inputs:
                yield _grown(graph, name, chosen, lambda node: graph.readers[node], set())
        return
    if up:
        yield Text("made of", "dim")
        yield _grown(graph, table, chosen, lambda node: graph[node].inputs, set())
    if down:
        yield Text("read by", "dim")
        yield _grown(graph, table, chosen, lambda node: graph.readers[node], set())


def _grown(
    graph: "Graph", name: str, chosen: set[str], neighbours: Callable[[str], tuple[str, ...]], seen: set[str]
) -> Tree:
    """A tree from one asset on; what was shown before is named again and not spread out again."""
    tree = Tree(_label(graph, name, again=name in seen), guide_style="dim")
    if name not in seen:
        seen.add(name)
        for other in sorted(neighbours(name)):
            if other in chosen:
                tree.add(_grown(graph, other, chosen, neighbours, seen))
    return tree


def _label(graph: "Graph", name: str, *, again: bool) -> Text:
    asset = graph[name]
    parts: list[str | tuple[str, str]] = [(name, COLOURS[asset.kind]), (f"  {asset.kind}", "dim")]
    if asset.owner:
        parts.append((f"  {asset.owner}", "dim"))
    return Text.assemble(*parts, ("  (see above)", "dim") if again else "")
