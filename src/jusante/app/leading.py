"""Who decides what is due where several processes could: one leads, others stand by and follow it."""

import datetime as dt
import os
import socket
import threading

from jusante.app.conductor import Conductor, Notice, Tell
from jusante.app.duty import Duty
from jusante.app.lake import Lake
from jusante.errors import LeaseLost, ProjectBusy, StorageError

ASK_SECONDS = 1.0
"""How often somebody who stands by asks whether the leader is still there."""


def lead(lake: Lake, stop: threading.Event, tell: Tell, *, stand_by: bool, duty: Duty | None = None) -> None:
    """Decide and run what is due, until told to stop. `duty` is what others see of that.

    Raises ProjectBusy where another process does it already, unless this one is to `stand_by`: then it waits, and follows
    when that one has ended, or was silent for as long as a lease is good for.
    """
    told, duty = False, duty or Duty()
    if stand_by:
        duty.begin()
    while not stop.is_set():
        duty.asked_at = dt.datetime.now(dt.UTC)
        try:
            with lake.conducted():
                conductor = Conductor(lake, dt.datetime.now(dt.UTC), tell)
                told = False
                with duty.leading(conductor):
                    conductor.conduct(stop)
        except LeaseLost as lost:
            tell(Notice("lead.lost", lost.what, {}))
        except ProjectBusy as busy:
            if not stand_by:
                raise
            duty.leader = busy.holder or "another process on this machine"
            if not told:
                who = f"process {os.getpid()} on {socket.gethostname()}"
                tell(Notice("standing.by", f"{who} stands by: {busy.what}", {}))
            told = True
            stop.wait(ASK_SECONDS)
        except StorageError as error:
            if not stand_by and not error.retryable:
                raise
            tell(Notice("storage.failed", f"{error.code} {error.what}", {"error": error.as_dict()}))
            stop.wait(ASK_SECONDS)
