"""Sizes as people write them: `500MB`, `2 GiB`."""

import re

PATTERN = r"^\d+(\.\d+)? ?([KkMGT]i?B)$"
_POWERS = {"K": 1, "k": 1, "M": 2, "G": 3, "T": 4}


def parse(text: str) -> int:
    """`2GB` in bytes: thousands, or 1,024s with an `i`. Raises ValueError for what is no size."""
    found = re.fullmatch(PATTERN, text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a size: write a number and MB, GB, MiB or GiB, as in 500MB, 2GiB")
    number, unit = text.strip().removesuffix(found[2]), found[2]
    return int(float(number) * (1024 if "i" in unit else 1000) ** _POWERS[unit[0]])
