"""What happens when a project runs, and what is remembered of it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jusante.core.event import Event

LEFT_ALONE = "left as it was"
"""What stands at the head of a task's reason where something above failed, and nothing was done."""
NOT_THERE = "did not succeed"
"""What stands at the end of it where that is why, and not that somebody has cancelled it."""
OVER_BUDGET = "over budget"
"""What stands at the head of a task's reason where its budget holds it."""

Action = Literal["ingest", "build", "check", "serve", "skip"]
TaskStatus = Literal["succeeded", "failed", "held", "skipped"]
RunStatus = Literal["running", "succeeded", "partial", "failed", "crashed"]


@dataclass(frozen=True, slots=True)
class Task:
    """What a run did about one asset. `reason` says why; `notices` are for whoever reads the report.

    `bytes_scanned` is the size of the files it could read, at the most. `cpu_seconds` are of all cores, and of its own
    processes; `requests` were sent to a web API. `cost_usd` is what that is worth by the rate card.
    """

    asset: str
    action: Action
    status: TaskStatus
    reason: str = ""
    rows_in: int | None = None
    rows_out: int | None = None
    bytes_scanned: int | None = None
    seconds: float = 0.0
    cost_usd: float | None = None
    snapshot_id: int | None = None
    error: Mapping[str, str] | None = None
    notices: tuple[str, ...] = ()
    cpu_seconds: float | None = None
    bytes_written: int | None = None
    requests: int | None = None

    @property
    def was_left_alone(self) -> bool:
        """Whether nothing was done because something above it failed."""
        return self.status == "skipped" and self.reason.startswith(LEFT_ALONE)

    def as_dict(self) -> dict[str, Any]:
        """The task as `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"notices": list(self.notices)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Task":
        """A task as `as_dict` wrote it."""
        return cls(**{**values, "notices": tuple(values["notices"])})


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a project: who started it where, and how it ended."""

    run_id: str
    command: str
    environment: str
    started_at: dt.datetime
    host: str
    pid: int
    status: RunStatus = "running"
    ended_at: dt.datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """The run as `--json` prints it; times in ISO 8601, UTC."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Run":
        """A run as `as_dict` wrote it."""
        ended = values["ended_at"]
        times = {
            "started_at": dt.datetime.fromisoformat(values["started_at"]),
            "ended_at": dt.datetime.fromisoformat(ended) if ended else None,
        }
        return cls(**{**values, **times})


@dataclass(frozen=True, slots=True)
class AssetState:
    """What an asset was last made from, so that it can be told whether it is stale.

    `inputs` are the snapshots that were read, by table. `pointer` and `snapshot_id` are None for what has no rows.
    `cursor` (see `Cursor.as_dict`) and `marker` are how far an ingested table has come. `shape` (see `Shape.as_dict`) is
    what its source looked like then, and `holds` (see `Hold.as_dict`) are the columns that wait for a decision.
    `intervals` (see `Covered.as_list`) are those of a model made by time, done and not.
    """

    asset: str
    version: str
    inputs: Mapping[str, int]
    run_id: str
    at: dt.datetime
    pointer: str | None = None
    snapshot_id: int | None = None
    cursor: Mapping[str, str] | None = None
    marker: str | None = None
    note: str = ""
    shape: Mapping[str, Any] | None = None
    holds: Sequence[Mapping[str, Any]] = ()
    intervals: Sequence[Sequence[Any]] = ()

    def as_dict(self) -> dict[str, Any]:
        """The state as the ledger keeps it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"at": self.at.isoformat()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "AssetState":
        """A state as `as_dict` wrote it."""
        lists = {name: tuple(values.get(name, ())) for name in ("holds", "intervals")}
        return cls(**{**values, **lists, "at": dt.datetime.fromisoformat(values["at"])})


@dataclass(frozen=True, slots=True)
class Done:
    """A task that has ended, and what is to be remembered with it: the asset's new state if it has one, and other events."""

    task: Task
    state: AssetState | None = None
    events: tuple[Event, ...] = ()


def outcome(tasks: tuple[Task, ...]) -> RunStatus:
    """How a run ended: succeeded if nothing went wrong, failed if something failed and nothing went right, else partial.

    What waits for the decision about a column has not failed.
    """
    failed = sum(task.status == "failed" or (task.status == "held" and task.error is not None) for task in tasks)
    held = sum(task.status == "held" for task in tasks)
    right = sum(task.status == "succeeded" for task in tasks)
    return "succeeded" if not failed and not held else "failed" if failed and not right else "partial"
