"""One late day in TPC-H lineitem: two models by time make that day, beside the same models built as a whole."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

import measure
import tpch
from measure import Contender, Target

DAY = "1995-06-17"
PROJECT: Mapping[str, str] = {
    "jusante.yaml": "name: late\n",
    "sources/erp.yaml": (
        "source: erp\nkind: files\nowner: a@b.example\ntables:\n"
        "  lineitem: {path: 'lines/*.parquet', ingest: {mode: incremental}}\n"
    ),
    "models/marts/daily.sql": (
        "/* jusante\nkind: by_time\ntime: day\n*/\nselect l_shipdate as day, l_returnflag, l_shipmode, sum(l_quantity) as quantity,\n"
        "sum(l_extendedprice * (1 - l_discount)) as revenue, count(*) as lines from erp.lineitem group by all"
    ),
    "models/marts/lines.sql": (
        "/* jusante\nkind: by_time\ntime: l_shipdate\ninterval: month\n*/\n"
        "select * exclude (l_comment), l_extendedprice * (1 - l_discount) as net from erp.lineitem"
    ),
}
MODELS = ("marts.daily", "marts.lines")
CASES = {"one late day": (), "built as a whole": ("--anew",)}


def main() -> None:
    folder = measure.WORK / "incremental"
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in PROJECT.items():
        measure.written(folder / name, text)
    lines = folder / "lines"
    lines.mkdir()
    shutil.copy(tpch.parquet() / "lineitem.parquet", lines / "all.parquet")
    jusante(folder, "run")
    contenders = [
        Contender(f"{model}, {case}", [measure.JUSANTE, "run", model, *how], folder, prepare=lambda: late(folder))
        for model in MODELS
        for case, how in CASES.items()
    ]
    costs = measure.in_turn(contenders, measure.rounds(3))
    sizes = [written(folder, model, how) for model in MODELS for how in CASES.values()]
    read = {name: measure.median(cost).cpu for name, cost in costs.items()}
    ratio = read["marts.daily, one late day"] / read["marts.daily, built as a whole"]
    measure.publish(
        "incremental",
        f"TPC-H lineitem of scale {tpch.SCALE}, loaded; then a file with 2,000 more lines of {DAY} came, and was loaded (not "
        "measured). One model adds up by day, the other keeps all lines by month. A whole command each, start included.",
        measure.costs_table(costs),
        measure.table(
            ["", "MB written"],
            [[name, f"{size / 1e6:.1f}"] for name, size in zip(read, sizes, strict=True)],
        ),
        measure.targets_table([Target("a late day, as a share of a build of the whole, CPU", 1.0, ratio)]),
    )


def late(folder: Path) -> None:
    """More lines of one day come, and are loaded."""
    number = len(list((folder / "lines").iterdir()))
    chosen = f"select * replace (date '{DAY}' as l_shipdate) from '{folder}/lines/all.parquet' limit 2000 offset {number * 2000}"
    duckdb.execute(f"copy ({chosen}) to '{folder}/lines/late{number}.parquet' (format parquet)")
    jusante(folder, "run", "source:erp")


def written(folder: Path, model: str, how: Sequence[str]) -> int:
    """The bytes that a run of a model writes into the warehouse."""
    late(folder)
    place = folder / ".jusante" / "warehouse" / model.replace(".", "/") / "data"
    before = set(place.rglob("*.parquet"))
    jusante(folder, "run", model, *how)
    return sum(path.stat().st_size for path in place.rglob("*.parquet") if path not in before)


def jusante(folder: Path, *arguments: str) -> None:
    """A command that has to succeed."""
    done = subprocess.run([measure.JUSANTE, *arguments, "--json"], cwd=folder, check=True, capture_output=True)
    assert json.loads(done.stdout)["status"] == "succeeded"


if __name__ == "__main__":
    main()
