"""Cancelling what runs, from another process or another machine."""

import datetime as dt
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jusante.app.lake import Lake
from jusante.core.event import Event
from jusante.core.run import Run
from jusante.errors import UsageError
from jusante.orchestration.cancelling import ASKED
from jusante.orchestration.selection import made_among

LOOK_SECONDS = 0.2
_LOOKS_LIKE_A_RUN = re.compile(r"r\d{4}")


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was asked to be cancelled: a whole run (no assets), or some of its assets. `is_heeded`: it has ended.

    `too_late` are those of the assets that were made all the same: they were done before anybody could stop them.
    """

    run_id: str
    assets: tuple[str, ...]
    is_heeded: bool
    too_late: tuple[str, ...] = ()


def cancel(
    lake: Lake, wishes: tuple[str, ...], why: str, now: dt.datetime, wait_seconds: float
) -> tuple[Cancelled, ...]:
    """Cancel all that runs, the runs named, or the assets named in whatever runs. Waits so long for it to end.

    Raises UsageError where nothing runs, where a run that is named does not, and where assets have ended already.
    """
    running = {run.run_id: run for run in lake.metadata.unfinished()}
    if not running:
        raise UsageError("nothing runs", fix="jusante runs lists what has run")
    asked = list(_asked(lake, wishes, running))
    payload = {"why": why} if why else {}
    events = [Event(ASKED, now, run.run_id, asset, payload) for run, chosen in asked for asset in chosen]
    events += [Event(ASKED, now, run.run_id, payload=payload) for run, chosen in asked if not chosen]
    lake.metadata.tell(events)
    until = time.monotonic() + wait_seconds
    while not all(_is_over(lake, run, chosen) for run, chosen in asked) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
    return tuple(_outcome(lake, run, chosen) for run, chosen in asked)


def _outcome(lake: Lake, run: Run, assets: tuple[str, ...]) -> Cancelled:
    made = {task.asset for task in lake.metadata.tasks(run.run_id) if task.status == "succeeded"}
    return Cancelled(run.run_id, assets, _is_over(lake, run, assets), tuple(sorted(made & set(assets))))


def _asked(lake: Lake, wishes: tuple[str, ...], running: Mapping[str, Run]) -> Iterator[tuple[Run, tuple[str, ...]]]:
    """Whole runs, and runs of which some assets are meant that have not ended in them."""
    runs = [_run(wish, running) for wish in wishes if _LOOKS_LIKE_A_RUN.match(wish)]
    names = tuple(wish for wish in wishes if not _LOOKS_LIKE_A_RUN.match(wish))
    yield from ((run, ()) for run in (runs if wishes else running.values()))
    if not names:
        return
    assets = made_among(lake.project.graph, names)
    left = {name: assets - {task.asset for task in lake.metadata.tasks(name)} for name in running}
    if not any(left.values()):
        what = f"{', '.join(names)} {'has' if len(assets) == 1 else 'have'} ended already in what runs"
        raise UsageError(what, fix=f"jusante logs {next(iter(running))}")
    yield from ((run, tuple(sorted(left[name]))) for name, run in running.items() if left[name])


def _run(wish: str, running: Mapping[str, Run]) -> Run:
    """The run that is meant by its name, or by how that begins."""
    found = [run for name, run in running.items() if name.startswith(wish)]
    if len(found) != 1:
        what = "is more than one run" if found else "does not run"
        raise UsageError(f"{wish} {what}", fix=f"what runs is {', '.join(running)}")
    return found[0]


def _is_over(lake: Lake, run: Run, assets: tuple[str, ...]) -> bool:
    known = lake.metadata.run(run.run_id)
    if known is None or known.ended_at:
        return True
    return bool(assets) and set(assets) <= {task.asset for task in lake.metadata.tasks(run.run_id)}
