"""Column lineage of the 500 models of five_hundred_models: cold, warm, after one edit; and what a lost column touches.

Nothing is run or ingested: the columns of the raw tables are declared, and the work is that of understanding 500 queries.
Each figure is the CPU time of one process that has read the project before, so that starting and parsing are not in it.
"""

import json
import shutil
import statistics
import sys
from pathlib import Path

import five_hundred_models as models
import measure
import peers
from measure import Contender, Target

ROUNDS = 5
FOLDER = measure.WORK / "lineage"
SAMPLE = 50
"""How many models the peers are asked about, of the 500: a column at a time takes them long."""
COLUMNS = ("id", "key", "amount", "day", "label")

_OURS = """
import gc, json, pathlib, sys, time
gc.set_threshold(100_000, 20, 20)  # as the command line sets it
from jusante.app import Lake
from jusante.app.columns import columns_of
from jusante.core.lineage import Origin

def timed(work):
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    found = work()
    return found, [time.process_time() - cpu, time.perf_counter() - wall]

project, edited, back = sys.argv[1:]
folder = pathlib.Path(project)
(folder / ".jusante" / "lineage.json").unlink(missing_ok=True)
import jusante.transformation.lineage, jusante.transformation.lineage.project
times = {}
with Lake.open(folder) as lake:
    columns, times["cold"] = timed(lambda: columns_of(lake.system))
    assert not columns.unresolved, columns.unresolved
    assert len(columns.assets) == 550
with Lake.open(folder) as lake:
    columns, times["warm"] = timed(lambda: columns_of(lake.system))
    below, times["blast"] = timed(lambda: columns.below([Origin("source:raw.t07", "amount")]))
    times["touched"] = len({step.target.table for step in below})
model = folder / edited
before = model.read_text()
model.write_text(before.replace("select", "select /* again */", 1).replace("amount", "amount + 1 - 1", 1))
with Lake.open(folder) as lake:
    _, times["edit"] = timed(lambda: columns_of(lake.system))
model.write_text(before)
json.dump(times, open(back, "w"))
"""
_SQLGLOT = """
import json, sys, time
from sqlglot.lineage import lineage
models, columns, back = json.load(open(sys.argv[1])), sys.argv[2].split(","), sys.argv[3]
schema = {}
for name in {read for model in models for read in model["reads"]}:
    space, _, table = name.partition(".")
    schema.setdefault(space, {})[table] = dict.fromkeys(columns, "text")
cpu = time.process_time()
for model in models:
    for column in columns:
        lineage(column, model["sql"], schema=schema, dialect="duckdb")
json.dump(time.process_time() - cpu, open(back, "w"))
"""
_SQLMESH = """
import json, sys, time
from sqlmesh import Context
from sqlmesh.core.lineage import column_dependencies
folder, columns, back = sys.argv[1], sys.argv[2].split(","), sys.argv[3]
models = sys.argv[4:]
context = Context(paths=folder)
cpu = time.process_time()
for model in models:
    for column in columns:
        column_dependencies(context, model, column)
json.dump(time.process_time() - cpu, open(back, "w"))
"""


def project(folder: Path) -> Path:
    """The 500 models over raw tables whose columns are declared."""
    measure.written(folder / "jusante.yaml", "name: models\n")
    columns = "".join(f"      {name}: {{}}\n" for name in COLUMNS)
    tables = "".join(
        f"  {models.name_of(-1, place)}:\n    path: raw/{place}.parquet\n    columns:\n{columns}"
        for place in range(models.WIDTH)
    )
    measure.written(folder / "sources" / "raw.yaml", f"source: raw\nkind: files\ntables:\n{tables}")
    for model in models.models():
        measure.written(folder / "models" / f"layer_{model.layer}" / f"{model.name}.sql", models.sql_of(model))
    return folder


def ours(folder: Path, count: int) -> dict[str, list[float]]:
    """CPU seconds, wall seconds and counts of each round, the medians."""
    back, found = FOLDER / "ours.json", []
    edited = f"models/layer_4/{models.name_of(4, 25)}.sql"
    for number in range(1, count + 1):
        measure.run(Contender("jusante", [sys.executable, "-c", _OURS, str(folder), edited, str(back)]))
        found.append(json.loads(back.read_text()))
        measure.tell(f"{number}/{count} jusante: {found[-1]}")
    return {
        name: [statistics.median(each[name][place] for each in found) for place in (0, 1)]
        for name in ("cold", "warm", "edit", "blast")
    } | {"touched": [found[0]["touched"]]}


