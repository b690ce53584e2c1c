"""Who reads whom among the nodes of a dbt project."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from graphlib import TopologicalSorter

from jusante.transformation.dbt.manifest import Manifest, Node
from jusante.transformation.dbt.naming import TABLES


class Order:
    """Models, seeds and snapshots, each after those it reads."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._reads = {str(node["unique_id"]): parents(node) for node in manifest.of_type(*TABLES)}

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes, each after those it reads; alike for alike projects."""
        inside = {key: sorted(set(reads) & self._reads.keys()) for key, reads in sorted(self._reads.items())}
        return tuple(self._manifest.part("nodes")[key] for key in TopologicalSorter(inside).static_order())

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {str(node["unique_id"]): number for number, node in enumerate(self.nodes)}

    @cached_property
    def _readers(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for key, reads in self._reads.items():
            for above in reads:
                found.setdefault(above, []).append(key)
        return found

    def last(self, keys: Iterable[str]) -> str | None:
        """The node among these that comes after all others; sources come first."""
        return max(keys, key=lambda key: (self._places.get(key, -1), key), default=None)

    def below(self, key: str) -> frozenset[str]:
        """All nodes that read a node or source, directly or not."""
        seen: set[str] = set()
        waiting = list(self._readers.get(key, ()))
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting += self._readers.get(node, ())
        return frozenset(seen)


def parents(node: Node) -> tuple[str, ...]:
    """The nodes that a node reads, by dbt's unique ids."""
    return tuple(node.get("depends_on", {}).get("nodes") or ())
