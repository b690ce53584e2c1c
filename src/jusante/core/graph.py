"""The one graph: which asset reads which."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from jusante.core.asset import Asset


class Graph:
    """The assets of a project by id. Inputs that no asset makes are not allowed; the project's reader reports them."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        self._assets = {asset.id: asset for asset in assets}

    def __getitem__(self, name: str) -> Asset:
        return self._assets[name]

    def __contains__(self, name: object) -> bool:
        return name in self._assets

    def __iter__(self) -> Iterator[Asset]:
        return iter(self._assets.values())

    def __len__(self) -> int:
        return len(self._assets)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all assets."""
        return tuple(self._assets)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All ids, each after its inputs; alike for alike graphs. Raises ValueError where assets read in a circle."""
        sorter = TopologicalSorter({name: sorted(self._assets[name].inputs) for name in sorted(self._assets)})
        return tuple(sorter.static_order())

    @cached_property
    def readers(self) -> Mapping[str, tuple[str, ...]]:
        """Who reads each asset directly."""
        found: dict[str, list[str]] = {name: [] for name in self._assets}
        for asset in self._assets.values():
            for name in asset.inputs:
                found[name].append(asset.id)
        return {name: tuple(readers) for name, readers in found.items()}

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """The version of each asset, which changes when it or anything above it is defined anew."""
        found: dict[str, str] = {}
        for name in self.order:
            found[name] = self._assets[name].version(found)
        return found

    def above(self, names: Iterable[str]) -> set[str]:
        """These and all that they read, directly or not."""
        return _walk(names, lambda name: self._assets[name].inputs)

    def below(self, names: Iterable[str]) -> set[str]:
        """These and all that reads them, directly or not."""
        return _walk(names, lambda name: self.readers[name])

    def tables_above(self, name: str) -> tuple[str, ...]:
        """The tables with rows that an asset reads, looking through views; sorted."""
        found: set[str] = set()
        for above in self._assets[name].inputs:
            found |= {above} if self._assets[above].is_table else set(self.tables_above(above))
        return tuple(sorted(found))


def _walk(names: Iterable[str], neighbours: object) -> set[str]:
    assert callable(neighbours)
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(neighbours(name))
    return seen


def cycle(inputs: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """One circle in who reads whom, first name repeated at the end; empty where there is none."""
    try:
        TopologicalSorter(inputs).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()
