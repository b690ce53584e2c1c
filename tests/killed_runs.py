"""Runs that are killed, and what they may leave behind."""

import os
import subprocess
import sys
from pathlib import Path


def run(folder: Path, kill_at: str = "") -> int:
    """Run a project in a process of its own, killed at that point of `architecture.failure`; its exit status."""
    environment = {**os.environ, "JUSANTE_KILL_AT": kill_at}
    done = subprocess.run(
        [sys.executable, "-m", "jusante", "run", "--project", str(folder)],
        env=environment,
        capture_output=True,
        check=False,
    )
    return done.returncode


def unreferenced(folder: Path) -> set[Path]:
    """Data files in the warehouse that no snapshot of any table refers to."""
    from pyiceberg.catalog.sql import SqlCatalog

    state = folder / ".jusante"
    catalog = SqlCatalog("jusante", uri=f"sqlite:///{state / 'catalog.db'}")
    used = set()
    for namespace in catalog.list_namespaces():
        for identifier in catalog.list_tables(namespace):
            table = catalog.load_table(identifier)
            for snapshot in table.metadata.snapshots:
                for manifest in snapshot.manifests(table.io):
                    used |= {entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io)}
    catalog.engine.dispose()
    return {path for path in (state / "warehouse").rglob("data/**/*.parquet") if str(path) not in used}
