"""The quality of a project's tables, as the ledger and the graph know it."""

import datetime as dt
from collections.abc import Iterator, Mapping

from jusante.app.data_drift import data
from jusante.app.lake import Lake
from jusante.core.asset import Asset
from jusante.core.run import AssetState, Task
from jusante.dataops.quality import Known, Quality, quality
from jusante.management.quality.told import CHECKED
from jusante.orchestration.selection import made_among

REMEMBERED = 30
"""So many audits of an asset are shown."""
MADE = frozenset({"ingested", "model", "view"})


def qualities(lake: Lake, wishes: tuple[str, ...] = ()) -> tuple[Quality, ...]:
    """Each table and view among those that are wished for, in their order."""
    chosen = made_among(lake.project.graph, wishes)
    look = _Look(lake)
    return tuple(look.of(asset) for asset in look.tables() if asset.id in chosen)


class _Look:
    """What is asked of the ledger once for all assets."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._states: Mapping[str, AssetState] = lake.metadata.states()
        self._tasks: Mapping[str, Task] = lake.metadata.last_tasks()

    def tables(self) -> Iterator[Asset]:
        """The assets that have rows, or show some."""
        graph = self._lake.project.graph
        return (graph[name] for name in graph.order if graph[name].kind in MADE and graph[name].is_made)

    def of(self, asset: Asset) -> Quality:
        """One asset."""
        events = self._lake.metadata.latest(CHECKED, REMEMBERED, asset=asset.id)
        state = self._states.get(asset.id)
        made = state.at if state else None
        facts = [*self._findable(asset), *self._standing(asset, made)]
        odd = data(self._lake.system, asset.id) if asset.is_table else ()
        known = Known(asset.id, asset.kind, asset.owner, made, facts, odd)
        return quality(known, events[::-1])

    def _findable(self, asset: Asset) -> Iterator[tuple[str, bool, str]]:
        yield "findable", bool(asset.owner), "nobody owns it"
        yield "findable", bool(asset.about), "nobody says what it is about"
        columns = self._lake.columns.columns(asset.id)
        if columns:
            yield "findable", set(columns) <= asset.about_columns.keys(), "not all of its columns are described"

    def _standing(self, asset: Asset, made: dt.datetime | None) -> Iterator[tuple[str, bool, str]]:
        state, task = self._states.get(asset.id), self._tasks.get(asset.id)
        if task:
            yield "timely", task.status == "succeeded", f"its last try {task.status}"
        if asset.timing.deadline:
            missed = self._lake.metadata.latest("deadline.missed", 1, asset=asset.id)
            is_there = not missed or (made is not None and made > missed[0].at)
            yield "timely", is_there, "it missed its deadline"
        if asset.kind == "ingested" and state:
            yield "defined", not state.holds, "columns at its source are not what they were"
