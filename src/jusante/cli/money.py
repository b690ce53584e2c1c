"""Money, bars and lines of bars for people."""

from collections.abc import Sequence
from decimal import Decimal

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = "▁▂▃▄▅▆▇█"


def dollars(usd: Decimal | float | None) -> str:
    """An amount, with two digits that say something however small it is: `$1,204`, `$3.20`, `$0.0042`; empty for None."""
    if usd is None:
        return ""
    amount = Decimal(str(usd))
    if amount == 0:
        return "$0"
    if abs(amount) >= 1000:
        return f"${amount:,.0f}"
    digits = max(2, 1 - amount.adjusted())
    return f"${amount:.{min(digits, 9)}f}"


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
