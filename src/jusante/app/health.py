"""How `jusante up` does: whether it decides, whether its ledger answers, and what runs."""

import datetime as dt
from typing import Any

from jusante.app.conductor import LONGEST_SLEEP, Conductor
from jusante.errors import JusanteError

SILENT = 6 * LONGEST_SLEEP
"""A conductor that runs nothing decides more often than that."""


def health(conductor: Conductor, now: dt.datetime, *, stopping: bool) -> dict[str, Any]:
    """What is known: `live` where it goes on, `ready` where nothing is `wrong`."""
    silent = _silence(conductor, now)
    wrong = [silent] if silent else []
    try:
        conductor.ledger_answers()
    except JusanteError as error:
        wrong.append(f"{error.code} {error.what}")
    return {
        "status": "stopping" if stopping else "degraded" if wrong else "up",
        "live": not silent,
        "ready": not wrong and not stopping,
        "wrong": wrong,
        "decided": _iso(conductor.decided_at),
        "next": _iso(conductor.wake),
        "running": list(conductor.running),
    }


def _silence(conductor: Conductor, now: dt.datetime) -> str:
    last = conductor.decided_at
    if last is None or conductor.running or now - last <= SILENT:
        return ""
    return f"nothing was decided for {(now - last).total_seconds():,.0f} s"


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
