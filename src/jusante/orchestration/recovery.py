"""What a run does first: put right what a run that died has left behind.

An Iceberg commit cannot be one transaction with the metadata database. So each snapshot says in its summary which run
made it, from what, and how far the source was read; where the database knows another pointer than the catalogue, the
state is read back from the snapshot. Nothing is guessed.
"""

import datetime as dt
import glob
import json
import shutil
import socket
from collections.abc import Collection, Container, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from jusante.core.event import Event
from jusante.core.graph import Graph
from jusante.core.names import QUARANTINE
from jusante.core.run import AssetState, Run
from jusante.management.quarantine import is_owed, take_back
from jusante.orchestration.holding import holds_of, news
from jusante.ports.metadata_store import MetadataStore
from jusante.ports.table_store import Table, TableStore


def recover(graph: Graph, store: TableStore, metadata: MetadataStore, now: dt.datetime) -> tuple[str, ...]:
    """Take states from snapshots where they differ, sweep what dead runs staged, and close those runs.

    Call it only while holding the project: every run that is still open is then known to be dead. Returns their ids.
    """
    dead = metadata.unfinished()
    if dead:
        _undo_quarantines(store, dead)
    reconcile(store, metadata, now)
    for run in dead:
        _sweep(graph, store, run)
        metadata.end(replace(run, status="crashed", ended_at=now))
    return tuple(run.run_id for run in dead)


def reconcile(store: TableStore, metadata: MetadataStore, now: dt.datetime) -> None:
    """Where a table is not in the state that the database remembers, remember what its snapshot says."""
    states = metadata.states()
    found = []
    for name, pointer in store.pointers().items():
        known = states.get(name)
        if known is not None and known.pointer == pointer:
            continue
        table = store.table(name, pointer)
        if table is not None and "jusante.version" in table.summary:
            found.append(state_of(table, now))
    if found:
        metadata.remember(found, "asset.reconciled")
        metadata.tell([event for state in found for event in _news(states.get(state.asset), state, now)])


def recover_task(store: TableStore, metadata: MetadataStore, name: str, run_id: str, now: dt.datetime) -> bool:
    """Put right what a worker that was lost has left of one table: rows set aside that were not followed by the others, and
    a state that was not recorded. Whether this run has published the table. Call it behind a fence that keeps that worker out.
    """
    _undo_quarantine(store, name + QUARANTINE, {run_id})
    table = store.table(name)
    known = metadata.states((name,)).get(name)
    if table is None or "jusante.version" not in table.summary:
        return False
    if known is None or known.pointer != table.pointer:
        found = state_of(table, now)
        metadata.remember([found], "asset.reconciled")
        metadata.tell(list(_news(known, found, now)))
    return table.summary.get("jusante.run") == run_id


def _news(before: AssetState | None, state: AssetState, now: dt.datetime) -> Iterator[Event]:
    """What a run that died had no time to tell of columns that wait."""
    known, waiting = (holds_of({state.asset: each} if each else {}) for each in (before, state))
    found = [hold.finding for hold in waiting]
    yield from news(state.asset, known, waiting, found, now, state.run_id)


def state_of(table: Table, now: dt.datetime) -> AssetState:
    """An asset's state as its current snapshot tells it."""
    said = table.summary
    return AssetState(
        asset=table.name,
        version=said["jusante.version"],
        inputs=json.loads(said.get("jusante.inputs", "{}")),
        run_id=said.get("jusante.run", ""),
        at=now,
        pointer=table.pointer,
        snapshot_id=table.snapshot_id,
        cursor=json.loads(said["jusante.cursor"]) if "jusante.cursor" in said else None,
        marker=said.get("jusante.marker"),
        shape=json.loads(said["jusante.shape"]) if "jusante.shape" in said else None,
        holds=tuple(json.loads(said.get("jusante.holds", "[]"))),
        intervals=tuple(json.loads(said.get("jusante.intervals", "[]"))),
    )


def _undo_quarantines(store: TableStore, dead: Iterable[Run]) -> None:
    """Rows are set aside just before the rest is published. If the run died in between, they will come again."""
    ids = {run.run_id for run in dead}
    for name in [name for name in store.pointers() if name.endswith(QUARANTINE)]:
        _undo_quarantine(store, name, ids)


def _undo_quarantine(store: TableStore, name: str, ids: Container[str]) -> None:
    aside = store.table(name)
    if aside and aside.summary.get("jusante.run") in ids and is_owed(aside, store.table(name.removesuffix(QUARANTINE))):
        take_back(store, aside)


def _sweep(graph: Graph, store: TableStore, run: Run) -> None:
    for asset in graph:
        if asset.is_table:
            store.unstage(asset.id, run.run_id)
            store.unstage(asset.id + QUARANTINE, run.run_id)


def clear_scratch(*folders: Path) -> None:
    """Remove what dead runs left of files that nobody publishes. Call it only while holding the project."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def leftovers(state: Path, dead: Collection[str], *, shared: bool) -> Iterator[Path]:
    """The folders of what runs that died left of files that nobody publishes. `shared`: other processes may use theirs."""
    import psutil

    scratch, spill = state / "scratch", state / "spill"
    if not shared:
        yield from (scratch, spill)
        return
    yield from (scratch / run_id for run_id in dead)
    for folder in spill.glob(f"{glob.escape(socket.gethostname())}-*"):
        pid = folder.name.rpartition("-")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            yield folder
