"""A table that is made anew and has many more rows, or fewer, than it usually has. The rule is that of whole loads."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jusante.core.profile import Profile
from jusante.ingestion.data_drift.surprise import Care
from jusante.ingestion.data_drift.volume import NOISE, volume

CARE = Care(questions=3)
SETTLED = 7
"""What a table has had so often in a row is its new size, whether somebody said so or not."""
CHANGED = math.log(2)
"""Where its definition has just changed, only half of the rows, or twice as many, are worth a word."""


@dataclass(frozen=True, slots=True)
class Made:
    """A table as it was made once: its rows, and by which version of its definition."""

    profile: Profile
    version: str


def unusual_rows(before: Sequence[Made], now: Made, *, goes_on: bool = False) -> str | None:
    """What to say of how many rows there are; None where it is usual. `before` is oldest first.

    Where it `goes_on`, the last times may have been unusual, too: then it is told until it was so seven times in a row.
    """
    past = [made.profile for made in before]
    for told in range(min(SETTLED, len(past)) if goes_on else 1):
        earlier, odd = past[: len(past) - told], past[len(past) - told :]
        usual = _steady(earlier)
        said = _odd(usual, now.profile)
        if said and all(_odd(usual, each) for each in odd):
            settled = told + _left_out_at_the_end(earlier, usual) >= SETTLED
            return None if settled or _is_meant(before[len(past) - told - 1], now) else said
    return None


def _steady(past: Sequence[Profile]) -> list[Profile]:
    """Without what was odd once: a first try with ten rows does not make everything up to now usual."""
    return [each for number, each in enumerate(past) if not _odd([*past[:number], *past[number + 1 :]], each)]


def _left_out_at_the_end(earlier: Sequence[Profile], usual: Sequence[Profile]) -> int:
    return sum(each.at > usual[-1].at for each in earlier) if usual else 0


def is_level(made: Sequence[Made]) -> bool:
    """Whether all times lie within what chance alone is granted, so that none of them can be unusual: the quick answer."""
    rows = [math.log1p(each.profile.rows) for each in made]
    return not rows or max(rows) - min(rows) < NOISE


def _odd(past: Sequence[Profile], now: Profile) -> str | None:
    found = next(iter(volume(past, now, CARE)), None)
    return f"it has {found.after}; usual are {found.before}" if found else None


def _is_meant(last: Made, now: Made) -> bool:
    """Whether its definition was changed in between, and it is a change of rows that such a change makes."""
    if now.version == last.version or not now.profile.rows:
        return False
    return abs(math.log1p(now.profile.rows) - math.log1p(last.profile.rows)) < CHANGED
