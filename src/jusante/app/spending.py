"""What a project has cost in a stretch of time: by asset and day, and carried along the graph to whom it is for."""

import contextlib
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from jusante.app.questions import take_in
from jusante.app.system import System
from jusante.architecture.cost import resting
from jusante.architecture.cost.attributing import PERSON, Reads, attributed, own_costs, reads_of
from jusante.architecture.cost.rates import charges
from jusante.architecture.cost.sharing import Flow
from jusante.core.asset import Ingested
from jusante.core.cost import Charge, Metered, Stored, Usage
from jusante.core.graph import Graph
from jusante.core.names import QUARANTINE
from jusante.errors import StorageError

By = Literal["asset", "owner", "dashboard", "source", "person", "day"]
NOBODY = "nobody"
PEOPLE = "people who ask"
NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Line:
    """One thing, and what it cost. `own` is what it took itself, `full` that and its share of all that it is made of."""

    name: str
    kind: str
    own: Decimal
    full: Decimal
    usage: Usage = NOTHING
    stored: int = 0
    times: int = 0
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent from a moment to another. `stored` is what lies at rest at the end, by asset; `first_stored` since
    when it is known that there is something, at the latest the first moment within the time."""

    graph: Graph
    since: dt.datetime
    until: dt.datetime
    charges: tuple[Charge, ...]
    metered: tuple[Metered, ...]
    stored: Mapping[str, Stored]
    reads: Reads
    flow: Flow
    first_stored: Mapping[str, dt.datetime]

    @property
    def total(self) -> Decimal:
        """All of it, in dollars."""
        return sum((charge.usd for charge in self.charges), Decimal(0))

    @property
    def days(self) -> dict[dt.date, Decimal]:
        """What each day cost, days without any included."""
        first = self.since.date()
        found = dict.fromkeys(
            (first + dt.timedelta(days=n) for n in range((self.until.date() - first).days + 1)), Decimal(0)
        )
        for charge in self.charges:
            found[charge.day] += charge.usd
        return found

    def home(self, table: str) -> str:
        """The asset that bears what a table costs."""
        return home(self.graph, table)

    def lines(self) -> tuple[Line, ...]:
        """Assets and people, the dearest by itself first."""
        own = own_costs(self.charges, self.home)
        used, times, stored = self._used()
        names = {*own, *used, *stored, *(name for name, usd in self.flow.full.items() if usd)}
        found = [
            Line(
                name=name,
                kind=self.kind(name),
                own=own.get(name, Decimal(0)),
                full=self.flow.full.get(name, Decimal(0)),
                usage=used.get(name, Usage()),
                stored=stored.get(name, 0),
                times=times.get(name, 0),
                owner=self.owner(name),
            )
            for name in names
        ]
        return tuple(sorted(found, key=lambda line: (-line.own, -line.full, line.name)))

    def kind(self, name: str) -> str:
        """What a name stands for: a kind of asset, a person, or a table that the project no longer makes."""
        return "person" if name.startswith(PERSON) else self.graph[name].kind if name in self.graph else "left over"

    def owner(self, name: str) -> str | None:
        """Whose it is; a person is its own."""
        if name.startswith(PERSON):
            return name.removeprefix(PERSON)
        return self.graph[name].owner if name in self.graph else None

    def _used(self) -> tuple[dict[str, Usage], dict[str, int], dict[str, int]]:
        used: dict[str, Usage] = {}
        times: dict[str, int] = {}
        for each in self.metered:
            name = each.asset or f"{PERSON}{each.by}"
            used[name] = used.get(name, Usage()) + each.usage
            times[name] = times.get(name, 0) + each.times
        stored: dict[str, int] = {}
        for table, found in self.stored.items():
            stored[self.home(table)] = stored.get(self.home(table), 0) + found.bytes
        return used, times, stored

    def grouped(self, by: By) -> tuple[Line, ...]:
        """The same money by another view; each view adds up to the whole."""
        match by:
            case "asset":
                return tuple(line for line in self.lines() if line.own or line.usage != NOTHING or line.stored)
            case "day":
                return tuple(Line(str(day), "day", usd, usd) for day, usd in self.days.items())
            case "source":
                return _summed((self._source(line.name), "source", line.own, line) for line in self.lines())
            case "owner":
                return self._by_owner()
            case "person":
                return _summed((self._reader(name), "person", usd, None) for name, usd in self.flow.kept.items())
            case "dashboard":
                return _summed(
                    (self._end(name), self._end_kind(name), usd, None) for name, usd in self.flow.kept.items()
                )

    def _by_owner(self) -> tuple[Line, ...]:
        """`own` is what the owner's assets took, `full` what is made for the owner in the end."""
        lines = _summed((line.owner or NOBODY, "owner", line.own, line) for line in self.lines())
        full: dict[str, Decimal] = {}
        for name, usd in self.flow.kept.items():
            owner = self.owner(name) or NOBODY
            full[owner] = full.get(owner, Decimal(0)) + usd
        told = {line.name: line for line in lines} | {
            name: Line(name, "owner", Decimal(0), usd)
            for name, usd in full.items()
            if name not in {n.name for n in lines}
        }
        found = [
            Line(name, "owner", line.own, full.get(name, Decimal(0)), line.usage, line.stored, line.times)
            for name, line in told.items()
        ]
        return tuple(sorted(found, key=lambda line: (-line.full, -line.own, line.name)))

    def _source(self, name: str) -> str:
        definition = self.graph[name].definition if name in self.graph else None
        if isinstance(definition, Ingested):
            return definition.source.source
        return PEOPLE if name.startswith(PERSON) else "made here"

    def _reader(self, name: str) -> str:
        """Who a cost ends at: whoever asked, or else nobody in person."""
        return (
            name.removeprefix(PERSON)
            if name.startswith(PERSON)
            else "dashboards, steps and readers outside"
            if self._is_end(name)
            else NOBODY
        )

    def _is_end(self, name: str) -> bool:
        return name in self.graph and self.graph[name].kind in {"dashboard", "exposure", "step"}

    def _end(self, name: str) -> str:
        return name if self._is_end(name) else PEOPLE if name.startswith(PERSON) else NOBODY

    def _end_kind(self, name: str) -> str:
        return self.graph[name].kind if self._is_end(name) else ""


