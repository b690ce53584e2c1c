"""What leaves: answers and dashboards, through the gate."""

from functools import partial
from pathlib import Path

from jusante.app import clock
from jusante.app.declassifying import tell_declassified
from jusante.app.sensitive import Watch
from jusante.app.system import System
from jusante.architecture.cost.metering import Meter
from jusante.core.asset import Asset
from jusante.errors import NotAllowed, UsageError
from jusante.management.lake import Tables
from jusante.serving.gate import Answer, Gate
from jusante.transformation.build import Built
from jusante.transformation.sql_analysis import analyse


class Serving:
    """Answers questions and renders dashboards. `meter` measures what that takes."""

    def __init__(self, system: System, watch: Watch, meter: Meter) -> None:
        self._system = system
        self._watch = watch
        self._meter = meter

    def ask(self, sql: str) -> Answer:
        """A query through the gate. Raises EngineError, UsageError."""
        from jusante.app.questions import note

        answer = self.look(sql)
        note(self._system, answer, clock.now())
        return answer

    def look(self, sql: str) -> Answer:
        """A query through the gate that is nobody's question. Raises EngineError, UsageError."""
        return self._gate(Tables(self._system.store)).ask(sql)

    def build_dashboards(self, names: tuple[str, ...]) -> tuple[Path, ...]:
        """Render dashboards, all or those named; the pages that were written. Raises UsageError for one that is not there."""
        from jusante.app.questions import rendering

        known = {asset.id: asset for asset in self._system.graph if asset.kind == "dashboard"}
        wanted = [f"dashboard:{name.removeprefix('dashboard:')}" for name in names] or list(known)
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise UsageError(
                f"there is no {unknown[0]}", fix=f"there are: {', '.join(known) or 'none; write dashboards/*.yaml'}"
            )
        tables = Tables(self._system.store)
        tell_declassified(self._system, None, clock.now())
        for name in wanted:
            with rendering(self._system, known[name], clock.now()):
                self.render(known[name], tables)
        return tuple(self._system.settings.dashboards / f"{name.partition(':')[2]}.html" for name in wanted)

    def render(self, asset: Asset, tables: Tables) -> Built:
        """Write a dashboard's page. Raises NotAllowed, and takes the page away, where it would show what it may not."""
        from jusante.serving.dashboards.publish import render, withdraw

        folder = self._system.settings.dashboards
        try:
            self._watch.allow(asset)
        except NotAllowed:
            withdraw(asset, folder)
            raise
        states = self._system.metadata.states()
        discreet = partial(self._watch.is_discreet, asset)
        read, problems = render(asset, self._gate(tables), folder, clock.now(), states, discreet=discreet)
        return Built(None, read, (*problems, f"see {folder / asset.id.partition(':')[2]}.html"))

    def _gate(self, tables: Tables) -> Gate:
        return Gate(self._system.graph, tables, self._system.engine, analyse, self._meter)
