"""What went wrong in a run, asset by asset, and of which kind it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jusante.core.blast import Touched
from jusante.core.run import Task

KINDS = {
    "J100": "secret",
    "J200": "source_failed",
    "J201": "source_down",
    "J202": "source_denied",
    "J204": "personal_data",
    "J210": "drift",
    "J211": "data_drift",
    "J300": "storage",
    "J301": "storage",
    "J302": "storage",
    "J303": "storage",
    "J304": "storage",
    "J305": "no_data",
    "J400": "query",
    "J410": "model",
    "J420": "query",
    "J425": "budget",
    "J430": "query",
    "J432": "model",
    "J434": "model",
    "J500": "audit",
    "J700": "installation",
    "J800": "policy",
}
"""The kind of an incident, by the code of the error. What is not here is a bug."""
AS_AGREED = frozenset({"J203", "J431", "J433"})
"""Quiet hours, and what somebody has stopped or cancelled."""
LEFT = "left as it was"
"""How the reason of a task begins that was left alone because of one above it."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """Something wrong with one asset. `needed_by` wait for it; `touched` is whom it hits, where that is known by column."""

    asset: str
    kind: str
    what: str
    where: str = ""
    fix: str = ""
    code: str = ""
    needed_by: tuple[str, ...] = ()
    touched: tuple[Touched, ...] | None = None


def symptoms_of(tasks: Iterable[Task]) -> Iterator[Symptom]:
    """The symptoms of tasks that failed or were held; what was left alone below them is none of its own."""
    for task in tasks:
        error = task.error
        if error is None or task.status not in {"failed", "held"} or error["code"] in AS_AGREED:
            continue
        kind = KINDS.get(error["code"], "bug")
        yield Symptom(task.asset, kind, error["what"], error["where"], error["fix"], error["code"])


def is_well(task: Task) -> bool:
    """Whether a task says that its asset is as it should be: made, or found to be up to date."""
    return task.status == "succeeded" or (task.status == "skipped" and not task.reason.startswith(LEFT))


def waits(task: Task) -> bool:
    """Whether an asset keeps what it had because of something above it."""
    return (task.status == "skipped" and task.reason.startswith(LEFT)) or (task.status == "held" and not task.error)
