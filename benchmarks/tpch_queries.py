"""The 22 queries of TPC-H over tables that jusante has ingested, against plain DuckDB on the Parquet files they came from.

Both run in Python, in one process each, one thread a core and 2 GB of memory. jusante answers through the gate, as
`jusante query` does: it looks up the tables, and asks a locked DuckDB that can read those of the query only. Each query is
asked three times in a row and its fastest time counts, its first is told as well; the whole is repeated in turn.
"""

import json
import os
import shutil
import statistics
import sys
from pathlib import Path

import measure
import tpch
from measure import Contender, Cost, Target

ROUNDS = 5
REPEATS = 3
MEMORY = "2GB"
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
FOLDER = measure.WORK / "tpch_queries"
JUSANTE, DUCKDB = "jusante, in Python", "DuckDB on the Parquet files"

_ASK = """
import decimal, json, sys, time

def ask(answer, queries, repeats, out):
    timings, rows = {}, {}
    for name, sql in queries.items():
        costs = []
        for _ in range(repeats):
            wall, cpu = time.perf_counter(), time.process_time()
            table = answer(sql)
            costs.append((time.perf_counter() - wall, time.process_time() - cpu))
        timings[name] = [*min(costs), *costs[0]]
        rows[name] = [[float(v) if isinstance(v, decimal.Decimal) else str(v) if v is not None else None for v in row.values()]
                      for row in table.to_pylist()]
    json.dump({"timings": timings, "rows": rows}, open(out, "w"))
"""
_ASK_JUSANTE = f"""{_ASK}
import jusante
folder, queries, repeats, out = sys.argv[1:]
with jusante.open(folder) as lake:
    ask(lake.query, json.load(open(queries)), int(repeats), out)
"""
_ASK_DUCKDB = f"""{_ASK}
import duckdb, pathlib
folder, queries, repeats, out, threads, memory = sys.argv[1:]
connection = duckdb.connect(config={{"threads": threads, "memory_limit": memory}})
connection.execute("create schema tpch")
for path in pathlib.Path(folder).glob("*.parquet"):
    connection.execute(f"create view tpch.{{path.stem}} as from read_parquet('{{path}}')")
ask(lambda sql: connection.execute(sql).to_arrow_table(), json.load(open(queries)), int(repeats), out)
"""


def queries(files: Path) -> dict[str, str]:
    """The queries, the tables in them with their namespace, in both contenders alike."""
    return {path.stem: _in_namespace(path.read_text()) for path in sorted(files.glob("q*.sql"))}


def _in_namespace(sql: str) -> str:
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(sql, read="duckdb")
    for table in tree.find_all(exp.Table):
        if table.name in tpch.TABLES:
            table.set("db", exp.to_identifier("tpch"))
    return tree.sql("duckdb")


def project(files: Path) -> Path:
    """A project that has ingested the files."""
    folder = FOLDER / "project"
    engine = f"engine: {{threads: {THREADS}, memory: {MEMORY}}}"
    measure.written(folder / "jusante.yaml", f"name: tpch\nenvironments:\n  dev:\n    {engine}\n")
    tables = "".join(f"  {table}: {{path: data/{table}.parquet}}\n" for table in tpch.TABLES)
    measure.written(folder / "sources" / "tpch.yaml", f"source: tpch\nkind: files\ntables:\n{tables}")
    (folder / "data").mkdir()
    for table in tpch.TABLES:
        os.link(files / f"{table}.parquet", folder / "data" / f"{table}.parquet")
    cost = measure.run(Contender("jusante run", [measure.JUSANTE, "run"], folder))
    measure.tell(f"ingested: {cost.cpu:.1f} CPU s, {cost.wall:.1f} s, {cost.peak_mb:.0f} MB")
    return folder


def main() -> None:
    count = measure.rounds(ROUNDS)
    shutil.rmtree(FOLDER, ignore_errors=True)
    files = tpch.parquet()
    folder = project(files)
    asked = queries(files)
    listed = str(measure.written(FOLDER / "queries.json", json.dumps(asked)))
    out = {name: FOLDER / f"{name.partition(',')[0].partition(' ')[0].lower()}.json" for name in (JUSANTE, DUCKDB)}
    python = [sys.executable, "-c"]
    ours = [*python, _ASK_JUSANTE, str(folder), listed, str(REPEATS), str(out[JUSANTE])]
    theirs = [*python, _ASK_DUCKDB, str(files), listed, str(REPEATS), str(out[DUCKDB]), str(THREADS), MEMORY]
    contenders = [Contender(JUSANTE, ours), Contender(DUCKDB, theirs)]
    costs: dict[str, list[Cost]] = {JUSANTE: [], DUCKDB: []}
    timings: dict[str, list[dict[str, list[float]]]] = {JUSANTE: [], DUCKDB: []}
    for number in range(1, count + 1):
        for contender in contenders:
            costs[contender.name].append(measure.run(contender))
            timings[contender.name].append(json.loads(out[contender.name].read_text())["timings"])
            sums = [sum(t[i] for t in timings[contender.name][-1].values()) for i in (0, 1)]
            measure.tell(f"{number}/{count} {contender.name}: {sums[1]:.2f} CPU s, {sums[0]:.2f} s")
    same(*(json.loads(path.read_text())["rows"] for path in out.values()))
    _publish(count, asked, timings, costs, command_line(folder, asked))


