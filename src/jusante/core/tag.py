"""Words that go with a column to all that is made of it."""

from dataclasses import dataclass

from jusante.core.form import Form
from jusante.core.lineage import Origin

SENSITIVE = "sensitive:"


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """A word about a column: what it is called, which column of a source it comes from, and what is left of that one here.

    `purposes` are what personal data may be used for. `indirect`: what the column decides bears the tag too.
    """

    name: str
    origin: Origin
    form: Form = "whole"
    purposes: tuple[str, ...] = ()
    indirect: bool = False

    @property
    def kind(self) -> str | None:
        """The kind of personal data it tells of; None where it tells of another thing."""
        return self.name.removeprefix(SENSITIVE) if self.name.startswith(SENSITIVE) else None
