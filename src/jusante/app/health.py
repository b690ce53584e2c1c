"""How `jusante up` does: whether it decides or stands by, whether its ledger answers, and what runs."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from jusante.app.conductor import LONGEST_SLEEP
from jusante.app.duty import Duty
from jusante.errors import JusanteError

SILENT = 6 * LONGEST_SLEEP
"""Who leads decides more often than that, also while a run goes on, and who stands by asks more often who leads."""


def health(duty: Duty, ask: Callable[[], object], now: dt.datetime, *, stopping: bool) -> dict[str, Any]:
    """What is known: `live` where it goes on, `ready` where nothing is `wrong`. `ask` asks the ledger for something."""
    conductor = duty.conductor
    silent = _silence(duty, now)
    wrong = [silent] if silent else []
    try:
        ask()
    except JusanteError as error:
        wrong.append(f"{error.code} {error.what}")
    well = "up" if conductor else "standing by"
    return {
        "status": "stopping" if stopping else "degraded" if wrong else well,
        "live": is_live(duty, now),
        "ready": not wrong and not stopping,
        "wrong": wrong,
        "leads": conductor is not None,
        "leader": None if conductor else duty.leader or None,
        "decided": _iso(conductor.decided_at if conductor else None),
        "next": _iso(conductor.wake if conductor else None),
        "running": list(conductor.running) if conductor else [],
    }


def is_live(duty: Duty, now: dt.datetime) -> bool:
    """Whether it goes on, if only to find each time that the ledger does not answer: to start it anew would help nobody."""
    conductor = duty.conductor
    if conductor and conductor.running:
        return True
    turns = (conductor.decided_at, conductor.turned_at) if conductor else (duty.asked_at,)
    last = max((at for at in turns if at), default=None)
    return last is None or now - last <= SILENT


def _silence(duty: Duty, now: dt.datetime) -> str:
    conductor = duty.conductor
    last = conductor.decided_at if conductor else duty.asked_at
    if last is None or now - last <= SILENT:
        return ""
    what = "nothing was decided" if conductor else "it was not asked who leads"
    return f"{what} for {(now - last).total_seconds():,.0f} s"


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
