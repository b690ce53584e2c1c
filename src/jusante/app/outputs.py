"""What models give, watched: how many rows, and which columns. Ingested tables are watched where they are loaded."""

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cached_property

from jusante.app.system import System
from jusante.core.event import Event
from jusante.core.profile import Profile
from jusante.core.run import Task
from jusante.dataops.monitors import Made, changed_columns, unusual_rows
from jusante.dataops.monitors.schema import TOLD
from jusante.dataops.monitors.volume import is_level
from jusante.management.lake import Tables

COLUMNS = "model.columns"
REMEMBERED = 40


class Outputs:
    """The tables that models have made, held against what the ledger remembers of them."""

    def __init__(self, system: System) -> None:
        self._system = system

    @cached_property
    def _tables(self) -> Tables:
        return self._system.tables()

    def unusual(self, name: str, task: Task, now: dt.datetime, *, is_open: bool) -> Iterator[str]:
        """What is unusual about a model's table after this task. `is_open`: an incident of it goes on."""
        definition = self._system.graph[name].definition
        if (
            self._system.graph[name].kind != "model"
            or getattr(getattr(definition, "header", None), "kind", "full") != "full"
        ):
            return
        if task.status == "succeeded":
            yield from self._rows(name, is_open=is_open)
            yield from self._columns(name, now)
        elif is_open:
            yield from self._rows(name, is_open=True)
            yield from self._told_before(name, now)

    def _rows(self, name: str, *, is_open: bool) -> Iterator[str]:
        events = self._system.metadata.latest("task.succeeded", REMEMBERED, asset=name)
        made = [found for event in reversed(events) if (found := _made(event))]
        if not made or (is_level(made) and not is_open):
            return
        if said := unusual_rows(made[:-1], made[-1], goes_on=is_open):
            yield said

    def _columns(self, name: str, now: dt.datetime) -> Iterator[str]:
        """Say what changed, and remember the columns where they are not those that were remembered."""
        table = self._tables.get(name)
        if table is None:
            return
        columns = {column.name: column.type for column in table.schema.columns}
        version = self._system.graph.versions[name]
        before = self._remembered(name)
        known = before.payload if before else {}
        if known.get("version") == version and known.get("columns") == columns:
            yield from self._told_before(name, now)
            return
        same = known.get("version") == version
        said = changed_columns(known["columns"], columns) if same else None
        payload = {"version": version, "columns": columns, "said": said}
        self._system.metadata.tell([Event(COLUMNS, now, asset=name, payload=payload)])
        if said:
            yield said

    def _told_before(self, name: str, now: dt.datetime) -> Iterator[str]:
        """A change of columns is told for a day."""
        before = self._remembered(name)
        if before and before.payload.get("said") and now - before.at <= TOLD:
            yield str(before.payload["said"])

    def _remembered(self, name: str) -> Event | None:
        return next(iter(self._system.metadata.latest(COLUMNS, 1, asset=name)), None)


def _made(event: Event) -> Made | None:
    task: Mapping[str, object] = event.payload["task"]
    rows = task.get("rows_out")
    if not isinstance(rows, int):
        return None
    state = event.payload.get("state") or {}
    return Made(Profile(event.at, rows, whole=True, columns={}), str(state.get("version", "")))
