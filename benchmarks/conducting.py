"""Tasks that do nothing, each remembered durably: a fan of 1,000, and a chain of 200, each after the one before.

What is measured is what an orchestrator adds to the work: from a process's first task to its last, without its start. Here
it is the loop of a run, its threads and the ledger in SQLite; each transaction waits for the disk, as by default.
"""

import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import measure
import peers
from jusante.core.asset import Asset
from jusante.core.graph import Graph
from jusante.core.model import Model, Query, SqlModel
from jusante.core.place import Place
from measure import Cost, Target

FAN, CHAIN = 1_000, 200
PARALLEL = 4
PEER_ROUNDS = 3
FOLDER = measure.WORK / "conducting"
SHAPES = ("fan", "chain")

_ARGUMENTS = "shape, folder, parallel = sys.argv[1], sys.argv[2], int(sys.argv[3])"
_JUSANTE = f"""
import datetime as dt, json, sys, time
from dataclasses import replace
from types import SimpleNamespace
from conducting import graph_of
from jusante.core.run import AssetState, Done, Run, Task
from jusante.orchestration.execution import Threads, execute
from jusante.orchestration.worker import Worker
from jusante.storage.sql_metadata import SqlMetadata
{_ARGUMENTS}

def now():
    return dt.datetime.now(dt.UTC)

class Idle(Worker):
    def work(self, name):
        inputs = {{above: 1 for above in graph[name].inputs}}
        return Done(Task(name, "build", "succeeded", "new data"), AssetState(name, "version", inputs, "r1", now()))

graph, store = graph_of(shape), SqlMetadata(f"sqlite:///{{folder}}/metadata.db")
worker = Idle("r1", SimpleNamespace(columns=None, graph=graph, metadata=store), {{}})
run = Run("r1", "run", "dev", now(), "host", 1)
began = time.monotonic()
store.begin(run)
with Threads(worker, parallel) as hands:
    tasks = execute(graph, [asset.id for asset in graph], worker, hands, lambda name, task: None)
store.end(replace(run, status="succeeded", ended_at=now()))
took = time.monotonic() - began
assert len(store.tasks("r1")) == len(tasks) == len(graph.order)
assert store.verify() == ()
print(json.dumps({{"seconds": took}}))
"""
_DBOS = f"""
import json, sys, time
from dbos import DBOS, Queue
{_ARGUMENTS}
url = f"sqlite:///{{folder}}/dbos.sqlite"
DBOS(config={{"name": "bench", "system_database_url": url, "run_admin_server": False, "log_level": "ERROR"}})

@DBOS.step()
def nothing(number):
    return number

@DBOS.workflow()
def steps(count):
    return [nothing(number) for number in range(count)][-1]

DBOS.launch()
began = time.monotonic()
assert steps({FAN} if shape == "fan" else {CHAIN}) is not None
print(json.dumps({{"seconds": time.monotonic() - began}}))
DBOS.destroy()
"""
_DAGSTER = f"""
import json, os, sys, time
import dagster as dg
{_ARGUMENTS}
os.environ["DAGSTER_HOME"] = folder
above = {{"above": dg.In(dg.Nothing)}}

@dg.op(out=dg.Out(dg.Nothing))
def first():
    pass

@dg.op(ins=above, out=dg.Out(dg.Nothing))
def nothing():
    pass

@dg.job(executor_def=dg.in_process_executor)
def fan():
    begun = first()
    nothing.alias("last")([nothing.alias(f"t{{number}}")(begun) for number in range({FAN - 2})])

@dg.job(executor_def=dg.in_process_executor)
def chain():
    done = first()
    for number in range({CHAIN - 1}):
        done = nothing.alias(f"t{{number}}")(done)

with dg.DagsterInstance.get() as instance:
    began = time.monotonic()
    assert (fan if shape == "fan" else chain).execute_in_process(instance=instance).success
    took = time.monotonic() - began
print(json.dumps({{"seconds": took}}))
"""


