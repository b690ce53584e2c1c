"""Monitors: what is not as the ledger knows it, though nothing failed. Silent until they have learned enough."""

from jusante.dataops.monitors.cost import too_dear
from jusante.dataops.monitors.duration import too_slow
from jusante.dataops.monitors.failure_rate import unsteady
from jusante.dataops.monitors.freshness import too_quiet

__all__ = ["too_dear", "too_quiet", "too_slow", "unsteady"]
