"""What a definition declares of its asset, whatever sort of thing it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from jusante.core.check import Check
from jusante.core.classification import Classification
from jusante.core.cost import Budget
from jusante.core.guard import GuardCode
from jusante.core.trigger import Timing


class Head(Protocol):
    """What stands at the head of whatever makes or reads tables."""

    @property
    def about(self) -> str | None:
        """What it is, in a sentence."""
        ...

    @property
    def owner(self) -> str | None:
        """Whom to tell."""
        ...

    @property
    def steward(self) -> str | None:
        """Who keeps it in order."""
        ...

    @property
    def tags(self) -> tuple[str, ...]:
        """The words it can be selected by."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What people need of every asset; what a sort of asset cannot declare is as where nobody has said."""

    about: str | None
    owner: str | None
    steward: str | None
    tags: tuple[str, ...]
    timing: Timing
    budget: Budget | None = None
    title: str | None = None
    classification: Classification | None = None
    checks: tuple[Check, ...] = ()
    grain: tuple[str, ...] = ()
    elsewhere: str = ""
    about_columns: Mapping[str, str] = field(default_factory=dict)
    declassified: Mapping[str, str] = field(default_factory=dict)
    allowed: Mapping[GuardCode, str] = field(default_factory=dict)


def declared(head: Head, timing: Timing) -> Declared:
    """What all heads declare; the rest is as where nobody has said."""
    return Declared(about=head.about, owner=head.owner, steward=head.steward, tags=head.tags, timing=timing)
