"""What is told of a run."""

from dataclasses import dataclass
from typing import Any

from jusante.core.incident import Incident
from jusante.core.run import Task


@dataclass(frozen=True, slots=True)
class Report:
    """How a run went. `notices` are about the run itself, and no single task.

    `incidents` are those that it opened, or found to be back or over, each with that.
    """

    run_id: str
    status: str
    seconds: float
    tasks: tuple[Task, ...]
    recovered: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    incidents: tuple[tuple[str, Incident], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The report as `--json` prints it."""
        return {
            "run_id": self.run_id,
            "status": self.status,
            "seconds": self.seconds,
            "tasks": [task.as_dict() for task in self.tasks],
        }
