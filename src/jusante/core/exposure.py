"""Something outside that reads tables of ours: a report in another tool, a feature, a sync, a share.

The word is dbt's. jusante does not make it; it tells its owner what is about to happen to what it reads, and keeps
personal data from it that it has no purpose for.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from pydantic import Field

from jusante.core.declared import Declared, declared
from jusante.core.noun import Noun
from jusante.core.trigger import Timing

ExposureKind = Literal["dashboard", "report", "notebook", "analysis", "application", "ml", "feature", "sync", "share"]


class Exposure(Noun):
    """A reader outside of the project."""

    exposure: str
    kind: ExposureKind = Field(description="What it is: a report, a notebook, a feature, a sync to another system …")
    title: str | None = None
    owner: str | None = None
    steward: str | None = Field(None, description="Who keeps it in order, where that is not its owner.")
    about: str | None = None
    url: str | None = Field(None, description="Where it can be seen.")
    tags: tuple[str, ...] = ()
    purpose: tuple[str, ...] = Field(
        (), description="What it is for; sensitive columns with none of these may not come to it."
    )
    reads: Mapping[str, tuple[str, ...]] = Field(
        min_length=1, description="The tables it reads, each with the columns it needs; `[]` for all of them."
    )

    @property
    def declared(self) -> Declared:
        """What it declares."""
        return replace(
            declared(self, Timing()),
            title=self.title,
        )
