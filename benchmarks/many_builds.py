"""A table that has been made many times: does the next build cost what the first ones did?

A small project, a row more before each run, in one process that stays, as under `jusante up`. What a build costs here is what
is done around the query, and that must not grow with what was done before: snapshots, manifests, events, profiles.
"""

import datetime as dt
import shutil
import statistics
import time
from collections.abc import Mapping
from pathlib import Path

import measure
from jusante.app import Lake
from measure import Target

RUNS = 600
WINDOW = 100
TABLES = {
    "replaced": {
        "full": "select id, value from files.orders",
        "counted": "select value, count(*) as orders from files.orders group by value",
    },
    "added to": {
        "append": "/* jusante\nkind: append\n*/\nselect id, value from files.orders",
        "by_key": "/* jusante\nkind: by_key\ngrain: [id]\n*/\nselect id, value from files.orders",
    },
}
"""Models whose files are replaced at each build, and those that get one more: these are compacted after each hundred."""


def main() -> None:
    """Build, and compare the last runs with the first."""
    costs = {title: built(title, models) for title, models in TABLES.items()}
    rows = []
    for start in range(0, RUNS, WINDOW):
        parts = [each[start : start + WINDOW] for each in costs.values()]
        rows.append([f"{start + 1:,} to {start + WINDOW:,}", *(f"{median(part):.3f}" for part in parts)])
    growth = {title: median(each[-WINDOW:]) / median(each[:WINDOW]) for title, each in costs.items()}
    measure.publish(
        "many_builds",
        f"{RUNS:,} runs of a CSV file with 500 rows and two models of it, one row more before each run, in one process. CPU s of a run, "
        f"medians. Models that are replaced: full, and an aggregate, with no maintenance. Models that are added to: append and by_key, "
        f"with `jusante maintain` after each {WINDOW} runs.",
        measure.table(["runs", *costs], rows),
        measure.targets_table(
            [
                Target(f"{title}: the last {WINDOW} runs over the first", 1.5, each, "x")
                for title, each in growth.items()
            ]
        ),
        f"Versions: {measure.own_versions('pyiceberg', 'duckdb')}.",
    )


def median(costs: list[float]) -> float:
    """CPU seconds of a usual run."""
    return statistics.median(costs)


def built(title: str, models: Mapping[str, str]) -> list[float]:
    """CPU seconds of each run."""
    folder = project(measure.WORK / "many_builds", models)
    costs: list[float] = []
    with Lake.open(folder) as lake:
        assert lake.run().status == "succeeded"
        for number in range(RUNS):
            with (folder / "orders.csv").open("a") as orders:
                orders.write(f"{1_000 + number},{number % 7}\n")
            began = time.process_time()
            assert lake.run().status == "succeeded"
            costs.append(time.process_time() - began)
            if number % WINDOW == WINDOW - 1:
                measure.tell(f"{title}: {number + 1} runs, {median(costs[-WINDOW:]):.3f} CPU s each")
                if title != "replaced":
                    lake.maintain(keep=dt.timedelta(days=7))
    return costs


def project(folder: Path, models: Mapping[str, str]) -> Path:
    """The project, not run yet."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("sources", "models/marts"):
        (folder / name).mkdir(parents=True)
    (folder / "jusante.yaml").write_text("name: many_builds\n")
    table = "orders: {path: orders.csv, key: [id]}"
    (folder / "sources/files.yaml").write_text(f"source: files\nkind: files\ntables:\n  {table}\n")
    (folder / "orders.csv").write_text("id,value\n" + "".join(f"{number},{number % 7}\n" for number in range(500)))
    for name, sql in models.items():
        (folder / f"models/marts/{name}.sql").write_text(sql)
    return folder


if __name__ == "__main__":
    main()
