"""Replays of runs: what they published, built again from what they read, and compared."""

import datetime as dt
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from jusante.app.lake import Lake
from jusante.core.run import Task
from jusante.errors import JusanteError, UsageError
from jusante.management.quality import nothing_hidden
from jusante.management.rehearsal import Rehearsal
from jusante.orchestration.replaying import (
    NotReplayable,
    PinnedTables,
    Replayed,
    compared,
    rebuilt,
    recorded,
    why_failed,
)
from jusante.transformation.build import Workshop

Heard = Callable[[Replayed], None]


def replay(lake: Lake, run_id: str, heard: Heard = lambda _: None) -> tuple[Replayed, ...]:
    """Each model that a run published, built again and compared. Publishes nothing. Raises UsageError for no such run."""
    if lake.metadata.run(run_id) is None:
        raise UsageError(f"there is no run {run_id}", where=run_id, fix="jusante runs lists them")
    folder = lake.settings.state / "replays" / f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    found = []
    try:
        for task in lake.metadata.tasks(run_id):
            if task.status == "succeeded" and task.snapshot_id is not None:
                found.append(_replayed(lake, task, run_id, folder))
                heard(found[-1])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tuple(found)


def _replayed(lake: Lake, task: Task, run_id: str, folder: Path) -> Replayed:
    system = lake.system
    try:
        then = recorded(system.graph, system.store, task)
        asset = system.graph[task.asset]
        workshop = _workshop(lake, PinnedTables(then.pinned, system.store), folder)
        again = rebuilt(workshop, asset, run_id, system.graph.versions[task.asset], then.standing)
        with system.engine.session() as session:
            verdict, why, digest = compared(session, asset, then.published, again)
        return Replayed(task.asset, verdict, why, then.published.rows, digest, task.snapshot_id)
    except NotReplayable as problem:
        return Replayed(task.asset, "impossible", str(problem), snapshot_id=task.snapshot_id, fix=problem.fix)
    except JusanteError as error:
        asked = error.without_values(f"{task.asset} may hold personal data") if error.unquoted else error
        return Replayed(task.asset, "impossible", why_failed(asked), snapshot_id=task.snapshot_id, fix=asked.fix)


def _workshop(lake: Lake, tables: PinnedTables, folder: Path) -> Workshop:
    def scratch(name: str) -> Path:
        return folder / "scratch" / name.replace(":", "-")

    system = lake.system
    return Workshop(
        folder=system.project.folder,
        graph=system.graph,
        tables=tables,
        engine=system.engine,
        publisher=Rehearsal(folder),
        scratch=scratch,
        hidden=lambda _: nothing_hidden(),
    )
