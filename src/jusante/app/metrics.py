"""What the ledger of a project knows, as OpenMetrics text."""

from jusante.app.system import System
from jusante.dataops.metrics import exposition

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
MOST_RUNS = 100
MOST_INCIDENTS = 1_000


def openmetrics(system: System) -> str:
    """The whole document."""
    memory = system.metadata
    going_on = memory.incidents(["open", "acknowledged"], MOST_INCIDENTS)
    return exposition(system.graph, memory.states(), memory.last_tasks(), going_on, memory.runs(MOST_RUNS))
