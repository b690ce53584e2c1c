"""What the ledger adds to a run: a build of 500 models with it, and without, when runs, tasks and states are kept all the same.

Without means that no event is written down, digested or sealed, and that whoever asks for events gets none. What is compared is
the CPU that calls of the metadata store take, in any thread: it is a small part of a run, whose own CPU varies by more.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import five_hundred_models
import measure
from measure import Target

FOLDER = measure.WORK / "ledger_share"

_RUN = """
import json, sys, threading, time
import jusante
from jusante.storage.sql_metadata import SqlMetadata

if sys.argv[2] == "without":
    import itertools
    from dataclasses import replace
    from jusante.storage.sql_metadata import ledger
    numbers = itertools.count(10_000_000)
    ledger.append = lambda connection, events: tuple(replace(event, seq=next(numbers)) for event in events)
    ledger.seal = lambda connection, now: None
    SqlMetadata.latest = lambda self, kind, limit, **more: ()

used = {"cpu": 0.0}
inside = threading.local()

def timed(method):
    def call(*arguments, **named):
        if getattr(inside, "is_so", False):
            return method(*arguments, **named)
        inside.is_so, cpu = True, time.thread_time()
        try:
            return method(*arguments, **named)
        finally:
            inside.is_so = False
            used["cpu"] += time.thread_time() - cpu
    return call

for name, method in list(vars(SqlMetadata).items()):
    if callable(method) and (name == "__init__" or not name.startswith("_")):
        setattr(SqlMetadata, name, timed(method))

cpu, wall = time.process_time(), time.monotonic()
with jusante.open(sys.argv[1]) as lake:
    report = lake.run()
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    events = lake.metadata.latest(None, 100_000)
assert report.status == "succeeded"
print(json.dumps({"cpu": cpu, "wall": wall, "events": len(events), "in": used}))
"""


def main() -> None:
    rounds = measure.rounds(3)
    shutil.rmtree(FOLDER, ignore_errors=True)
    project = FOLDER / "project"
    five_hundred_models.jusante_project(project)
    found = {how: [] for how in ("with", "without")}
    for _ in range(rounds):
        for how, costs in found.items():
            costs.append(once(project, how))
    kept, bare = (sorted(costs, key=_share)[rounds // 2] for costs in found.values())
    publish(rounds, kept, bare)


def publish(rounds: int, kept: Mapping[str, Any], bare: Mapping[str, Any]) -> None:
    """The two builds side by side."""
    rows = [
        [how, f"{said['cpu']:.1f}", f"{said['in']['cpu']:.2f}", f"{_share(said):.1f}"]
        for how, said in {"with the ledger": kept, "without": bare}.items()
    ]
    measure.publish(
        "ledger_share",
        f"A full build of 500 models, {kept['events']:,} events. What calls of the metadata store take of it, in any thread; the middle "
        f"of {rounds} rounds, in turn.",
        measure.table(["", "all, CPU s", "in the metadata store", "%"], rows),
        measure.targets_table([Target("the ledger adds", 10, _share(kept) - _share(bare), "% CPU")]),
        f"Versions: {measure.own_versions('sqlalchemy')}.",
    )


def _share(said: Mapping[str, Any]) -> float:
    return float(100 * said["in"]["cpu"] / said["cpu"])


def once(project: Path, how: str) -> dict[str, Any]:
    """A build with nothing made yet but the raw tables."""
    shutil.rmtree(project / ".jusante", ignore_errors=True)
    shutil.copytree(project / "ingested", project / ".jusante")
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(project), how], check=True, stdout=subprocess.PIPE, text=True, timeout=600
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
