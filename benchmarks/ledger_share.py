"""What the ledger adds to a run: of all that a build of 500 models takes, the part that is spent in writing to the metadata store.

That is an upper bound of what the ledger adds: runs, tasks and states would have to be kept without it as well. What monitors,
guards and other features ask of it is told beside.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import five_hundred_models
import measure
from measure import Target

FOLDER = measure.WORK / "ledger_share"

_RUN = """
import json, sys, threading, time
import jusante
from jusante.storage.sql_metadata import SqlMetadata

used = {"written": 0.0, "asked": 0.0}
WRITE = {"record", "tell", "begin", "end"}
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
            used["written" if method.__name__ in WRITE else "asked"] += time.thread_time() - cpu
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
    found = sorted((once(project) for _ in range(rounds)), key=lambda said: said["in"]["written"] / said["cpu"])
    said = found[rounds // 2]
    share = 100 * said["in"]["written"] / said["cpu"]
    measure.publish(
        "ledger_share",
        f"A full build of 500 models: {said['cpu']:.1f} CPU s, {said['wall']:.1f} s, {said['events']:,} events. What calls of the "
        f"metadata store take of it, in any thread; the middle of {rounds} rounds.",
        measure.table(
            ["", "CPU s"],
            [
                ["all", f"{said['cpu']:.1f}"],
                ["writing to the ledger, with all that follows from it", f"{said['in']['written']:.2f}"],
                ["what monitors, guards and others ask of it", f"{said['in']['asked']:.2f}"],
            ],
        ),
        measure.targets_table([Target("the ledger adds", 10, share, "% CPU")]),
        f"Versions: {measure.own_versions('sqlalchemy')}.",
    )


def once(project: Path) -> dict[str, object]:
    """A build with nothing made yet but the raw tables."""
    shutil.rmtree(project / ".jusante", ignore_errors=True)
    shutil.copytree(project / "ingested", project / ".jusante")
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(project)], check=True, stdout=subprocess.PIPE, text=True, timeout=600
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
