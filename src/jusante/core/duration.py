"""Durations as people write them: `90s`, `15m`, `26h`, `3d`, `2w`."""

import datetime as dt
import re

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse(text: str) -> dt.timedelta:
    """`26h` as a timedelta. Raises ValueError for anything else than a whole number and one of s, m, h, d, w."""
    found = re.fullmatch(r"(\d+) ?([smhdw])", text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a duration: write a number and s, m, h, d or w, as in 90s, 15m, 26h, 3d")
    return dt.timedelta(**{_UNITS[found[2]]: int(found[1])})
