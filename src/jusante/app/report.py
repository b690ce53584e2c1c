"""What is told of a run."""

from dataclasses import dataclass
from typing import Any

from jusante.core.run import Task


@dataclass(frozen=True, slots=True)
class Report:
    """How a run went. `notices` are about the run itself, and no single task."""

    run_id: str
    status: str
    seconds: float
    tasks: tuple[Task, ...]
    recovered: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The report as `--json` prints it."""
        return {
            "run_id": self.run_id,
            "status": self.status,
            "seconds": self.seconds,
            "tasks": [task.as_dict() for task in self.tasks],
        }
