"""Money in words."""

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
