"""Care for the tables: small files made into one, old snapshots expired, leftovers removed, a publish taken back."""

import datetime as dt
from dataclasses import replace

from jusante.core.names import quote_table
from jusante.errors import StorageError
from jusante.management.publish import stage_into
from jusante.orchestration.recovery import state_of
from jusante.ports.engine import Engine
from jusante.ports.metadata_store import MetadataStore
from jusante.ports.table_store import Commit, Swept, Table, TableStore

SMALL_FILE_BYTES = 32 * 1024 * 1024
SMALL_FILES_TOLERATED = 4
NEWEST_LEFT_ALONE = dt.timedelta(seconds=0)


def maintain(  # what, with what, how and when
    engine: Engine, store: TableStore, names: tuple[str, ...], keep: dt.timedelta, run_id: str, now: dt.datetime
) -> tuple[Swept, ...]:
    """Compact, expire and sweep tables, all or those named. Call it while holding the project: nobody else stages."""
    done = []
    for name in sorted(names or store.pointers()):
        before = store.table(name)
        if before is None:
            raise StorageError(f"there is no table {name}", where=name, fix="jusante query shows the tables there are")
        compact(engine, store, before, run_id)
        swept = store.maintain(name, keep, older_than=now - NEWEST_LEFT_ALONE)
        done.append(replace(swept, files_before=len(before.plan.files), files_after=len(_now(store, name).plan.files)))
    return tuple(done)


def compact(engine: Engine, store: TableStore, table: Table, run_id: str) -> Table:
    """Rewrite a table's files, if there are many small ones, or some from before its columns changed.

    Its rows and its state stay what they were.
    """
    size = table.plan.bytes / max(len(table.plan.files), 1)
    is_compact = len(table.plan.files) <= SMALL_FILES_TOLERATED or size > SMALL_FILE_BYTES
    if not table.plan.files or (is_compact and table.plan.uniform):
        return table
    with engine.session({table.name: table.plan}) as session:
        folder = store.staging(table.name, f"{run_id}-compact")
        staged = stage_into(session, f"select * from {quote_table(table.name)}", folder, table)
    if staged.rows != table.plan.rows:
        store.unstage(table.name, f"{run_id}-compact")
        raise StorageError(f"compacting gave {staged.rows:,} rows instead of {table.plan.rows:,}", where=table.name)
    summary = {**table.summary, "jusante.same-as": str(table.data_id)}
    return store.commit(Commit(table.name, staged, table.schema, table.plan.files, table.snapshot_id, summary))


def rollback(store: TableStore, metadata: MetadataStore, name: str, snapshot_id: int | None, now: dt.datetime) -> Table:
    """Make an earlier snapshot current. What reads the table is stale then; the table itself is not made anew at once."""
    snapshots = store.history(name)
    current = next((index for index, snapshot in enumerate(snapshots) if snapshot.is_current), len(snapshots) - 1)
    if snapshot_id is None:
        if current == 0:
            raise StorageError(f"{name} has no earlier snapshot", where=name, fix="there is nothing to go back to")
        snapshot_id = snapshots[current - 1].id
    before = metadata.states().get(name)
    table = store.rollback(name, snapshot_id)
    state = state_of(table, now)
    if before is not None:
        # What was rolled back is not built again from the very same: its version and inputs count as tried.
        note = f"rolled back from {before.snapshot_id}"
        state = replace(state, version=before.version, inputs=before.inputs, note=note)
    metadata.remember([state], "asset.rolled_back")
    return table


def _now(store: TableStore, name: str) -> Table:
    table = store.table(name)
    assert table is not None
    return table
