"""One table of 6 million rows from a PostgreSQL into a published Iceberg table: jusante, dlt, and PostgreSQL's own COPY.

dlt reads by its two fastest backends, pyarrow and connectorx, and writes Parquet files (the least that it can do) or an
Iceberg table (what jusante does). COPY in binary to nowhere is as fast as one connection gives rows away.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import measure
import peers
import tpch
from measure import Contender, Target

ROUNDS = 3
JUSANTE = "jusante run → Iceberg"
COPY = "COPY (FORMAT binary) > /dev/null"
DLT = "dlt, {backend} → {to}"
WAYS = (("connectorx", "iceberg"), ("connectorx", "parquet"), ("pyarrow", "parquet"))
SLOW = DLT.format(backend="pyarrow", to="parquet")

_SOURCE = """\
source: tpch
kind: postgres
connection: ${env:TPCH_URL}
tables:
  lineitem: {key: [l_orderkey, l_linenumber]}
"""
_DLT = '''\
"""lineitem by dlt: python load.py BACKEND parquet|iceberg"""

import os
import sys

import dlt
from dlt.destinations import filesystem
from dlt.sources.sql_database import sql_table

if __name__ == "__main__":
    backend, to = sys.argv[1:]
    url = os.environ["TPCH_URL"].replace("postgresql://", "postgresql+psycopg2://")
    rows = sql_table(url, table="lineitem", backend=backend, chunk_size=100_000, reflection_level="full_with_precision")
    pipeline = dlt.pipeline("tpch", destination=filesystem(bucket_url="file://" + os.path.abspath("out")),
                            dataset_name="tpch", pipelines_dir="state")
    how = {"loader_file_format": "parquet"} | ({"table_format": "iceberg"} if to == "iceberg" else {})
    pipeline.run(rows, write_disposition="replace", **how)
'''
_SUM = """
import duckdb, glob, sys
files = [file for pattern in sys.argv[1:] for file in glob.glob(pattern, recursive=True)]
print(duckdb.connect().execute(
    "select count(*), sum(l_extendedprice)::decimal(38,2), max(l_shipdate), sum(length(l_comment)) from read_parquet(?)",
    [files]).fetchone())
"""


def main() -> None:
    count = measure.rounds(ROUNDS)
    folder = measure.WORK / "postgres_to_iceberg"
    shutil.rmtree(folder, ignore_errors=True)
    with tpch.in_postgres() as server:
        contenders = [_jusante(folder / "jusante"), *(_dlt(folder / "-".join(way), *way) for way in WAYS)]
        contenders.append(_copy(server.program("psql")))
        environment = {"TPCH_URL": server.url()}
        contenders = [Contender(c.name, c.command, c.folder, environment, c.prepare) for c in contenders]
        costs = measure.in_turn(contenders, count, once={SLOW})
        written = server.run("select version()").split(" on ")[0]
    _same(folder)
    _publish(count, {name: measure.median(found) for name, found in costs.items()}, written)


def _jusante(folder: Path) -> Contender:
    measure.written(folder / "jusante.yaml", "name: tpch\n")
    measure.written(folder / "sources" / "tpch.yaml", _SOURCE)

    def prepare() -> None:
        shutil.rmtree(folder / ".jusante", ignore_errors=True)

    return Contender(JUSANTE, [measure.JUSANTE, "run"], folder, prepare=prepare)


def _dlt(folder: Path, backend: str, to: str) -> Contender:
    script = measure.written(folder / "load.py", _DLT)

    def prepare() -> None:
        for made in ("state", "out"):
            shutil.rmtree(folder / made, ignore_errors=True)

    command = [str(peers.dlt() / "python"), str(script), backend, to]
    return Contender(DLT.format(backend=backend, to=to), command, folder, prepare=prepare)


def _copy(psql: str) -> Contender:
    sql = "copy (select * from lineitem) to stdout (format binary)"
    return Contender(COPY, ["sh", "-c", f'exec {psql} -X -q -d "$TPCH_URL" -c "{sql}" > /dev/null'])


def _same(folder: Path) -> None:
    """Raise AssertionError unless all have written the same rows."""
    found = {
        place.name: subprocess.run(
            [
                sys.executable,
                "-c",
                _SUM,
                f"{place}/.jusante/warehouse/**/*.parquet",
                f"{place}/out/tpch/lineitem/**/*.parquet",
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for place in folder.iterdir()
    }
    assert len(set(found.values())) == 1, f"not the same rows were written: {found}"


def _publish(count: int, medians: dict[str, measure.Cost], server: str) -> None:
    ours, copy = medians[JUSANTE], medians[COPY]
    dlts = {way: medians[DLT.format(backend=way[0], to=way[1])] for way in WAYS}
    rows = [
        [name, f"{c.cpu:.1f}", f"{c.wall:.1f}", f"{c.peak_mb:.0f}", f"{tpch.LINEITEM_ROWS / c.wall / 1000:,.0f}"]
        for name, c in medians.items()
    ]
    targets = [
        *(
            Target(f"rows/s against dlt, {way[0]} → {way[1]}", 3, cost.wall / ours.wall, "×", at_least=True)
            for way, cost in dlts.items()
        ),
        Target("wall against COPY", 1.3, ours.wall / copy.wall, "×"),
        Target("peak memory of `jusante run`", 500, ours.peak_mb, "MB"),
    ]
    measure.publish(
        "postgres_to_iceberg",
        f"TPC-H lineitem at scale {tpch.SCALE}, {tpch.LINEITEM_ROWS:,} rows, 16 columns, first load. The server is on the same "
        f"machine, its work is in the wall clock and not in the CPU seconds. Medians of {count} rounds. All wrote the same rows.",
        measure.table(["", "CPU s", "wall s", "peak MB", "1,000 rows/s"], rows),
        "dlt to Iceberg does what jusante does, and is what to compare with; dlt to Parquet files leaves out the table. connectorx is "
        "dlt's faster backend; it holds all rows in memory and makes every number a decimal(38,10), and pyarrow, which ran "
        "once, keeps them as they are, as jusante does.",
        measure.targets_table(targets),
        f"Versions: {server}; {measure.own_versions('duckdb', 'duckdb-extension-postgres-scanner', 'pyiceberg')}; "
        f"{measure.versions(peers.dlt(), 'dlt', 'connectorx', 'pyarrow', 'pyiceberg', 'psycopg2-binary')}.",
    )


if __name__ == "__main__":
    main()