def home(graph: Graph, table: str) -> str:
    """The asset that bears what a table costs: a quarantine is borne by its table."""
    above = table.removesuffix(QUARANTINE)
    return above if above in graph else table


def _summed(parts: Iterable[tuple[str, str, Decimal, Line | None]]) -> tuple[Line, ...]:
    found: dict[str, Line] = {}
    for name, kind, usd, line in parts:
        before = found.get(name, Line(name, kind, Decimal(0), Decimal(0)))
        found[name] = Line(
            name,
            kind,
            before.own + usd,
            before.full + usd,
            before.usage + (line.usage if line else Usage()),
            before.stored + (line.stored if line else 0),
            before.times + (line.times if line else 0),
        )
    return tuple(
        sorted((line for line in found.values() if line.own or line.times), key=lambda line: (-line.own, line.name))
    )


def spent(system: System, since: dt.datetime, until: dt.datetime) -> Spending:
    """What was spent. Questions that wait to be counted are, where the ledger can be written."""
    with contextlib.suppress(StorageError):  # who may only read sees what is known so far
        take_in(system)
    memory, rates, graph = system.metadata, system.project.environment.rates, system.graph
    metered = memory.metered(since, until)
    samples = memory.stored(since, until)
    found = (*charges(metered, rates), *resting.charges(samples, since, until, rates))
    reads = reads_of(metered)
    flow = attributed(graph, found, reads, lambda table: home(graph, table))
    first = {each.asset: each.at for each in reversed(samples)}
    return Spending(graph, since, until, found, metered, {each.asset: each for each in samples}, reads, flow, first)


def as_dict(spending: Spending, by: By) -> dict[str, Any]:
    """What was spent, as `--json` prints it; money in dollars."""
    return {
        "since": spending.since.isoformat(),
        "until": spending.until.isoformat(),
        "currency": "USD",
        "usd": float(spending.total),
        "by": by,
        "groups": [
            {"name": line.name, "kind": line.kind, "usd": float(line.own), "full_usd": float(line.full)}
            for line in spending.grouped(by)
        ],
        "assets": [_told(line) for line in spending.lines() if line.kind != "person"],
        "people": [_told(line) for line in spending.lines() if line.kind == "person"],
        "days": [{"day": str(day), "usd": float(usd)} for day, usd in spending.days.items()],
    }


def _told(line: Line) -> dict[str, Any]:
    return {
        "asset": line.name.removeprefix(PERSON),
        "kind": line.kind,
        "owner": line.owner,
        "usd": float(line.own),
        "full_usd": float(line.full),
        "cpu_seconds": line.usage.cpu_seconds,
        "bytes_scanned": line.usage.bytes_scanned,
        "bytes_written": line.usage.bytes_written,
        "bytes_stored": line.stored,
        "bytes_out": line.usage.bytes_out,
        "requests": line.usage.requests,
        "times": line.times,
    }
