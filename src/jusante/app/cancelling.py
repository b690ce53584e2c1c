"""Cancelling what runs, from another process or another machine."""

import datetime as dt
import time
from dataclasses import dataclass

from jusante.app.lake import Lake
from jusante.core.event import Event
from jusante.core.run import Run
from jusante.errors import UsageError
from jusante.orchestration.cancelling import ASKED
from jusante.orchestration.selection import made_among

LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was asked to be cancelled: a whole run (no assets), or some of its assets. `is_heeded`: it has ended."""

    run_id: str
    assets: tuple[str, ...]
    is_heeded: bool


def cancel(
    lake: Lake, wishes: tuple[str, ...], why: str, now: dt.datetime, wait_seconds: float
) -> tuple[Cancelled, ...]:
    """Cancel all that runs, the runs named, or the assets named in whatever runs. Waits so long for it to end.

    Raises UsageError where nothing runs.
    """
    running = {run.run_id: run for run in lake.metadata.unfinished()}
    if not running:
        raise UsageError("nothing runs", fix="jusante runs lists what has run")
    runs = [running[wish] for wish in wishes if wish in running]
    names = tuple(wish for wish in wishes if wish not in running)
    assets = tuple(sorted(made_among(lake.project.graph, names))) if names else ()
    nothing: tuple[str, ...] = ()
    asked = [(run, nothing) for run in runs]
    asked += [(run, assets) for run in running.values() if assets or not wishes]
    payload = {"why": why} if why else {}
    events = [Event(ASKED, now, run.run_id, asset, payload) for run, chosen in asked for asset in chosen]
    events += [Event(ASKED, now, run.run_id, payload=payload) for run, chosen in asked if not chosen]
    lake.metadata.tell(events)
    until = time.monotonic() + wait_seconds
    while not all(_is_over(lake, run, chosen) for run, chosen in asked) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
    return tuple(Cancelled(run.run_id, chosen, _is_over(lake, run, chosen)) for run, chosen in asked)


def _is_over(lake: Lake, run: Run, assets: tuple[str, ...]) -> bool:
    known = lake.metadata.run(run.run_id)
    if known is None or known.ended_at:
        return True
    return bool(assets) and set(assets) <= {task.asset for task in lake.metadata.tasks(run.run_id)}
