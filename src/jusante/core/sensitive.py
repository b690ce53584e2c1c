"""How a kind of personal data is handled: what of it needs a purpose to be shown, and to leave."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from jusante.core.form import Form, later
from jusante.core.noun import Noun

SPECIAL = frozenset(
    {"health", "ethnicity", "religion", "politics", "union", "genetics", "biometrics", "sexuality", "offences"}
)
"""The kinds that GDPR, articles 9 and 10, forbids to process without a reason of their own."""
UNGUESSABLE = frozenset({"email"})
"""The kinds of which nobody can try all values in an afternoon, as with phone numbers or dates of birth."""


class Handling(Noun):
    """What a project says of a kind of personal data, under `sensitive` in jusante.yaml."""

    indirect: bool | None = Field(
        None, description="Whether what it decides is sensitive too: who is in a list of the sick is known to be sick."
    )
    may_show: Form | None = Field(
        None, description="From which form on a dashboard or a step may have it without its purpose: `pseudonymous` …"
    )
    may_leave: Form | None = Field(None, description="From which form on an exposure may have it without its purpose.")


@dataclass(frozen=True, slots=True)
class Care:
    """How a kind is handled, with nothing left open."""

    indirect: bool
    may_show: Form
    may_leave: Form


def care_for(kind: str, handlings: Mapping[str, Handling], *, indirect: bool | None = None) -> Care:
    """How a kind is handled: as a column says (`indirect`), else as the project says, else with the care it needs."""
    said = handlings.get(kind, Handling())
    chosen = next((each for each in (indirect, said.indirect) if each is not None), kind in SPECIAL)
    least: Form = "aggregate" if chosen else "whole"
    show: Form = said.may_show or later(least, "hashed" if kind in UNGUESSABLE else "pseudonymous")
    leave: Form = said.may_leave or later(least, "inferred")
    return Care(chosen, show, leave)
