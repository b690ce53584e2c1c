"""One run of a project at a time. The lock is the operating system's, so that a run that is killed lets go of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from jusante.core.run import Run
from jusante.errors import ProjectBusy, storage_error


@contextmanager
def held(path: Path, run: Run, wait_seconds: float) -> Iterator[None]:
    """Hold the project for a run. Raises ProjectBusy, which names the holder, if it is not free in `wait_seconds`."""
    holder = path.with_suffix(".holder")
    lock = FileLock(path, timeout=wait_seconds)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise ProjectBusy(
            f"another run holds the project: {_told(holder)}",
            where=str(path.parent),
            fix="wait for it with --wait 600, or stop it: jusante cancel",
        ) from None
    except OSError as error:
        raise storage_error(error, str(path.parent)) from None
    try:
        holder.write_text(
            json.dumps({"run": run.run_id, "pid": run.pid, "host": run.host, "since": str(run.started_at)})
        )
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def alone(path: Path, what: str, wait_seconds: float = 0.0) -> Iterator[None]:
    """Be the one process on this machine that does something for a project. Raises ProjectBusy where another one does."""
    lock = FileLock(path, timeout=wait_seconds)
    try:
        lock.acquire()
    except Timeout:
        raise ProjectBusy(
            f"{what} runs for this project already", where=str(path.parent), fix="stop the other one first"
        ) from None
    except OSError as error:
        raise storage_error(error, str(path.parent)) from None
    try:
        yield
    finally:
        lock.release()


def _told(holder: Path) -> str:
    try:
        said = json.loads(holder.read_text())
    except (OSError, ValueError):
        return "it has just begun"
    return f"run {said['run']}, process {said['pid']} on {said['host']}, since {said['since'][:19]} UTC"
