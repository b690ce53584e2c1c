"""Whom a change of some columns touches: all that depends on them, the most important first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jusante.core.column_graph import CHECK, ColumnGraph, asset_of
from jusante.core.exposure import Exposure
from jusante.core.graph import Graph
from jusante.core.lineage import Origin

_IMPORTANCE = ("share", "sync", "feature", "application", "ml", "dashboard", "report", "notebook", "analysis", "step")
"""What leaves the house first: it is seen by others. Then tables, then the checks on them."""


@dataclass(frozen=True, slots=True)
class Touched:
    """Something that depends on a changed column. `columns` are those of its own that do; empty where its rows do.

    `is_direct`: values of the changed column come to it; else it only decides about rows or values there.
    """

    id: str
    kind: str
    owner: str | None
    columns: tuple[str, ...]
    is_direct: bool

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"id": self.id, "kind": self.kind, "owner": self.owner, "columns": list(self.columns)}


def blast(graph: Graph, columns: ColumnGraph, changed: Iterable[Origin]) -> tuple[Touched, ...]:
    """All that depends on changed columns, the most important first; the tables that the columns stand in are left out."""
    origins = tuple(changed)
    own = {origin.table for origin in origins}
    found: dict[Origin, dict[str, None]] = {}
    direct: set[Origin] = set()
    reached = set(origins)
    for step in columns.below(origins):
        place = _place(step.target)
        if step.edge.is_direct and step.edge.origin in reached:
            reached.add(step.target)
            direct.add(place)
        if place.table not in own:
            found.setdefault(place, {})
            if step.target.column and not place.column:
                found[place][step.target.column] = None
    for name in sorted(_beyond(graph, columns, [place.table for place in found]) - own):
        found.setdefault(Origin(name, ""), {})
    touched = [_touched(graph, place, tuple(names), is_direct=place in direct) for place, names in found.items()]
    return tuple(sorted(touched, key=_rank))


def _place(target: Origin) -> Origin:
    """What a column belongs to: an asset as a whole, or a check, each by itself."""
    return target if target.table.startswith(CHECK) else Origin(target.table, "")


def readers_of(graph: Graph, names: Iterable[str]) -> tuple[Touched, ...]:
    """All that reads these assets, directly or not, the most important first; they themselves are left out."""
    own = {name for name in names if name in graph}
    return tuple(
        sorted((_touched(graph, Origin(name, ""), (), is_direct=True) for name in graph.below(own) - own), key=_rank)
    )


def _beyond(graph: Graph, columns: ColumnGraph, found: Iterable[str]) -> set[str]:
    """All that reads what is touched and whose columns are not known, as before a first run: it may depend on any."""
    blind = [name for name in found if name in graph and not columns.columns(name)]
    return graph.below(blind)


def _touched(graph: Graph, place: Origin, columns: tuple[str, ...], *, is_direct: bool) -> Touched:
    asset = graph[asset_of(place.table)]
    if place.column:
        return Touched(str(place), "check", asset.owner, columns, is_direct)
    kind = asset.definition.kind if isinstance(asset.definition, Exposure) else asset.kind
    return Touched(asset.id, kind, asset.owner, columns, is_direct)


def _rank(touched: Touched) -> tuple[int, bool, str]:
    order = _IMPORTANCE.index(touched.kind) if touched.kind in _IMPORTANCE else len(_IMPORTANCE)
    return (order + (touched.kind == "check"), not touched.is_direct, touched.id)