def graph_of(shape: str) -> Graph:
    """A fan: one, then 998 at once, then one. A chain: 200, each after the one before."""
    if shape == "chain":
        return Graph([_asset(number, [number - 1] if number else []) for number in range(CHAIN)])
    middle = [_asset(number, [0]) for number in range(1, FAN - 1)]
    return Graph([_asset(0, []), *middle, _asset(FAN - 1, range(1, FAN - 1))])


def _asset(number: int, above: Sequence[int]) -> Asset:
    inputs = tuple(f"m.t{each:04}" for each in above)
    query = Query("select 1 as one", inputs, f"select {number} as one")
    return Asset(f"m.t{number:04}", Place(f"models/m/t{number:04}.sql", 1), inputs, SqlModel(Model(), query))


def main() -> None:
    rounds = measure.rounds(5)
    programs = {
        "jusante": [sys.executable, "-c", _JUSANTE],
        "DBOS, steps of a workflow": [str(peers.dbos() / "python"), "-c", _DBOS],
        "Dagster, in process": [str(peers.dagster() / "python"), "-c", _DAGSTER],
    }
    found: dict[tuple[str, str], list[tuple[Cost, float]]] = {}
    for number in range(1, rounds + 1):
        for shape in SHAPES:
            for name, program in programs.items():
                if name == "jusante" or number <= PEER_ROUNDS:
                    once = _once(name, shape, program)
                    found.setdefault((name, shape), []).append(once)
                    measure.tell(f"{number}/{rounds} {name}, {shape}: {once[1]:.2f} s")
    _publish(found, rounds)


def _once(name: str, shape: str, program: Sequence[str]) -> tuple[Cost, float]:
    """What the process cost, and the seconds from its first task to its last, as it tells them."""
    folder = FOLDER / name.partition(",")[0].lower() / shape
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    said = folder / "said.json"
    program = [*program[:-1], program[-1].replace("print(json.dumps(", f"open({str(said)!r}, 'w').write(json.dumps(")]
    environment = {"PYTHONPATH": str(Path(__file__).parent)}
    cost = measure.run(
        measure.Contender(
            f"conducting {name} {shape}", [*program, shape, str(folder), str(PARALLEL)], folder, environment
        )
    )
    return cost, float(json.loads(said.read_text())["seconds"])


def _disk() -> float:
    """Milliseconds that this disk takes to say that something is written."""
    took = []
    with (FOLDER / "fsync").open("wb") as file:
        for _ in range(50):
            began = time.monotonic()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            took.append(time.monotonic() - began)
    return statistics.median(took) * 1000


def _publish(found: dict[tuple[str, str], list[tuple[Cost, float]]], rounds: int) -> None:
    seconds = {key: statistics.median(took for _, took in each) for key, each in found.items()}
    rows = [
        [name, shape, f"{seconds[name, shape]:.2f}", f"{measure.median(c for c, _ in found[name, shape]).cpu:.1f}"]
        for name, shape in sorted(seconds, key=lambda key: (key[1], seconds[key]))
    ]
    measure.publish(
        "conducting",
        f"Tasks that do nothing, kept in SQLite: a fan (1, then {FAN - 2}, then 1; for DBOS {FAN:,} steps of one workflow) "
        f"and a chain of {CHAIN}; here {PARALLEL} at once. Seconds from the first task to the last, and "
        f"CPU seconds of the whole process with its start. Medians of {rounds} rounds, of {PEER_ROUNDS} for peers, in turn. "
        f"One fsync takes {_disk():.1f} ms here.",
        measure.table(["", "shape", "s", "CPU s"], rows),
        measure.targets_table(
            [
                Target("a fan of 1,000", 1.5, seconds["jusante", "fan"], "s"),
                Target("a chain of 200", 1.5, seconds["jusante", "chain"], "s"),
            ]
        ),
        f"Versions: {measure.own_versions('sqlalchemy')}; {measure.versions(peers.dbos(), 'dbos')}; "
        f"{measure.versions(peers.dagster(), 'dagster')}.",
    )


if __name__ == "__main__":
    main()
