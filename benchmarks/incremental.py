"""One late day in TPC-H lineitem: two models by time make that day, beside the same models built as a whole."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import duckdb

import measure
import tpch
from measure import Contender, Target

DAY = "1995-06-17"
DAILY = (
    "select l_shipdate as day, l_returnflag, l_shipmode, sum(l_quantity) as quantity,\n"
    "sum(l_extendedprice * (1 - l_discount)) as revenue, count(*) as lines from erp.lineitem group by all"
)
LINES = "select * exclude (l_comment), l_extendedprice * (1 - l_discount) as net from erp.lineitem"
PROJECT: Mapping[str, str] = {
    "jusante.yaml": "name: late\n",
    "sources/erp.yaml": (
        "source: erp\nkind: files\nowner: a@b.example\ntables:\n"
        "  lineitem: {path: 'lines/*.parquet', ingest: {mode: incremental}}\n"
    ),
    "models/marts/daily.sql": f"/* jusante\nkind: by_time\ntime: day\n*/\n{DAILY}",
    "models/marts/daily_full.sql": DAILY,
    "models/marts/lines.sql": f"/* jusante\nkind: by_time\ntime: l_shipdate\ninterval: month\n*/\n{LINES}",
    "models/marts/lines_full.sql": LINES,
}
CASES = {
    "added up by day, by_time: the late day": ("marts.daily",),
    "added up by day, by_time: all days": ("marts.daily", "--anew"),
    "added up by day, full": ("marts.daily_full",),
    "all lines, by_time: the late month": ("marts.lines",),
    "all lines, by_time: all months": ("marts.lines", "--anew"),
    "all lines, full": ("marts.lines_full",),
}


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
        Contender(case, [measure.JUSANTE, "run", *how], folder, prepare=lambda: late(folder))
        for case, how in CASES.items()
    ]
    costs = measure.in_turn(contenders, measure.rounds(3))
    sizes = {case: written(folder, *how) for case, how in CASES.items()}
    read = {name: measure.median(cost).cpu for name, cost in costs.items()}
    daily = read["added up by day, by_time: the late day"] / read["added up by day, full"]
    lines = read["all lines, by_time: the late month"] / read["all lines, full"]
    measure.publish(
        "incremental",
        f"TPC-H lineitem of scale {tpch.SCALE}, loaded; then a file with 2,000 more lines of {DAY} came, and was loaded (not "
        "measured). One model adds up by day, the other keeps all lines. A whole command each, start included. Models by time sort "
        "what they write, which a build of all of them pays for.",
        measure.costs_table(costs),
        measure.table(
            ["", "MB written"],
            [[name, f"{size / 1e6:.1f}"] for name, size in sizes.items()],
        ),
        measure.targets_table(
            [
                Target("the late day, as a share of kind full, CPU", 1.0, daily),
                Target("the late month with all its lines, as a share of kind full, CPU", 1.0, lines),
            ]
        ),
    )


def late(folder: Path) -> None:
    """More lines of one day come, and are loaded."""
    number = len(list((folder / "lines").iterdir()))
    chosen = f"select * replace (date '{DAY}' as l_shipdate) from '{folder}/lines/all.parquet' limit 2000 offset {number * 2000}"
    duckdb.execute(f"copy ({chosen}) to '{folder}/lines/late{number}.parquet' (format parquet)")
    jusante(folder, "run", "source:erp")


def written(folder: Path, model: str, *how: str) -> int:
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
