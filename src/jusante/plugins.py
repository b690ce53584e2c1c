"""Adapters of this package and of others, found by entry point and loaded alone, when a project names their kind."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points

from jusante.ports.connector import ConnectorKind

GROUP = "jusante.connectors"


class Connectors(Mapping[str, ConnectorKind]):
    """The kinds of sources by name; a kind's module is imported when it is asked for."""

    @cached_property
    def _points(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=GROUP)}

    def __getitem__(self, name: str) -> ConnectorKind:
        kind = self._points[name].load()
        assert isinstance(kind, ConnectorKind), f"entry point {name} of {GROUP} is not a ConnectorKind"
        return kind

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)
