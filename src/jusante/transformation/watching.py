"""Code of the project in a process of its own: it is stopped where it takes too long, too much, or is no more wanted."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from jusante.errors import OutOfMemory, Stopped, TimedOut
from jusante.ports.engine import Session

LOOK_SECONDS = 0.05
"""How often it is looked at: what it may take in between, and how long it goes on after it was told to stop."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may take: seconds, and bytes of memory for it and all it starts; None: what it takes."""

    seconds: float | None = None
    memory: int | None = None


def watched(process: "subprocess.Popen[bytes]", limits: Limits, session: Session, where: str) -> int:
    """Wait until a process has ended; its status. Whatever happens, it and all it has started have ended then.

    It has to be the leader of a session of its own. It is stopped when somebody cancels the session. Raises TimedOut,
    OutOfMemory, Stopped.
    """
    until = time.monotonic() + limits.seconds if limits.seconds else None
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(LOOK_SECONDS)
            if session.cancelled:
                raise Stopped("it was stopped by request", where=where, fix="jusante run makes it")
            if until and time.monotonic() > until:
                what = f"not done after {limits.seconds:,.0f} s, and stopped"
                raise TimedOut(what, where=where, fix="raise its timeout, or make it faster")
            if limits.memory and (taken := _memory(process.pid)) > limits.memory:
                what = f"it took {taken / 1e6:,.0f} MB of memory where it may take {limits.memory / 1e6:,.0f} MB"
                raise OutOfMemory(f"{what}, and was stopped", where=where, fix="raise its memory, or take less at once")
    finally:
        _end(process)


def _memory(pid: int) -> int:
    """Bytes of memory that a process and all it has started take."""
    import psutil

    taken = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        first = psutil.Process(pid)
        for each in (first, *first.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                taken += each.memory_info().rss
    return taken


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Stop the process and whatever it has started and left running."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