def sqlglot_alone() -> float:
    """CPU seconds a model, all of its columns."""
    listed = [
        {"sql": models.sql_of(model), "reads": [models.plain(*read) for read in model.reads]}
        for model in models.models()[:: len(models.models()) // SAMPLE]
    ]
    asked = measure.written(FOLDER / "sqlglot_models.json", json.dumps(listed))
    back = FOLDER / "sqlglot.json"
    command = [sys.executable, "-c", _SQLGLOT, str(asked), ",".join(COLUMNS), str(back)]
    measure.run(Contender("sqlglot.lineage", command))
    return json.loads(back.read_text()) / len(listed)


def sqlmesh() -> float:
    """CPU seconds a model, all of its columns; loading the project is not in it."""
    folder, back = FOLDER / "sqlmesh", FOLDER / "sqlmesh.json"
    models.sqlmesh_project(folder)
    named = [models.plain(model.layer, model.name) for model in models.models()[:: len(models.models()) // SAMPLE]]
    command = [str(peers.sqlmesh() / "python"), "-c", _SQLMESH, str(folder), ",".join(COLUMNS), str(back), *named]
    measure.run(Contender("sqlmesh column lineage", command, folder))
    return json.loads(back.read_text()) / len(named)


def commands(folder: Path) -> dict[str, measure.Cost]:
    """From start to printed document, with what was kept and without."""
    command = [measure.JUSANTE, "lineage", "raw.t07.amount", "--down", "--json", "--project", str(folder)]
    kept = folder / ".jusante" / "lineage.json"
    kept.unlink(missing_ok=True)
    names = ("jusante lineage raw.t07.amount, the first time", "jusante lineage raw.t07.amount, again")
    return {name: measure.run(Contender(name, command)) for name in names}


def main() -> None:
    count = measure.rounds(ROUNDS)
    shutil.rmtree(FOLDER, ignore_errors=True)
    folder = project(FOLDER / "jusante")
    found = ours(folder, count)
    whole = commands(folder)
    per_model = {
        "jusante, all columns in one pass, direct and indirect edges": found["cold"][0] / 500,
        "sqlglot.lineage, column by column": sqlglot_alone(),
        "SQLMesh column_dependencies, column by column": sqlmesh(),
    }
    rows = [[name, f"{seconds * 1000:.2f}", f"{seconds * 500:.2f}"] for name, seconds in per_model.items()]
    measure.publish(
        "lineage",
        f"500 SQL models over {models.WIDTH} raw tables. CPU seconds within one process after the project was read; medians of "
        f"{count} rounds. The peers were asked for the five columns of {SAMPLE} of the models, and their figure for 500 is ten "
        "times that; they give direct origins only, and SQLMesh only those in the model itself.",
        measure.table(["", "CPU ms a model", "CPU s for 500"], rows),
        measure.table(
            ["", "CPU s", "wall s"],
            [
                ["cold: nothing is kept", *(f"{each:.3f}" for each in found["cold"])],
                ["warm: all is kept", *(f"{each:.3f}" for each in found["warm"])],
                ["one model of 500 edited", *(f"{each:.3f}" for each in found["edit"])],
                [
                    f"what a lost column touches ({found['touched'][0]:.0f} assets)",
                    *(f"{e:.4f}" for e in found["blast"]),
                ],
            ],
        ),
        "From start to printed document\n\n" + measure.costs_table({name: [cost] for name, cost in whole.items()}),
        measure.targets_table(
            [
                Target("cold", 1.5, found["cold"][0], "CPU s"),
                Target("warm", 0.2, found["warm"][0], "CPU s"),
                Target("one edit beyond what is warm", 0.05, found["edit"][0] - found["warm"][0], "CPU s"),
                Target("what a lost column touches", 1, found["blast"][1], "s"),
            ]
        ),
        f"Versions: {measure.own_versions('sqlglot')}; {measure.versions(peers.sqlmesh(), 'sqlmesh', 'sqlglot')}.",
    )


if __name__ == "__main__":
    main()
