"""What is told of an import: each part of the dbt project, what it became, and why not where it did not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jusante.core.dbt import DbtImport

State = Literal["here", "dbt", "ours", "left out"]
"""here: built, or checked, by jusante. dbt: left to dbt, in the graph only. ours: a table here stands for it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A model, seed, snapshot, source, test or exposure: its name in dbt, what it is here, and what there is to say of it."""

    name: str
    kind: str
    id: str
    state: State
    why: str = ""
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The part as `--json` prints it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "id": self.id,
            "state": self.state,
            "why": self.why,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Imported:
    """What was made of a manifest: what is kept, and what is told of each part."""

    content: DbtImport
    tables: tuple[Part, ...]
    tests: tuple[Part, ...]
    exposures: tuple[Part, ...]
    noted: Mapping[str, int] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """All of it as `--json` prints it."""
        return {
            "project": self.content.origin.project,
            "dbt_version": self.content.origin.version,
            "adapter": self.content.origin.adapter,
            "tables": [part.as_dict() for part in self.tables],
            "tests": [part.as_dict() for part in self.tests],
            "exposures": [part.as_dict() for part in self.exposures],
            "noted": dict(self.noted),
            "doubts": list(self.doubts),
        }
