"""Runs that died without a word: what they were making when they did, and why, as far as anybody can still tell."""

import datetime as dt
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from jusante.app.holding import run_held
from jusante.app.system import System
from jusante.core.run import Run, Task
from jusante.core.words import counted
from jusante.dataops.incidents import Symptom
from jusante.dataops.incidents.causes import RUN
from jusante.errors import ProjectBusy, storage_error
from jusante.orchestration import recovery
from jusante.orchestration.execution import Listener

_NAMED = 4


@contextmanager
def in_the_making(state: Path, run_id: str, listener: Listener) -> Iterator[Listener]:
    """A listener that keeps in a file what is being made, as long as the run lives; one that dies leaves it behind.

    It is not synced to disk at each step: a kill leaves it whole, and after a loss of power it may be gone. Then it is told
    that a run died, and not what it was making.
    """
    path = _path(state, run_id)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8", buffering=1)
    except OSError as error:
        raise storage_error(error, str(path)) from None

    def heard(name: str, task: Task | None) -> None:
        file.write(f"{'-' if task else '+'}{name}\n")
        listener(name, task)

    try:
        with file:
            yield heard
    finally:
        path.unlink(missing_ok=True)


def left_behind(state: Path, run_id: str) -> tuple[str, ...]:
    """What a run that died was making."""
    try:
        lines = _path(state, run_id).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    made = {line[1:] for line in lines if line.startswith("-")}
    return tuple(line[1:] for line in lines if line.startswith("+") and line[1:] not in made)


def symptoms_of_dead(system: System, run_ids: Sequence[str]) -> Iterator[Symptom]:
    """What is wrong with what dead runs were making. Their files go: it is told once."""
    for run_id in run_ids:
        run = system.metadata.run(run_id)
        making = [name for name in left_behind(system.settings.state, run_id) if name in system.graph]
        _path(system.settings.state, run_id).unlink(missing_ok=True)
        if run is None:
            continue
        what = f"run {run_id} ended without a word{_while(making)}: {_why(run)}"
        fix = "jusante run makes it; if it dies again: memory in jusante.yaml (engine), and what the machine's log says"
        for name in making or [RUN]:
            where = str(system.graph[name].place) if name in system.graph else ""
            yield Symptom(name, "crash", what, where, fix)


def find_dead(system: System, run: Run, now: dt.datetime) -> tuple[str, ...]:
    """Put right what dead runs left behind, where nobody holds the project; their ids. `run` is who looks."""
    if not system.metadata.unfinished():
        return ()
    try:
        with run_held(system, run, 0.0, lambda: None):
            return recovery.recover(system.graph, system.store, system.metadata, now)
    except ProjectBusy:  # it is not dead
        return ()


def _while(making: Sequence[str]) -> str:
    if not making:
        return ""
    more = f" and {counted(len(making) - _NAMED, 'other')}" if len(making) > _NAMED else ""
    return f" while it made {', '.join(making[:_NAMED])}{more}"


def _why(run: Run) -> str:
    here = run.host == socket.gethostname()
    if here and (started := _machine_started()) and started > run.started_at:
        return f"{run.host} was started anew at {started:%Y-%m-%d %H:%M} UTC"
    return f"its process {run.pid} on {run.host} was killed, by somebody or for want of memory"


def _machine_started() -> dt.datetime | None:
    """When this machine was started; None where it does not say."""
    try:
        text = Path("/proc/stat").read_text(encoding="ascii")
    except OSError:
        return None
    found = next((line.split()[1] for line in text.splitlines() if line.startswith("btime ")), None)
    return dt.datetime.fromtimestamp(int(found), dt.UTC) if found else None


def _path(state: Path, run_id: str) -> Path:
    return state / "making" / f"{run_id}.txt"
