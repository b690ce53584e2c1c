"""How bad it is: by what is touched, the worst of it."""

from collections.abc import Iterable

from jusante.core.blast import Touched
from jusante.core.incident import Incident, Severity

OUTWARD = frozenset({"share", "sync", "feature", "application", "ml"})
"""What others see, or what acts by itself."""
READ = frozenset({"dashboard", "report", "notebook", "analysis", "step"})
MANY = 10
TOLD = frozenset({"data_drift", "personal_data", "monitor"})
"""Kinds that stop nothing as long as the table itself was loaded."""


def severity(kind: str, touched: Iterable[Touched], waiting: Iterable[str]) -> Severity:
    """High where something outward is touched, medium where somebody looks at it or it is much, else low.

    What stops nothing is one step less.
    """
    kinds = [each.kind for each in touched]
    worst = 2 if OUTWARD & set(kinds) else 1 if READ & set(kinds) or len(kinds) >= MANY else 0
    if kind in TOLD and not tuple(waiting):
        worst -= 1
    steps: tuple[Severity, ...] = ("low", "medium", "high")
    return steps[max(worst, 0)]


def stops_nothing(incident: Incident) -> bool:
    """Whether it is only told, and what it is about was published all the same."""
    return incident.cause.kind in TOLD and not incident.cause.code
