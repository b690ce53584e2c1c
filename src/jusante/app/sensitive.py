"""Where personal data would be seen, asked by `check` before and by the run itself."""

import threading

from jusante.app.columns import columns_of
from jusante.app.decisions import findings
from jusante.app.system import System
from jusante.core.asset import Asset
from jusante.core.problem import Problem
from jusante.security.sensitive import (
    declared_in_vain,
    exposed,
    keeps_sensitive,
    problem_of,
    problem_of_finding,
    refusal,
)


class Watch:
    """Keeps personal data from where they may not be. Tasks ask at the same time; the lineage is kept in one file."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._asking = threading.Lock()

    def allow(self, asset: Asset) -> None:
        """Raise NotAllowed where a sensitive column would be seen in a place that is for none of its purposes."""
        graph = self._system.graph
        if not any(keeps_sensitive(each) for each in graph):
            return
        with self._asking:
            reaches = tuple(exposed(graph, columns_of(self._system)))
        for reach in reaches:
            if reach.place.table == asset.id:
                raise refusal(reach, graph)


def sensitive_problems(system: System) -> list[Problem]:
    """What `check` has to say of personal data."""
    graph = system.graph
    waiting = [problem_of_finding(finding, graph) for finding in findings(system)]
    if not any(keeps_sensitive(asset) for asset in graph):
        return waiting
    columns = columns_of(system)
    return [
        *waiting,
        *(problem_of(reach, graph) for reach in exposed(graph, columns)),
        *declared_in_vain(graph, columns),
    ]
