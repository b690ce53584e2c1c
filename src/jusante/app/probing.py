"""A look at what a condition speaks of: rows at a source, files, a query. Cheap, and it loads nothing."""

import hashlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from jusante.app.system import System
from jusante.core.asset import Asset, Ingested
from jusante.core.cursor import Cursor
from jusante.core.literals import literal
from jusante.core.names import quote
from jusante.core.run import AssetState
from jusante.core.trigger import Condition
from jusante.core.words import counted
from jusante.orchestration.conducting.decision import Probe
from jusante.ports.connector import Request

MOST_FILES = 100_000
NOTHING_NEW = Probe("", holds=False, why="")

Ask = Callable[[str], Any]


def look(system: System, asset: Asset, state: AssetState | None, ask: Ask) -> Probe:
    """What the asset's conditions find now: the first that holds, else the last. Raises the source's errors."""
    found = NOTHING_NEW
    for condition in asset.timing.when:
        found = _look(system, asset, condition, state, ask)
        if found.holds:
            return found
    return found


def _look(system: System, asset: Asset, condition: Condition, state: AssetState | None, ask: Ask) -> Probe:
    if condition.file:
        return _files(system.project.folder, condition.file)
    if condition.sql:
        return _query(condition.sql, ask)
    if isinstance(asset.definition, Ingested):
        return _rows(system, asset.definition, condition, state)
    return NOTHING_NEW


def _files(folder: Path, pattern: str) -> Probe:
    """Files that are there, told apart by name, size and time of change."""
    found = []
    for path in sorted(folder.glob(pattern))[:MOST_FILES]:
        if path.is_file():
            status = path.stat()
            found.append(f"{path} {status.st_size} {status.st_mtime_ns}")
    return Probe(_mark(*found), holds=bool(found), why=f"a file came: {pattern}")


def _query(sql: str, ask: Ask) -> Probe:
    """Whether a query's first value is true. It fires when it becomes true, not for as long as it is."""
    table = ask(sql).table
    value = table.column(0)[0].as_py() if table.num_rows and table.num_columns else None
    return Probe(f"sql {bool(value)}", holds=bool(value), why="its condition in SQL became true")


def _rows(system: System, ingested: Ingested, condition: Condition, state: AssetState | None) -> Probe:
    """How many rows at the source are after the cursor."""
    if state is None or state.cursor is None:
        return Probe("first", holds=True, why="never loaded before")
    cursor = Cursor.from_dict(dict(state.cursor))
    with closing(system.connect(ingested.source.source)) as connector:
        request = Request(ingested.name, ingested.table, (cursor.column,), since=cursor)
        with system.engine.session({"source.rows": connector.read(request).relation}) as session:
            column = quote(cursor.column)
            after = f"{column} > {literal(cursor.value)}"
            count, last = session.rows(f"select count(*), max({column}) from source.rows where {after}")[0]
    least = condition.rows or 1
    why = f"{counted(count, 'new row')} at the source"
    return Probe(_mark(str(cursor.value), str(last if condition.new else count // least)), count >= least, why)


def _mark(*parts: str) -> str:
    """A text that is another when the parts are, and from which nobody can tell them."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
