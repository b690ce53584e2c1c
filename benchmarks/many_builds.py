"""A table that has been made many times: does the next build cost what the first ones did?

A small project, a row more before each run, in one process that stays, as under `jusante up`. What a build costs here is what
is done around the query, and that must not grow with what was done before: snapshots, manifests, events, profiles.
"""

import shutil
import statistics
import time
from pathlib import Path

import measure
from jusante.app import Lake
from measure import Target

RUNS = 1_000
WINDOW = 100
MODELS = {
    "full": "select id, value from files.orders",
    "append": "/* jusante\nkind: append\n*/\nselect id, value from files.orders",
    "by_key": "/* jusante\nkind: by_key\ngrain: [id]\n*/\nselect id, value from files.orders",
    "counted": "select value, count(*) as orders from files.orders group by value",
}


def main() -> None:
    """Build, and compare the last runs with the first."""
    folder = project(measure.WORK / "many_builds")
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
                measure.tell(f"{number + 1} runs, {statistics.median(costs[-WINDOW:]):.3f} CPU s each")
    parts = [costs[start : start + WINDOW] for start in range(0, RUNS, WINDOW)]
    rows = [
        [f"{start + 1:,} to {start + WINDOW:,}", f"{statistics.median(part):.3f}", f"{max(part):.3f}"]
        for start, part in zip(range(0, RUNS, WINDOW), parts, strict=True)
    ]
    growth = statistics.median(parts[-1]) / statistics.median(parts[0])
    measure.publish(
        "many_builds",
        f"{RUNS:,} runs of a table of a CSV file with 500 rows and four models of it (full, append, by_key, an aggregate), one row "
        "more before each, in one process; no maintenance in between.",
        measure.table(["runs", "CPU s each (median)", "at the most"], rows),
        measure.targets_table([Target(f"the last {WINDOW} runs over the first {WINDOW}", 1.5, growth, "x")]),
        f"Versions: {measure.own_versions('pyiceberg', 'duckdb')}.",
    )


def project(folder: Path) -> Path:
    """The project, not run yet."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("sources", "models/marts"):
        (folder / name).mkdir(parents=True)
    (folder / "jusante.yaml").write_text("name: many_builds\n")
    table = "orders: {path: orders.csv, key: [id]}"
    (folder / "sources/files.yaml").write_text(f"source: files\nkind: files\ntables:\n  {table}\n")
    (folder / "orders.csv").write_text("id,value\n" + "".join(f"{number},{number % 7}\n" for number in range(500)))
    for name, sql in MODELS.items():
        (folder / f"models/marts/{name}.sql").write_text(sql)
    return folder


if __name__ == "__main__":
    main()
