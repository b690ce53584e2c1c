"""What is known to be wrong above an asset: what follows from it is no cause of its own."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from jusante.app.columns import columns_of
from jusante.app.system import System
from jusante.core.announcement import LASTING, Announcement
from jusante.core.column_graph import ColumnGraph
from jusante.core.incident import Incident
from jusante.core.lineage import Origin
from jusante.ingestion.data_drift import PROFILED
from jusante.orchestration import profiling

ALL = ""
"""Stands for all columns of a table, and for its rows."""


class Above:
    """The troubles of a project as of the end of a run: incidents that go on, odd loads, changes that were announced.

    What the run itself finds is added as it is found, what stands above first.
    """

    def __init__(
        self, system: System, known: Iterable[Incident], announced: Sequence[Announcement], now: dt.datetime
    ) -> None:
        self._system = system
        self._incidents = {name: each for each in known if each.is_open for name in each.assets}
        self._announced = [each for each in announced if each.begin <= now <= each.until and not each.is_withdrawn]
        self._found: dict[str, str] = {}
        self._reached: dict[str, frozenset[Origin]] = {}

    def add(self, name: str, why: str) -> None:
        """Something is wrong with an asset, as this run has found."""
        self._found.setdefault(name, why)

    def why(self, name: str, column: str) -> str:
        """The trouble above that a change of a column follows from, in words; empty where there is none."""
        for above in sorted(self._system.graph.above([name]) - {name}):
            for why, columns in self._troubles(above):
                if self._reaches(above, columns, Origin(name, column)):
                    return why
        return ""

    def _troubles(self, name: str) -> Iterator[tuple[str, Sequence[str]]]:
        """What is wrong with an asset, each with the columns that it is in."""
        if odd := self._odd(name):
            yield f"the values of {name} are not what they were", odd
        elif incident := self._incidents.get(name):
            yield f"incident {incident.id} of {name}", (ALL,)
        elif why := self._found.get(name):
            yield f"{name}: {why}", (ALL,)
        for made in self._announced:
            if made.change not in LASTING and name.partition(".")[0] == made.source and made.table in {"", name}:
                yield f"{made.subject}: {made.sentence}", (made.column or ALL,)

    def _odd(self, name: str) -> tuple[str, ...]:
        """The columns in which something was found the last time that an asset was measured."""
        metadata = self._system.metadata
        if self._system.graph[name].kind == "ingested":
            loads = metadata.latest(PROFILED, 1, asset=name)
            return tuple(loads[0].payload.get("flagged", {})) if loads else ()
        found = metadata.latest(profiling.DEVIATED, 1, asset=name)
        last = metadata.latest(profiling.PROFILED, 1, asset=name) if found else ()
        if not last or not profiling.was_odd(last[0], found):
            return ()
        return tuple(each["column"] for each in found[0].payload["found"])

    def _reaches(self, name: str, columns: Sequence[str], target: Origin) -> bool:
        """Whether a column is made of one of these, or depends on them; so is taken what nobody can tell."""
        graph = self._columns
        if ALL in columns or not graph.columns(target.table) or not graph.columns(name):
            return True
        key = f"{name} {' '.join(columns)}"
        if key not in self._reached:
            origins = [Origin(name, each) for each in graph.columns(name) if each.lower() in _lower(columns)]
            self._reached[key] = frozenset(step.target for step in graph.below(origins))
        return bool({target, Origin(target.table, ALL)} & self._reached[key])

    @cached_property
    def _columns(self) -> ColumnGraph:
        return columns_of(self._system)


def _lower(names: Iterable[str]) -> Mapping[str, None]:
    return dict.fromkeys(name.lower() for name in names)
