"""What the ledger and the tables know of the time when an asset was well, for the search of its cause."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from importlib import metadata as installed

from jusante.app.data_drift import data
from jusante.app.system import System
from jusante.core.event import Event
from jusante.core.incident import Incident
from jusante.core.run import AssetState
from jusante.dataops.incidents.changes import Columns, Past
from jusante.errors import JusanteError
from jusante.ingestion.data_drift import sentence

SEEN = "environment.seen"
"""An event for each time that a run found another version of what it stands on installed."""
MOST_BACK = 200
"""So many states of an asset are looked through for the one of then; an older one counts as unknown."""
_WITH_STATE = ("task.succeeded", "asset.reconciled", "asset.rolled_back")
_STANDS_ON = ("jusante", "duckdb", "pyarrow", "pyiceberg", "sqlglot")


class Evidence:
    """Answers, for one run, what was when. What it has looked up it keeps. `well` is what the run has found well."""

    def __init__(self, system: System, going_on: Iterable[Incident], well: frozenset[str] = frozenset()) -> None:
        self._system = system
        self._states = system.metadata.states()
        self._down = frozenset(
            name
            for each in going_on
            if each.is_open and each.cause.kind == "source_down"
            for name in each.assets
            if name not in well
        )
        self._tables = system.tables()

    @property
    def states(self) -> Mapping[str, AssetState]:
        """The state of each asset as of now."""
        return self._states

    def past(self, name: str) -> Past:
        """What is known of an asset and all above it."""
        state = self._states.get(name)
        above = self._system.graph.above([name])
        now = {each: self._states[each] for each in above if each in self._states}
        before = self._before(above, state.at) if state else {}
        columns = self._columns(before)
        return Past(
            before=before | ({name: state} if state else {}),
            now=now,
            columns_before={each: columns_then for each, (columns_then, _) in columns.items()},
            columns_now={each: columns_now for each, (_, columns_now) in columns.items()},
            odd=dict(self._odd(above)),
            down=self._down & above,
            environment=tuple(self._installed_since(state.at)) if state else (),
        )

    def _before(self, names: Iterable[str], at: dt.datetime) -> dict[str, AssetState]:
        found = {name: self._state_at(name, at) for name in names}
        return {name: state for name, state in found.items() if state}

    def _state_at(self, name: str, at: dt.datetime) -> AssetState | None:
        now = self._states.get(name)
        if now is None or now.at <= at:
            return now
        found: list[Event] = []
        for kind in _WITH_STATE:
            found += self._system.metadata.latest(kind, MOST_BACK, asset=name)
        states = [AssetState.from_dict(event.payload["state"]) for event in found if "state" in event.payload]
        return max((state for state in states if state.at <= at), key=lambda state: state.at, default=None)

    def _columns(self, before: Mapping[str, AssetState]) -> dict[str, tuple[Columns, Columns]]:
        """The columns then and now of the tables that were written to since."""
        found: dict[str, tuple[Columns, Columns]] = {}
        for name, state in before.items():
            now = self._tables.get(name)
            if now is None or state.pointer is None or now.pointer == state.pointer:
                continue
            try:
                then = self._system.store.table(name, state.pointer)
            except JusanteError:  # it has been swept since: then nothing can be said of its columns
                continue
            if then:
                found[name] = ({c.name: str(c.type) for c in then.schema}, {c.name: str(c.type) for c in now.schema})
        return found

    def _odd(self, names: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        for name in names:
            if self._system.graph[name].kind == "ingested" and (found := data(self._system, name)):
                yield name, tuple(sentence(each) for each in found)

    def _installed_since(self, at: dt.datetime) -> Iterator[str]:
        then = next((event.payload for event in self._environments if event.at <= at), None)
        for name, version in (self._environments[0].payload if then else {}).items():
            if then and then.get(name) != version:
                yield f"{name} {then.get(name, 'not there')} → {version}"

    @cached_property
    def _environments(self) -> tuple[Event, ...]:
        return self._system.metadata.latest(SEEN, MOST_BACK)


def see_environment(system: System, run_id: str, at: dt.datetime) -> None:
    """Remember what a run stands on, where that is not what the last one stood on."""
    versions = {name: installed.version(name) for name in _STANDS_ON}
    last = system.metadata.latest(SEEN, 1)
    if not last or dict(last[0].payload) != versions:
        system.metadata.tell([Event(SEEN, at, run_id, None, versions)])
