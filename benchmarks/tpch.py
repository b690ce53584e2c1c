"""TPC-H by DuckDB's generator, as Parquet files or in a PostgreSQL of this machine."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import measure
import peers

sys.path.insert(0, str(measure.ROOT / "tests"))
from servers.postgres import Postgres


class Server(Postgres):
    """A server whose programs can be named."""

    def program(self, name: str) -> str:
        """The path of one of PostgreSQL's programs."""
        return str(self._bin / name)


SCALE = 1
LINEITEM_ROWS = 6_001_215
TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")

_GENERATE = """
import duckdb, duckdb_extension_tpch, pathlib, sys
extension = next(pathlib.Path(duckdb_extension_tpch.__path__[0]).glob(f"extensions/v{duckdb.__version__}/*.duckdb_extension"))
connection = duckdb.connect()
connection.execute(f"load '{extension}'")
connection.execute(f"call dbgen(sf = {sys.argv[2]})")
for table in sys.argv[3:]:
    connection.execute(f"copy {table} to '{sys.argv[1]}/{table}.parquet' (format parquet)")
rows = connection.execute("from tpch_queries()").fetchall()
for number, sql in rows:
    pathlib.Path(sys.argv[1], f"q{number:02}.sql").write_text(sql)
"""
_CSV = """
import duckdb, sys
duckdb.connect().execute(f"copy (from '{sys.argv[1]}') to '{sys.argv[2]}' (format csv, header false)")
"""
_TABLE = """
create table lineitem (
    l_orderkey bigint not null, l_partkey bigint not null, l_suppkey bigint not null, l_linenumber bigint not null,
    l_quantity numeric(15,2) not null, l_extendedprice numeric(15,2) not null, l_discount numeric(15,2) not null,
    l_tax numeric(15,2) not null, l_returnflag text not null, l_linestatus text not null, l_shipdate date not null,
    l_commitdate date not null, l_receiptdate date not null, l_shipinstruct text not null, l_shipmode text not null,
    l_comment text not null)
"""


def parquet() -> Path:
    """A folder with the eight tables, a Parquet file each as DuckDB writes it, and the 22 queries."""

    def make(folder: Path) -> None:
        _python(_GENERATE, folder, SCALE, *TABLES)

    return measure.data(f"tpch-{SCALE}", f"{_GENERATE} {SCALE} {TABLES}", make)


@contextmanager
def in_postgres() -> Iterator[Server]:
    """A running PostgreSQL that holds lineitem, vacuumed; its data is kept for the next time."""
    files = parquet()

    def make(folder: Path) -> None:
        folder.chmod(0o700)
        with _running(folder) as server:
            _fill(server, files / "lineitem.parquet")

    with _running(measure.data("postgres", f"{_TABLE} {SCALE}", make)) as server:
        yield server


@contextmanager
def _running(folder: Path) -> Iterator[Server]:
    (folder / "postmaster.pid").unlink(missing_ok=True)  # of a run that was killed: the port is another now
    server = Server(folder)
    server.start("shared_buffers=256MB", "max_wal_size=4GB")
    try:
        yield server
    finally:
        server.run("checkpoint")
        server.stop()


def _fill(server: Server, file: Path) -> None:
    csv = measure.WORK / "data" / "lineitem.csv"
    try:
        _python(_CSV, file, csv)
        server.run(_TABLE)
        server.run(f"\\copy lineitem from '{csv}' with (format csv)")
    finally:
        csv.unlink(missing_ok=True)
    server.run("alter table lineitem add primary key (l_orderkey, l_linenumber)")
    server.run("vacuum analyze lineitem")


def _python(code: str, *arguments: object) -> None:
    command = [str(peers.tpch() / "python"), "-c", code, *map(str, arguments)]
    subprocess.run(command, check=True)
