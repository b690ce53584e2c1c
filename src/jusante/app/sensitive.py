"""Where personal data would be seen, asked by `check` before and by the run itself."""

import threading
from collections.abc import Iterable, Mapping

from jusante.app.columns import columns_of
from jusante.app.decisions import findings
from jusante.app.system import System
from jusante.app.tags import tags_of
from jusante.core.asset import Asset, Ingested
from jusante.core.column_graph import ColumnGraph
from jusante.core.model import QueryProblem
from jusante.core.problem import Problem
from jusante.errors import JusanteError
from jusante.management.quality import Hidden
from jusante.security.sensitive import (
    Tags,
    doubts,
    exposed,
    is_secret,
    keeps_sensitive,
    problem_of,
    problem_of_finding,
    refusal,
)
from jusante.transformation.sql_analysis import analyse


class Watch:
    """Keeps personal data from where they may not be. Tasks ask at the same time; the lineage is kept in one file."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._asking = threading.Lock()
        self._as_of: Mapping[str, str] | None = None
        self._known: tuple[ColumnGraph, Tags] | None = None
        self._first: tuple[ColumnGraph, Tags] | None = None

    def allow(self, asset: Asset) -> None:
        """Raise NotAllowed where a sensitive column would be seen in a place that is for none of its purposes."""
        if not self._is_needed:
            return
        columns, tags = self._tags()
        for reach in exposed(self._system.graph, columns, tags, self._system.project.handlings):
            if reach.place.table == asset.id:
                raise refusal(reach, self._system.graph)

    def hidden(self, asset: Asset) -> Hidden:
        """The columns of an asset whose values no message shows, and whether it may see any such."""
        if not self._is_needed:
            return Hidden()
        _, tags = self._tags()
        own = self._secret(tags, asset.id)
        return Hidden(own, queries=bool(own) or any(self._secret(tags, name) for name in asset.inputs))

    def unkept(self, asset: Asset, names: Iterable[str]) -> frozenset[str]:
        """Those of an asset's columns whose values are kept in no form: sensitive ones, and such as are not known yet.

        What is known is what was known the first time that it was asked: nothing that a run does makes a column harmless.
        """
        if not self._is_needed:
            return frozenset()
        if self._first is None:
            self._first = self._tags()
        columns, tags = self._first
        hidden = Hidden(self._secret(tags, asset.id))
        known = {name.lower() for name in columns.columns(asset.id)}
        return frozenset(name for name in names if name.lower() not in known or hidden.hides(name))

    def is_discreet(self, asset: Asset) -> bool:
        """Whether an asset may see values that no message shows, those of the source among them."""
        if isinstance(asset.definition, Ingested):
            return any(rule.sensitive for rule in asset.definition.table.columns.values())
        return self.hidden(asset).queries

    def discreetly(self, asset: Asset, error: JusanteError) -> JusanteError:
        """What went wrong in a look at an asset's conditions, as it may be shown: their queries may read other tables than it does."""
        if error.unquoted and (self.is_discreet(asset) or self._asks_for_secrets(asset)):
            return error.without_values(f"{asset.id} waits for personal data")
        return error

    def _asks_for_secrets(self, asset: Asset) -> bool:
        if not self._is_needed:
            return False
        _, tags = self._tags()
        queries = [condition.sql for condition in asset.timing.when if condition.sql]
        return any(self._secret(tags, name) for query in queries for name in _reads(query))

    def _secret(self, tags: Tags, asset: str) -> frozenset[str]:
        handlings = self._system.project.handlings
        return frozenset(column.column for column, tag in tags.among(asset) if is_secret(tag, handlings))

    def _tags(self) -> tuple[ColumnGraph, Tags]:
        """The columns and their tags, worked out again when a table has been published since."""
        with self._asking:
            now = self._system.store.pointers() if self._system.settings.state.is_dir() else {}
            if self._known is None or now != self._as_of:
                columns = columns_of(self._system)
                self._known, self._as_of = (columns, tags_of(self._system, columns)), dict(now)
            return self._known

    @property
    def _is_needed(self) -> bool:
        return any(keeps_sensitive(each) for each in self._system.graph)


def _reads(query: str) -> tuple[str, ...]:
    """The tables that a query reads; none for what is no query, and is not run."""
    try:
        return analyse(query).reads
    except QueryProblem:
        return ()


def sensitive_problems(system: System) -> list[Problem]:
    """What `check` has to say of personal data."""
    graph, handlings = system.graph, system.project.handlings
    waiting = [problem_of_finding(finding, graph) for finding in findings(system)]
    if not handlings and not any(keeps_sensitive(asset) for asset in graph):
        return waiting
    columns = columns_of(system)
    tags = tags_of(system, columns)
    reaches = exposed(graph, columns, tags, handlings)
    return [*waiting, *(problem_of(reach, graph) for reach in reaches), *doubts(graph, columns, tags, handlings)]
