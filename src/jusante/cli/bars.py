"""Bars, and lines of bars."""

from collections.abc import Sequence
from decimal import Decimal

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = "▁▂▃▄▅▆▇█"


def bar(part: Decimal, largest: Decimal, cells: int) -> str:
    """A bar as long as the part is of the largest, in eighths of a cell; the least that there is, is seen."""
    if largest <= 0 or part <= 0:
        return ""
    eighths = max(1, round(part / largest * cells * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def sparkline(values: Sequence[Decimal], cells: int) -> str:
    """One character a value, by its height; neighbours are added up where there are more values than cells."""
    if not values:
        return ""
    each = -(-len(values) // cells)
    sums = [sum(values[start : start + each], Decimal(0)) for start in range(0, len(values), each)]
    largest = max(sums)
    return "".join(" " if value <= 0 else _HEIGHTS[min(7, int(value / largest * 8))] for value in sums)
