"""What the channels are called by which people are told: by it the ledger knows what was told where."""

import hashlib
import re
from collections.abc import Sequence

from jusante.core.environment import NotifyChoice
from jusante.core.secret import Secret

DIGITS = 4
"""Enough to tell a project's channels apart, and far too few to find a secret of a URL by them."""
_PASSWORD = re.compile(r"//([^/:@]*):[^/@]*@")


def names_of(choices: Sequence[NotifyChoice]) -> tuple[str, ...]:
    """The name of each channel: the given one, else what it is, so that it stays the same wherever in the list it stands.

    Where there are several of the same sort, for the same people, at the same place, they are numbered.
    """
    taken = {choice.name for choice in choices if choice.name}
    found: list[str] = []
    for choice in choices:
        name = choice.name or _free(_made_of(choice), taken)
        taken.add(name)
        found.append(name)
    return tuple(found)


def _made_of(choice: NotifyChoice) -> str:
    """Its kind, its file, and a few digits of a digest of its target and whom it is for. A new password is no new target."""
    url = choice.url.reveal() if isinstance(choice.url, Secret) else str(choice.url or "")
    whom = (choice.to or "", choice.after is not None)
    words = [choice.kind, *([choice.path] if choice.path else [])]
    if url or any(whom):
        said = repr((choice.kind, choice.path, _PASSWORD.sub(r"//\1@", url), *whom))
        words.append(hashlib.sha256(said.encode()).hexdigest()[:DIGITS])
    return " ".join(words)


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
