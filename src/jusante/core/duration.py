"""Durations as people write them: `90s`, `15m`, `26h`, `3d`, `2w`."""

import datetime as dt
import re

LONGEST = dt.timedelta(days=36_525)
"""A hundred years: a moment that is so far away can still be reckoned with."""
_UNITS = {"s": dt.timedelta(seconds=1), "m": dt.timedelta(minutes=1), "h": dt.timedelta(hours=1)}
_UNITS |= {"d": dt.timedelta(days=1), "w": dt.timedelta(weeks=1)}


def parse(text: str) -> dt.timedelta:
    """`26h` as a timedelta. Raises ValueError for anything else than a whole number and one of s, m, h, d, w, and for what
    is longer than a hundred years.
    """
    found = re.fullmatch(r"(\d+) ?([smhdw])", text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a duration: write a number and s, m, h, d or w, as in 90s, 15m, 26h, 3d")
    unit, count = _UNITS[found[2]], found[1].lstrip("0")
    if len(count) > len(str(LONGEST // _UNITS["s"])) or int(count or 0) > LONGEST // unit:
        raise ValueError(f"{text!r} is longer than a hundred years")
    return int(count or 0) * unit


def words(length: dt.timedelta) -> str:
    """A length of time for a person, to its largest unit and the next: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    seconds = max(int(length.total_seconds()), 0)
    for unit, name, smaller, name_of_smaller in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min")):
        if seconds >= unit:
            rest = seconds % unit // smaller
            return f"{seconds // unit} {name}" + (f" {rest} {name_of_smaller}" if rest else "")
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"
