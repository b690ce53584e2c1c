"""What a rule says of a load."""

from dataclasses import dataclass

from jusante.core.drift import DataChange


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing that is not as it was: what was expected, and what was found, in words. `score`: see `Surprise`."""

    change: DataChange
    before: str
    after: str
    score: float


def percent(share: float) -> str:
    """A share for people: `0.1 %`, `34 %`."""
    value = 100 * share
    if value == 0:
        return "0 %"
    if value < 0.01:
        return "under 0.01 %"
    return f"{value:.2f} %" if value < 0.1 else f"{value:.1f} %" if value < 10 else f"{value:.0f} %"


def number(value: float) -> str:
    """A number for people, of four digits: `1,204`, `0.035`."""
    if value == 0 or 0.01 <= abs(value) < 1e15:
        rounded = float(f"{value:.4g}")
        return f"{int(rounded):,}" if rounded.is_integer() else f"{rounded:,}"
    return f"{value:.3g}"


def between(low: str, high: str, loads: int) -> str:
    """What there had been: `21 loads between 0.0 % and 0.3 %`."""
    return f"{loads} loads at {low}" if low == high else f"{loads} loads between {low} and {high}"
