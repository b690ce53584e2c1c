"""A model's columns that hold other values than they usually do, though nobody changed what they mean. The rules are those of loads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jusante.core.profile import ColumnProfile, Profile
from jusante.ingestion.data_drift.deviation import Deviation
from jusante.ingestion.data_drift.history import Acceptance
from jusante.ingestion.data_drift.judging import judge

EDITED = "its definition, or one above it, was changed"
MOST_LOST = 0.5
"""A column that has lost more than this share of its values was not meant to, whatever was edited."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A model as it was once: its profile, by which version of its definition, and why what was found in it is no news, by
    column."""

    profile: Profile
    version: str
    explained: Mapping[str, str] = field(default_factory=dict)


def unusual_values(
    before: Sequence[Seen], now: Seen, keys: frozenset[str], accepted: Mapping[str, Acceptance]
) -> dict[str, Deviation]:
    """What is not as it was, by column. `before` is oldest first. How many rows there are is a question of its own."""
    if before and not before[-1].profile.flagged and before[-1].profile.columns == now.profile.columns:
        return {}  # the quick answer: the same rows as the last time
    found = judge([each.profile for each in before], now.profile, keys, accepted)
    return {name: deviation for name, deviation in found.items() if name}


def why_meant(before: Sequence[Seen], now: Seen, column: str) -> str:
    """Why what is found in a column is no news: an edit made it, or it goes on from what was explained. Empty where it is news.

    What goes on so often in a row that it is the new level is found no longer. That nothing is left of a column is always
    news when it begins: no edit is meant to do that.
    """
    last = before[-1]
    if _is_lost(last.profile.columns.get(column), now.profile.columns[column]):
        return ""
    if column in last.profile.flagged and (why := last.explained.get(column)):
        return why
    return EDITED if last.version != now.version else ""


def _is_lost(before: ColumnProfile | None, now: ColumnProfile) -> bool:
    """Whether most of a column is missing of a sudden."""
    return before is not None and _filled(before) > MOST_LOST >= _filled(now)


def _filled(column: ColumnProfile) -> float:
    return column.filled / column.rows if column.rows else 1.0
