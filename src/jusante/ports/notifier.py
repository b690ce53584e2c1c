"""Who is told when something happens to what they own or read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Notice:
    """Something for somebody: `to` is an owner as project files name them, `subject` a line, `text` the whole of it.

    What makes the subject may have come with more lines, as errors do; in a mail each would be a header of its own.
    `key` is the same for the same news, so that nobody is told twice. It holds no personal data and no secrets.
    `about` is what a program needs to know of it: of an incident its id, severity, state and times.
    """

    to: str
    subject: str
    text: str
    key: str
    kind: str
    about: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", " ".join(self.subject.split()))


class Notifier(Protocol):
    """A way to tell people. Errors are `SourceUnavailable` where another try may help, else `UsageError`."""

    def tell(self, notices: tuple[Notice, ...]) -> None:
        """Hand notices on, all of them, before it returns."""

    def close(self) -> None:
        """Let go of connections. Never raises."""
