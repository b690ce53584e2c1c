"""What something costs, carried along the graph to those it is made for.

Each asset hands all that it costs, its own and what came to it, on to those who read it; who reads more bears more. What
nobody reads keeps its cost. So the costs at the ends of the graph add up to the whole: nothing is lost, nothing is
counted twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from jusante.architecture.cost.rates import SMALLEST

Weights = Mapping[str, int | None]
"""How often each reader has read something; None for a reader whose reads nobody counts."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Costs after they were carried. `full`: what each thing costs with its share of all above it.

    `kept`: the part of it that is handed on to nobody; that adds up to the whole. `handed`: from whom to whom, how much.
    """

    full: Mapping[str, Decimal]
    kept: Mapping[str, Decimal]
    handed: Mapping[tuple[str, str], Decimal]


def carried(order: Iterable[str], own: Mapping[str, Decimal], readers: Mapping[str, Weights]) -> Flow:
    """Carry costs along the graph. `order` names each thing before those who read it; a reader that is not in it reads on
    behalf of nobody."""
    full = dict(own)
    kept: dict[str, Decimal] = {}
    handed: dict[tuple[str, str], Decimal] = {}
    names = list(order)
    for name in names:
        amount, reading = full.get(name, Decimal(0)), readers.get(name, {})
        if not reading:
            kept[name] = amount
            continue
        for reader, part in zip(reading, split(amount, counted(list(reading.values()))), strict=True):
            handed[name, reader] = part
            full[reader] = full.get(reader, Decimal(0)) + part
    known = set(names)
    kept |= {name: amount for name, amount in full.items() if name not in known}
    return Flow(full, kept, handed)


def counted(reads: Sequence[int | None]) -> list[int]:
    """Weights of readers: a reader that nobody counts bears as much as the mean of those that are; all alike where
    nobody has read anything."""
    told = [read for read in reads if read is not None]
    mean = max(1, -(-sum(told) // len(told))) if told else 1
    weights = [mean if read is None else read for read in reads]
    return weights if any(weights) else [1] * len(weights)


def split(amount: Decimal, weights: Sequence[int]) -> list[Decimal]:
    """Parts in proportion to the weights, each in whole billionths of a dollar, that add up to the amount exactly."""
    whole, total, seen, given = int(amount / SMALLEST), sum(weights), 0, 0
    parts = []
    for weight in weights:
        seen += weight
        part = whole * seen // total - given
        given += part
        parts.append(part * SMALLEST)
    return parts
