"""Money in words."""

from collections.abc import Sequence
from decimal import Decimal


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


def column(amounts: Sequence[Decimal]) -> list[str]:
    """Amounts below one another, alike in their digits: three of the largest say something; `<$0.001` is less than the last."""
    largest = max((abs(amount) for amount in amounts), default=Decimal(0))
    digits = min(9, max(2, 2 - largest.adjusted())) if largest else 2
    least = Decimal(1).scaleb(-digits)
    return [
        "$0" if not amount else f"${amount:,.{digits}f}" if abs(amount) >= least else f"<${least:.{digits}f}"
        for amount in amounts
    ]
