"""Where the catalogue is looked up."""

from collections.abc import Sequence
from typing import Protocol

from jusante.core.catalog import Candidate, CatalogEntry


class SearchIndex(Protocol):
    """An index of catalogue entries. It can be deleted at any time, and is then made anew."""

    def version(self) -> str | None:
        """What it was made of, as `replace` was told; None where there is none that can be read."""

    def replace(self, version: str, entries: Sequence[CatalogEntry]) -> None:
        """Make it anew, in one step: who searches meanwhile sees the old one."""

    def candidates(self, words: Sequence[str], limit: int) -> tuple[Candidate, ...]:
        """The entries that all of the words may be about, else those that any is; at most `limit`, the likeliest first.

        Words are taken as they are, as beginnings, and, where the index has no such word, for the words nearest to them.
        """

    def close(self) -> None:
        """Let go of the file."""
