"""What it costs to look at the values of what models give: builds of models that have been measured before, with and without.

Two projects of the SQL of `five_hundred_models`: 100 models of 1,000 rows, where nearly nothing is to be done but to look, and
100 of 100,000 rows. All models are built anew, after a history that is as long as histories become: once a day, when each is
looked at, and one time after the other, when looks are rationed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import five_hundred_models as models
import measure
from measure import Contender, Target

ROUNDS = 1
DAYS = 30
SIZES = {"100 models of 1,000 rows": (2, 1_000), "100 models of 100,000 rows": (2, 100_000)}
_BUILD = """
import sys
from pathlib import Path
from jusante.app import Lake
from jusante.app.values import Values
from jusante.orchestration.profiling import Profiling
if sys.argv[1] == "without":
    Profiling.of = lambda self, job: None
    Values.unusual = lambda self, name, now, is_open: ()
with Lake.open(Path.cwd()) as lake:
    chosen = tuple(asset.id for asset in lake.project.graph if asset.kind == "model")
    for _ in range(int(sys.argv[2])):
        assert lake.run(chosen, anew=True).status == "succeeded"
"""
_REMEMBER = """
import datetime as dt, sys
from pathlib import Path
from jusante.app import Lake
from jusante.core.event import Event
from jusante.orchestration.profiling import PROFILED
apart = dt.timedelta(hours=float(sys.argv[2]))
with Lake.open(Path.cwd()) as lake:
    for last in lake.metadata.latest(PROFILED, 10_000):
        said = {**last.payload, "number": 30}
        past = [Event(PROFILED, last.at - n * apart, "r0", last.asset, said) for n in range(int(sys.argv[1]), 0, -1)]
        lake.metadata.tell(past)
"""
PACES = {"once a day": (24.0, 1), "again and again": (0.01, 12)}
"""How often models are built: the hours between the looks of before, and how many builds are measured, one after the other."""


def main() -> None:
    rounds = measure.rounds(ROUNDS)
    parts, targets = [], []
    for title, (layers, rows) in SIZES.items():
        models.LAYERS, models.ROWS = layers, rows
        folder = measure.WORK / "model_values_cost" / f"{rows}"
        project(folder)
        for pace, (_, builds) in PACES.items():
            measure.tell(f"{title}, {pace}")
            costs = measure.in_turn([_build(folder, how, pace) for how in ("without", "with")], rounds)
            without, looked = (measure.median(each) for each in costs.values())
            share = 100 * (looked.cpu - without.cpu) / without.cpu
            parts += [f"{title}, built {pace}, {builds} times", measure.costs_table(costs)]
            targets.append(Target(f"CPU of the look, {title}, built {pace}", 5, share, "%"))
    measure.publish(
        "model_values_cost",
        f"All models built anew and held against {DAYS} builds before, 4 at once, with the look at their values and without. "
        f"Medians of {rounds} rounds.",
        *parts,
        measure.targets_table(targets),
    )


def project(folder: Path) -> None:
    """The project, built twice, with a history for each pace."""
    shutil.rmtree(folder, ignore_errors=True)
    models.jusante_project(folder)
    shutil.copytree(folder / "ingested", folder / ".jusante")
    _python(folder, _BUILD, "with", "2")
    (folder / ".jusante").rename(folder / "built")
    for pace, (hours, _) in PACES.items():
        shutil.copytree(folder / "built", folder / ".jusante")
        _python(folder, _REMEMBER, str(DAYS), str(hours))
        (folder / ".jusante").rename(folder / pace)


def _python(folder: Path, *command: str) -> None:
    subprocess.run([sys.executable, "-c", *command], cwd=folder, env={**os.environ, **_environment()}, check=True)


def _build(folder: Path, how: str, pace: str) -> Contender:
    def prepare() -> None:
        shutil.rmtree(folder / ".jusante", ignore_errors=True)
        shutil.copytree(folder / pace, folder / ".jusante")

    command = [sys.executable, "-c", _BUILD, how, str(PACES[pace][1])]
    return Contender(f"built {how} a look", command, folder, _environment(), prepare)


def _environment() -> dict[str, str]:
    return {"PYTHONPATH": str(measure.ROOT / "src")}


if __name__ == "__main__":
    main()
