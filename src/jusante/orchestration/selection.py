"""Which assets a command is about: `marts.daily_sales`, `+x` (and above), `x+` (and below), `tag:ml`, `source:sales`."""

import fnmatch
from collections.abc import Iterable

from jusante.core.asset import Ingested
from jusante.core.graph import Graph
from jusante.core.names import nearest
from jusante.errors import UsageError


def select(graph: Graph, wishes: Iterable[str]) -> frozenset[str]:
    """The ids that any of the wishes names; all of them where there is no wish. Raises UsageError for an unknown name."""
    wanted = tuple(wishes)
    if not wanted:
        return frozenset(graph.ids)
    return frozenset(name for wish in wanted for name in _selected(graph, wish))


def made_among(graph: Graph, wishes: Iterable[str]) -> frozenset[str]:
    """Those of the assets chosen that a run makes."""
    return frozenset(name for name in select(graph, wishes) if graph[name].is_made)


def _selected(graph: Graph, wish: str) -> set[str]:
    name = wish.removeprefix("+").removesuffix("+")
    found = _named(graph, name)
    if not found:
        near = nearest(name, graph.ids)
        raise UsageError(
            f"nothing is called {name!r} here", fix=f"did you mean {near}?" if near else "jusante lineage lists all"
        )
    above = graph.above(found) if wish.startswith("+") else set()
    below = graph.below(found) if wish.endswith("+") else set()
    return found | above | below


def _named(graph: Graph, name: str) -> set[str]:
    kind, colon, rest = name.partition(":")
    if colon and kind == "tag":
        return {asset.id for asset in graph if rest in asset.tags}
    if colon and kind == "source":
        return {a.id for a in graph if isinstance(a.definition, Ingested) and a.definition.source.source == rest}
    return {name} if name in graph else {asset for asset in graph.ids if fnmatch.fnmatchcase(asset, name)}
