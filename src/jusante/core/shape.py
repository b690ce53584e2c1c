"""A table as it was at its source when it was last loaded: what the next load is held against."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jusante.core.schema import Column, Schema


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a table at its source, under their names there. `place` changes when it is read from elsewhere.

    `names` are what columns were called here where that was another name, and `was` the renames that had been followed
    (by the name now), as the project said at that time.
    """

    place: str
    columns: Schema
    names: Mapping[str, str] = field(default_factory=dict)
    was: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As an asset's state and a snapshot's summary keep it."""
        columns = [[c.name, c.type, int(c.nullable), c.identity] for c in self.columns]
        said = {"place": self.place, "columns": columns, "keys": [list(key) for key in self.columns.keys]}
        return (
            said | ({"names": dict(self.names)} if self.names else {}) | ({"was": dict(self.was)} if self.was else {})
        )

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Shape":
        """The shape that `as_dict` wrote."""
        columns = tuple(
            Column(name, kind, bool(nullable), identity=identity) for name, kind, nullable, identity in kept["columns"]
        )
        schema = Schema(columns, tuple(map(tuple, kept["keys"])))
        return cls(kept["place"], schema, kept.get("names", {}), kept.get("was", {}))
