"""Maintenance of one table: snapshots that nobody needs, and files that no snapshot needs."""

import datetime as dt
from pathlib import Path

from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot

from jusante.ports.table_store import Swept
from jusante.storage.iceberg.places import files_below
from jusante.storage.iceberg.reading import summary_of


def sweep(
    name: str, table: IcebergTable, folder: Path, keep: dt.timedelta, older_than: dt.datetime
) -> tuple[Swept, IcebergTable]:
    """Expire snapshots older than `keep`, then remove unneeded files that were written before `older_than`."""
    before = sum(1 for _ in files_below(folder))
    expired = _expire(table, older_than - keep)
    table = table.refresh()
    needed = _needed(table)
    removed = freed = 0
    for path in files_below(folder):
        status = path.stat()
        if str(path) not in needed and status.st_mtime < older_than.timestamp():
            path.unlink(missing_ok=True)
            removed, freed = removed + 1, freed + status.st_size
    return Swept(name, before, before - removed, expired, removed, freed), table


def _expire(table: IcebergTable, before: dt.datetime) -> int:
    current = table.current_snapshot()
    limit = before.timestamp() * 1000
    old = [
        snapshot.snapshot_id
        for snapshot in table.metadata.snapshots
        if snapshot.timestamp_ms < limit and (current is None or snapshot.snapshot_id != current.snapshot_id)
    ]
    if old:
        table.maintenance.expire_snapshots().by_ids(old).commit()
    return len(old)


def files_of_run(table: IcebergTable, run_id: str) -> frozenset[str]:
    """The data files of all snapshots that a run made, and of the current one."""
    current = table.current_snapshot()
    found: set[str] = set()
    for snapshot in table.metadata.snapshots:
        if snapshot is current or summary_of(snapshot).get("jusante.run") == run_id:
            found |= _data_files(table, snapshot)
    return frozenset(path.removeprefix("file://") for path in found)


def _data_files(table: IcebergTable, snapshot: Snapshot) -> set[str]:
    manifests = snapshot.manifests(table.io)
    return {entry.data_file.file_path for each in manifests for entry in each.fetch_manifest_entry(table.io)}


def _needed(table: IcebergTable) -> set[str]:
    """Every file that some snapshot that is left, or the table's own log of metadata, refers to."""
    needed = {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
    for snapshot in table.metadata.snapshots:
        needed.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            needed.add(manifest.manifest_path)
            needed |= {entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io)}
    return {path.removeprefix("file://") for path in needed}
