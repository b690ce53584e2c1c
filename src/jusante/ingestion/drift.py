"""A source's columns against those of the table: what changed, and whether the policy follows or holds.

A later module measures renames and the data itself; this one sees what the names and types say.
"""

from dataclasses import dataclass
from typing import Literal

from jusante.core.schema import Schema, widens
from jusante.core.source import Drift, Policy

Change = Literal["added", "dropped", "retyped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One change of shape. `policy` is what the table's owner wants done about it."""

    column: str
    change: Change
    policy: Policy
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        match self.change:
            case "added":
                return f"column {self.column} ({self.after}) is new at the source"
            case "dropped":
                return f"column {self.column} is gone at the source"
        return f"column {self.column} changed from {self.before} to {self.after}"


def compare(known: Schema, now: Schema, policies: Drift) -> tuple[Finding, ...]:
    """What changed from the table as it stands to the source as it is. A wider type is followed without a word."""
    found = [Finding(c.name, "dropped", policies.drop, before=c.type) for c in known if now.find(c.name) is None]
    for column in now:
        before = known.find(column.name)
        if before is None:
            found.append(Finding(column.name, "added", policies.add, after=column.type))
        elif not fits(before.type, column.type):
            found.append(Finding(column.name, "retyped", policies.type, before.type, column.type))
    return tuple(found)


def fits(known: str, now: str) -> bool:
    """Whether values of a type can go on in a column: the same, wider, or narrower without loss."""
    return widens(known, now) or widens(now, known)
