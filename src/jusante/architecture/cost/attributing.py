"""Charges put down to what caused them: assets and people; and who reads what how often, as far as anybody knows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from jusante.architecture.cost.sharing import Flow, Weights, carried
from jusante.core.cost import Charge, Metered
from jusante.core.graph import Graph

PERSON = "person:"
Home = Callable[[str], str]
"""The asset that bears what a table costs: a quarantine is borne by the table that it belongs to."""


@dataclass(frozen=True, slots=True)
class Reads:
    """How often assets were made, and how often each table was read by whom, in a stretch of time."""

    made: Mapping[str, int]
    asked: Mapping[str, Mapping[str, int]]

    def by(self, table: str) -> int:
        """How often a table was asked for."""
        return sum(self.asked.get(table, {}).values())


def reads_of(metered: Iterable[Metered]) -> Reads:
    """Who read what. A question that reads a table twice has read it once."""
    made: dict[str, int] = {}
    asked: dict[str, dict[str, int]] = {}
    for each in metered:
        if each.kind == "task":
            made[each.asset] = made.get(each.asset, 0) + each.made
            continue
        reader = each.asset or f"{PERSON}{each.by}"
        for table in each.reads:
            of_table = asked.setdefault(table, {})
            of_table[reader] = of_table.get(reader, 0) + each.times
    return Reads(made, asked)


def own_costs(charges: Iterable[Charge], home: Home) -> dict[str, Decimal]:
    """What each asset, and each person who asked, cost by itself."""
    found: dict[str, Decimal] = {}
    for charge in charges:
        name = home(charge.asset) if charge.asset else f"{PERSON}{charge.by}"
        found[name] = found.get(name, Decimal(0)) + charge.usd
    return found


def weights(graph: Graph, reads: Reads) -> dict[str, Weights]:
    """The readers of each asset, and how often each has read it.

    What is made reads its inputs each time that it is made; a view is read through, as often as its own readers read;
    nobody counts what is read outside.
    """
    found: dict[str, Weights] = {}
    uses: dict[str, int] = {}
    rendered = _rendered(reads)
    for name in reversed(graph.order):
        asked = {reader: times for reader, times in reads.asked.get(name, {}).items() if reader not in graph}
        inside = {reader: _reads(graph, reader, reads, uses, rendered) for reader in graph.readers[name]}
        found[name] = {**inside, **asked}
        uses[name] = sum(times or 1 for times in found[name].values())
    return found


def _reads(graph: Graph, reader: str, reads: Reads, uses: Mapping[str, int], rendered: Mapping[str, int]) -> int | None:
    asset = graph[reader]
    if not asset.is_made:
        return None
    if asset.kind == "view":
        return uses[reader]
    return reads.made.get(reader, 0) + (rendered.get(reader, 0) if asset.kind == "dashboard" else 0)


def _rendered(reads: Reads) -> dict[str, int]:
    """How often each dashboard was rendered outside of a run, which reads all of its tables."""
    found: dict[str, int] = {}
    for readers in reads.asked.values():
        for reader, times in readers.items():
            found[reader] = max(times, found.get(reader, 0))
    return found


def attributed(graph: Graph, charges: Iterable[Charge], reads: Reads, home: Home) -> Flow:
    """What each asset and each person costs, with its share of all above it."""
    own = own_costs(charges, home)
    elsewhere = [name for name in own if name not in graph]
    readers = weights(graph, reads)
    return carried([*graph.order, *elsewhere], own, readers)
