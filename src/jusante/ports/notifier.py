"""Who is told when something happens to what they own or read."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Notice:
    """Something for somebody: `to` is an owner as project files name them, `subject` a line, `text` the whole of it.

    `key` is the same for the same news, so that nobody is told twice. It holds no personal data and no secrets.
    """

    to: str
    subject: str
    text: str
    key: str
    kind: str


class Notifier(Protocol):
    """A way to tell people. Errors are `SourceUnavailable` where another try may help, else `UsageError`."""

    def tell(self, notices: tuple[Notice, ...]) -> None:
        """Hand notices on, all of them, before it returns."""

    def close(self) -> None:
        """Let go of connections. Never raises."""
