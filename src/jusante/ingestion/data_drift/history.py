"""Which loads count as what is usual: not all that came before."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jusante.core.event import Event
from jusante.core.profile import Profile

SETTLED_LOADS = 7
"""What has been found, and published, in so many loads in a row is the new level, whether somebody accepted it or not."""
ACCEPTED = "drift.accepted"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Somebody has said that a change is right: what came before `since` is history no longer, and what came from then
    until `until` is, though something was found in it.
    """

    since: dt.datetime
    until: dt.datetime


def acceptances(events: Iterable[Event]) -> dict[str, Acceptance]:
    """The last acceptance of each column (empty: of the table's number of rows). `events` are newest first."""
    found: dict[str, Acceptance] = {}
    for event in events:
        for name, since in event.payload.get("data", {}).items():
            found.setdefault(name, Acceptance(dt.datetime.fromisoformat(since), event.at))
    return found


def counting(loads: Sequence[Profile], name: str, accepted: Mapping[str, Acceptance]) -> list[bool]:
    """Which loads, oldest first, count for a column, or under the empty name for the number of rows."""
    acceptance = accepted.get(name)
    counts = [_counts(load, name, acceptance) for load in loads]
    streak = 0
    for number, load in enumerate(loads):
        streak = streak + 1 if name in load.flagged and not load.held else 0
        if streak >= SETTLED_LOADS:
            first = number - streak + 1
            counts[: number + 1] = [False] * first + [True] * streak
    return counts


def _counts(load: Profile, name: str, acceptance: Acceptance | None) -> bool:
    if acceptance is None or load.at > acceptance.until:
        return name not in load.flagged and not load.held
    return load.at >= acceptance.since


def streak_begin(loads: Sequence[Profile], name: str) -> dt.datetime:
    """When the last loads in which something was found in a column began; the last load, where there are none."""
    begin = loads[-1].at
    for load in reversed(loads):
        if name not in load.flagged:
            break
        begin = load.at
    return begin