def same(ours: dict[str, list[list[object]]], theirs: dict[str, list[list[object]]]) -> None:
    """Raise AssertionError unless all answers agree; sums of floating-point numbers to nine digits."""
    for name, rows in theirs.items():
        assert len(ours[name]) == len(rows), f"{name}: {len(ours[name])} rows in place of {len(rows)}"
        for mine, other in zip(ours[name], rows, strict=True):
            assert [_rounded(v) for v in mine] == [_rounded(v) for v in other], f"{name}: {mine} in place of {other}"


def _rounded(value: object) -> object:
    try:
        return f"{float(value):.9g}"
    except (TypeError, ValueError):
        return value


def command_line(folder: Path, asked: dict[str, str]) -> list[Cost]:
    """What `jusante query` costs for each query, from start to printed table."""
    found = []
    for name, sql in asked.items():
        command = [measure.JUSANTE, "query", sql, "--project", str(folder)]
        found.append(measure.run(Contender(f"jusante query {name}", command)))
    return found


def _publish(
    count: int,
    asked: dict[str, str],
    timings: dict[str, list[dict[str, list[float]]]],
    costs: dict[str, list[Cost]],
    commands: list[Cost],
) -> None:
    def middle(name: str, query: str, figure: int) -> float:
        return statistics.median(timing[query][figure] for timing in timings[name])

    first = {name: [sum(middle(name, query, figure) for query in asked) for figure in (2, 3)] for name in timings}
    rows, sums = [], [0.0, 0.0, 0.0, 0.0]
    for query in asked:
        cells = [
            middle(JUSANTE, query, 1),
            middle(DUCKDB, query, 1),
            middle(JUSANTE, query, 0),
            middle(DUCKDB, query, 0),
        ]
        sums = [total + cell for total, cell in zip(sums, cells, strict=True)]
        rows.append([query, *(f"{cell:.3f}" for cell in cells), f"{cells[0] / cells[1]:.2f}×"])
    rows.append(["**sum**", *(f"{total:.2f}" for total in sums), f"{sums[0] / sums[1]:.2f}×"])
    head = ["", "CPU s, jusante", "CPU s, DuckDB", "wall s, jusante", "wall s, DuckDB", "CPU ratio"]
    measure.publish(
        "tpch_queries",
        f"TPC-H at scale {tpch.SCALE}, {THREADS} threads, {MEMORY} of memory, medians of {count} rounds, each the fastest of "
        f"{REPEATS}. The text of each query and all answers are the same.",
        measure.table(head, rows),
        f"The first time that each was asked: jusante {first[JUSANTE][1]:.2f} CPU s and {first[JUSANTE][0]:.2f} s in all, DuckDB "
        f"{first[DUCKDB][1]:.2f} CPU s and {first[DUCKDB][0]:.2f} s.",
        f"Peak memory of the process: jusante {measure.median(costs[JUSANTE]).peak_mb:.0f} MB, DuckDB "
        f"{measure.median(costs[DUCKDB]).peak_mb:.0f} MB. From the command line, each query in a `jusante query` of its own: "
        f"{sum(cost.cpu for cost in commands):.1f} CPU s and {sum(cost.wall for cost in commands):.1f} s for all {len(asked)}, "
        f"the median {statistics.median(cost.cpu for cost in commands):.2f} CPU s, the least "
        f"{min(cost.cpu for cost in commands):.2f} CPU s.",
        measure.targets_table(
            [
                Target("sum of wall clock, against DuckDB", 1.1, sums[2] / sums[3], "×"),
                Target("sum of CPU seconds, against DuckDB", 1.1, sums[0] / sums[1], "×"),
            ]
        ),
        f"Versions: {measure.own_versions('duckdb', 'pyiceberg', 'sqlglot')}.",
    )


if __name__ == "__main__":
    main()
