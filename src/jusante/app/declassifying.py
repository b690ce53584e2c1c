"""What models declare free of personal data, told to the ledger when it changes."""

import datetime as dt

from jusante.app.system import System
from jusante.app.tags import tags_of
from jusante.core.event import Event
from jusante.core.lineage import Origin

DECLASSIFIED = "column.declassified"
MOST_REMEMBERED = 100_000
"""How many of these events are looked back to, at the most: one for each change of each column."""


def tell_declassified(system: System, run_id: str | None, now: dt.datetime) -> None:
    """An event for each column that has been declared free since the last time, for another reason, or no more."""
    wanted = {Origin(a.id, name): why for a in system.graph for name, why in a.declassified.items()}
    latest = system.metadata.latest(DECLASSIFIED, MOST_REMEMBERED)
    known: dict[Origin, str | None] = {}
    for event in latest:
        known.setdefault(Origin(event.asset or "", event.payload["column"]), event.payload["reason"])
    changed = [column for column in (*wanted, *known) if wanted.get(column) != known.get(column)]
    if changed:
        of = _tags(system)
        system.metadata.tell([_event(c, wanted.get(c), of, run_id, now) for c in dict.fromkeys(changed)])


def _tags(system: System) -> dict[Origin, list[str]]:
    freed = tags_of(system).freed
    return {
        Origin(column.table, column.column.lower()): sorted(f"{tag.name} of {tag.origin}" for tag in tags)
        for column, tags in freed.items()
    }


def _event(
    column: Origin, reason: str | None, of: dict[Origin, list[str]], run_id: str | None, now: dt.datetime
) -> Event:
    """The reason is None where it has been taken back: the column bears its tags again."""
    tags = of.get(Origin(column.table, column.column.lower()), [])
    payload = {"column": column.column, "reason": reason, "tags": tags, "taken_back": reason is None}
    return Event(DECLASSIFIED, now, run_id, column.table, payload)
