"""What can be looked up: assets and business terms, each with all the words it can be found by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """An asset or a term. `terms` are the business terms that its columns implement; `synonyms` those of a term."""

    id: str
    kind: str
    title: str = ""
    about: str = ""
    owner: str = ""
    steward: str = ""
    classification: str = ""
    tags: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people call it: without the word before the colon."""
        return self.id.partition(":")[2] or self.id

    def as_dict(self) -> dict[str, Any]:
        """The entry as the index keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "CatalogEntry":
        """The entry that `as_dict` made, also where it went through JSON."""
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in kept.items()}
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that some words of a question may be about; a smaller `score` is better.

    `meant` gives for each word of the question the words of the index that it was taken for.
    """

    entry: CatalogEntry
    score: float
    meant: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found. `rank` is its class, the best 0; `why` tells by which of its parts, and what stands there."""

    entry: CatalogEntry
    rank: int
    why: tuple[tuple[str, str], ...]

    def as_dict(self) -> dict[str, Any]:
        """The hit as `--json` prints it."""
        entry = self.entry
        return {
            "id": entry.id,
            "kind": entry.kind,
            "about": entry.about,
            "owner": entry.owner or None,
            "rank": self.rank,
            "why": [{"in": part, "text": text} for part, text in self.why],
        }
