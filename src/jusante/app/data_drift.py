"""What is not as it was in the data of the last loads, and what somebody has to say about it."""

import datetime as dt

from jusante.app.system import System
from jusante.app.values import deviations, history
from jusante.core.drift import SHAPE, Finding
from jusante.core.event import Event
from jusante.core.profile import Profile
from jusante.errors import UsageError
from jusante.ingestion.data_drift import ACCEPTED, FOUND, PROFILED, known, streak_begin

MOST_FINDINGS = 1000


def data(system: System, table: str) -> tuple[Finding, ...]:
    """What was found in the data of a table's last load, and not accepted since. Asks the ledger, not the source.

    Of a model: the last time that it was measured.
    """
    if system.graph[table].kind == "model":
        return deviations(system, table)
    loads = system.metadata.latest(PROFILED, 1, asset=table)
    if not loads or not loads[0].payload.get("flagged"):
        return ()
    last = loads[0]
    _, accepted = known(system.metadata, table)
    events = system.metadata.latest(FOUND, MOST_FINDINGS, asset=table)
    told = [Finding(**event.payload) for event in reversed(events) if event.at == last.at]
    return tuple(
        finding
        for finding in told
        if finding.change not in SHAPE
        and not (finding.column in accepted and accepted[finding.column].until >= last.at)
    )


def accept_data(system: System, name: str, at: dt.datetime) -> tuple[Finding, ...]:
    """Take what the last load brought as the new level: of a table, or of one of its columns (`table.column`).

    What was before is no longer history for it. The findings that this settles; raises UsageError where there are none.
    """
    table, column = (name, None) if name in system.graph else (name.rpartition(".")[0], name.rpartition(".")[2])
    open_ = tuple(each for each in data(system, table) if column is None or each.column == column)
    if not open_:
        raise UsageError(f"nothing was found in the data of {name} that could be accepted", fix="jusante drift")
    profiles = _profiles(system, table)
    since = {each.column: streak_begin(profiles, each.column).isoformat() for each in open_}
    system.metadata.tell([Event(ACCEPTED, at, None, table, {"data": since})])
    return open_


def _profiles(system: System, table: str) -> list[Profile]:
    if system.graph[table].kind == "model":
        return [each.profile for each in history(system, table)]
    return known(system.metadata, table)[0]
