"""Code of the project in a process of its own: it is stopped where it takes too long, too much, or is no more wanted."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from jusante.errors import OutOfMemory, Stopped, TimedOut
from jusante.ports.engine import Session

SHORTEST_PAUSE_SECONDS = 0.0005
LONGEST_END_SECONDS = 1.0
LOOK_SECONDS = 0.05
"""How often it is looked at: what it may take in between, and how long it goes on after it was told to stop."""


def unheard(cpu_seconds: float) -> None:
    """Nobody wants to know."""
    del cpu_seconds


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may take: seconds, and bytes of memory for it and all it starts; None: what it takes.

    `spent` hears how many processor seconds it has taken in the end.
    """

    seconds: float | None = None
    memory: int | None = None
    spent: Callable[[float], None] = unheard


def watched(process: "subprocess.Popen[bytes]", limits: Limits, session: Session, where: str) -> int:
    """Wait until a process has ended; its status. Whatever happens, it and all it has started have ended then.

    It has to be the leader of a session of its own. It is stopped when somebody cancels the session. Raises TimedOut,
    OutOfMemory, Stopped.
    """
    until = time.monotonic() + limits.seconds if limits.seconds else None
    try:
        while True:
            if _ended(process, LOOK_SECONDS, limits):
                return int(process.returncode)
            if session.cancelled:
                raise Stopped("it was stopped by request", where=where, fix="jusante run makes it")
            if until and time.monotonic() > until:
                what = f"not done after {limits.seconds:,.0f} s, and stopped"
                raise TimedOut(what, where=where, fix="raise its timeout, or make it faster")
            if limits.memory and (taken := _memory(process.pid)) > limits.memory:
                what = f"it took {taken / 1e6:,.0f} MB of memory where it may take {limits.memory / 1e6:,.0f} MB"
                raise OutOfMemory(f"{what}, and was stopped", where=where, fix="raise its memory, or take less at once")
    finally:
        _end(process, limits)


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


def _ended(process: "subprocess.Popen[bytes]", seconds: float, limits: Limits) -> bool:
    """Wait, at most so long, until a process has ended; whoever wants to know hears what it, and all it waited for, took."""
    if process.returncode is not None:
        return True
    if sys.platform == "win32":
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        return process.returncode is not None
    until, pause = time.monotonic() + seconds, SHORTEST_PAUSE_SECONDS
    while True:
        found, status, used = os.wait4(process.pid, os.WNOHANG)  # unlike Popen's, it tells what this one process took
        if found:
            process.returncode = os.waitstatus_to_exitcode(status)
            limits.spent(used.ru_utime + used.ru_stime)
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(pause)
        pause = min(2 * pause, LOOK_SECONDS)


def _end(process: "subprocess.Popen[bytes]", limits: Limits) -> None:
    """Stop the process and whatever it has started and left running."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    while not _ended(process, LONGEST_END_SECONDS, limits):
        pass  # what was killed may still wait for a disk; nothing of it may go on when this returns
