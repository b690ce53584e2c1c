"""From what work took to what it cost, by a rate card. Every price is rounded once, to a billionth of a dollar."""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal

from jusante.core.cost import MONTH_SECONDS, Charge, Component, Metered, Rates, Usage

SMALLEST = Decimal("0.000000001")
GB, TB = Decimal(10**9), Decimal(10**12)
_HOUR_US = Decimal(3_600_000_000)
_MILLION = Decimal(1_000_000)


def price(component: Component, rates: Rates) -> Decimal:
    """What one unit of a component costs, in dollars."""
    told = {
        "cpu": rates.cpu_hour,
        "scanned": rates.tb_scanned,
        "stored": rates.gb_month,
        "requests": rates.million_requests,
        "egress": rates.gb_egress,
    }
    return told[component] * rates.dollars


def quantities(usage: Usage) -> dict[Component, Decimal]:
    """How many units of each component work took; what it took none of is left out."""
    found: dict[Component, Decimal] = {
        "cpu": usage.cpu_us / _HOUR_US,
        "scanned": usage.bytes_scanned / TB,
        "requests": usage.requests / _MILLION,
        "egress": usage.bytes_out / GB,
    }
    return {component: quantity for component, quantity in found.items() if quantity}


def worth(component: Component, quantity: Decimal, rates: Rates) -> Decimal:
    """What so much of a component costs, in dollars."""
    return (quantity * price(component, rates)).quantize(SMALLEST, ROUND_HALF_EVEN)


def cost(usage: Usage, rates: Rates) -> Decimal:
    """What work cost, in dollars."""
    found = quantities(usage)
    return sum((worth(component, quantity, rates) for component, quantity in found.items()), Decimal(0))


def gb_months(byte_seconds: int) -> Decimal:
    """Bytes at rest over seconds, in the unit that they are paid by."""
    return byte_seconds / (GB * MONTH_SECONDS)


def charges(metered: Iterable[Metered], rates: Rates) -> Iterator[Charge]:
    """What was done and asked, as charges: one for each component of each of them."""
    for each in metered:
        for component, quantity in quantities(each.usage).items():
            usd = worth(component, quantity, rates)
            yield Charge(each.day, each.kind, each.asset, each.by, component, quantity, usd, each.reads)
