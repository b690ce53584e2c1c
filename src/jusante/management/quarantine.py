"""Rows that are set aside, in `<table>__quarantine`: each publication's once, whatever happens on the way.

They are committed just before the table is, and their snapshot says which rows of the table they were set aside to follow.
If these are the table's rows still, the publication never came: its rows are taken back before they come again.
"""

import datetime as dt
from collections.abc import Mapping

from jusante.core.literals import text
from jusante.core.names import QUARANTINE
from jusante.ports.engine import Reject
from jusante.ports.table_store import Table, TableStore

_AFTER, _BEFORE = "jusante.aside-after", "jusante.aside-before"


def marks(current: Table | None, aside: Table | None) -> Mapping[str, str]:
    """What the snapshot of rows set aside says: after which rows of the table, and before it which snapshot of theirs."""
    return {_AFTER: _id(current), _BEFORE: str(aside.snapshot_id) if aside else ""}


def is_owed(aside: Table, current: Table | None) -> bool:
    """Whether the rows last set aside were not followed by the others."""
    return aside.summary.get(_AFTER) == _id(current)


def _id(table: Table | None) -> str:
    return str(table.data_id) if table else ""


def take_back(store: TableStore, aside: Table) -> None:
    """Put the quarantine back to what it was before rows were set aside last, as long as that is kept."""
    before = aside.summary.get(_BEFORE)
    if before == "":
        store.drop(aside.name)
    elif before and any(str(snapshot.id) == before for snapshot in store.history(aside.name)):
        store.rollback(aside.name, int(before))


def without_owed(store: TableStore, name: str, current: Table | None) -> Table | None:
    """The quarantine of a table that is about to be published, without rows that are going to come again."""
    aside = store.table(name + QUARANTINE)
    if aside is None or not is_owed(aside, current) or not is_owed(aside, store.table(name)):
        return aside
    take_back(store, aside)
    return store.table(aside.name)


def marked(sql: str, run_id: str, now: dt.datetime) -> str:
    """A query for failing rows, with who has set them aside and when."""
    own = "cast(null as varchar) as _place, cast(null as varchar) as _row"
    return f"select *, {own}, {_when(run_id, now)} from ({sql}) as failing"


def rejected(rejects: tuple[Reject, ...], run_id: str, now: dt.datetime) -> str:
    """A query for rows that could not be read."""
    rows = ", ".join(
        f"({text('unreadable: ' + reject.reason)}, {text(f'{reject.file}:{reject.line}')}, {text(reject.text)})"
        for reject in rejects
    )
    return f"select _check, _place, _row, {_when(run_id, now)} from (values {rows}) as r(_check, _place, _row)"


def _when(run_id: str, now: dt.datetime) -> str:
    return f"{text(run_id)} as _run_id, timestamptz {text(now.isoformat(sep=' '))} as _quarantined_at"
