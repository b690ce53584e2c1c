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
        self._looks: dict[str, set[str]] = {}

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes, each after those it reads; alike for alike projects."""
        inside = {key: sorted(set(reads) & self._reads.keys()) for key, reads in sorted(self._reads.items())}
        return tuple(self._manifest.part("nodes")[key] for key in TopologicalSorter(inside).static_order())

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {str(node["unique_id"]): number for number, node in enumerate(self.nodes)}

    def last(self, keys: Iterable[str]) -> str | None:
        """The node among these that comes after all others; sources come first."""
        return max(keys, key=lambda key: (self._places.get(key, -1), key), default=None)

    def look(self, subject: str, others: Iterable[str]) -> str | None:
        """Remember that a test of `subject` looks into others; the one of them that comes after `subject`, if there is one.

        Then nothing is remembered: who looks into what is made of it would wait for itself.
        """
        wanted = sorted(set(others) - {subject})
        for other in wanted:
            if subject in self._above(other):
                return other
        self._looks.setdefault(subject, set()).update(wanted)
        return None

    def _above(self, key: str) -> set[str]:
        """All that a node reads, and that its tests look into, directly or not."""
        seen: set[str] = set()
        waiting = [key]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting += [*self._reads.get(node, ()), *self._looks.get(node, ())]
        return seen


def parents(node: Node) -> tuple[str, ...]:
    """The nodes that a node reads, by dbt's unique ids."""
    return tuple(node.get("depends_on", {}).get("nodes") or ())
