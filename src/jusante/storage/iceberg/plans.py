"""File plans on disk, so that a table is read without opening its Iceberg metadata, and without importing pyiceberg.

A pointer names one state of a table for ever, so a plan kept under it cannot go stale. One plan a table is kept.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jusante.core.schema import Column, Schema
from jusante.ports.relation import FilePlan
from jusante.ports.table_store import Table


class Plans:
    """The last plan of each table, a small JSON file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str, pointer: str) -> Table | None:
        """The table in the state of that pointer, if that is the plan kept."""
        try:
            kept = json.loads(self._path(name).read_text())
            return _read(kept) if kept["pointer"] == pointer else None
        except (OSError, ValueError, KeyError):  # not there, cut short, or written by another version
            return None

    def put(self, table: Table) -> None:
        """Keep a table's plan. A plan that cannot be written is not kept; reading is slower then, and still right."""
        path = self._path(table.name)
        draft = path.with_suffix(".draft")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(asdict(table)))
            draft.replace(path)
        except OSError:
            return

    def _path(self, name: str) -> Path:
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.json"


def _read(kept: dict[str, Any]) -> Table:
    plan = kept.pop("plan")
    schema = Schema(tuple(Column(**column) for column in plan["schema"]["columns"]))
    files = FilePlan(tuple(plan["files"]), schema, plan["rows"], plan["bytes"], uniform=plan["uniform"])
    return Table(plan=files, **kept)
