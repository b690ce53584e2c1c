"""Row growth: what the guards say of TPC-H and TPC-DS, how well and how fast a join is sized, what profiling a query costs.

Each table has its primary key and no other. What is told of the benchmarks' queries is no error of theirs: a sum of net
profit over sales, returns and later purchases of the same customer counts a sale once for each of them, as it stands.
"""

import importlib
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

import measure
import tpch
from jusante.core.asset import Asset, Ingested
from jusante.core.graph import Graph
from jusante.core.model import Model, SqlModel
from jusante.core.place import Place
from jusante.core.schema import Schema
from jusante.core.source import Source
from jusante.engines.duckdb import profile
from jusante.engines.duckdb.types import schema_of
from jusante.transformation.guards import found_in
from jusante.transformation.row_growth.project import Growth
from jusante.transformation.row_growth.relation import Blame
from jusante.transformation.row_growth.sizing import Size, size_of, sizing_sql
from jusante.transformation.sql_analysis import analyse
from measure import Target

ROUNDS = 5
KEYS = {
    "tpch": "region.r_regionkey nation.n_nationkey supplier.s_suppkey customer.c_custkey part.p_partkey "
    "partsupp.ps_partkey,ps_suppkey orders.o_orderkey lineitem.l_orderkey,l_linenumber",
    "tpcds": "store_sales.ss_item_sk,ss_ticket_number store_returns.sr_item_sk,sr_ticket_number "
    "catalog_sales.cs_item_sk,cs_order_number catalog_returns.cr_item_sk,cr_order_number "
    "web_sales.ws_item_sk,ws_order_number web_returns.wr_item_sk,wr_order_number "
    "inventory.inv_date_sk,inv_item_sk,inv_warehouse_sk store.s_store_sk call_center.cc_call_center_sk "
    "catalog_page.cp_catalog_page_sk web_site.web_site_sk web_page.wp_web_page_sk warehouse.w_warehouse_sk "
    "customer.c_customer_sk customer_address.ca_address_sk customer_demographics.cd_demo_sk date_dim.d_date_sk "
    "household_demographics.hd_demo_sk item.i_item_sk income_band.ib_income_band_sk promotion.p_promo_sk "
    "reason.r_reason_sk ship_mode.sm_ship_mode_sk time_dim.t_time_sk",
}
JOIN = "select o.o_orderdate, sum(l.l_quantity) as q from t.orders as o join t.lineitem as l on l.l_orderkey = o.o_orderkey"


def told(kind: str) -> tuple[int, float, Counter[str], dict[str, set[int]]]:
    """How many queries, the CPU seconds for all, how often each rule fired, and on which queries."""
    connection = duckdb.connect()
    package = Path(importlib.import_module(f"duckdb_extension_{kind}").__file__ or "").parent
    connection.execute(f"load '{next(package.glob('extensions/*/*.duckdb_extension'))}'")
    connection.execute(f"call {'dbgen' if kind == 'tpch' else 'dsdgen'}(sf = 0)")
    queries = connection.execute(f"select query_nr, query from {kind}_queries()").fetchall()
    tables = {table: {"key": key.split(",")} for table, _, key in (each.partition(".") for each in KEYS[kind].split())}
    schemas = {f"t.{table}": described(connection, table) for table in tables}
    source = Source.model_validate({"source": "t", "kind": "files", "tables": tables})
    fired: Counter[str] = Counter()
    where: dict[str, set[int]] = {}
    began = time.process_time()
    for number, sql in queries:
        graph = Graph([*ingested(source), model(in_namespace(sql, set(tables)))])
        for found in found_in(graph["m.query"], graph, Growth(graph, schemas.get)):
            fired[found.code] += 1
            where.setdefault(found.code, set()).add(number)
    return len(queries), time.process_time() - began, fired, where


def described(connection: duckdb.DuckDBPyConnection, table: str) -> Schema:
    relation = connection.sql(f"select * from {table} limit 0")
    return schema_of(list(relation.columns), list(relation.types))


def ingested(source: Source) -> Iterator[Asset]:
    for name, table in source.tables.items():
        yield Asset(f"t.{name}", Place("t.yaml"), (), Ingested(source, table, name))


def model(sql: str) -> Asset:
    query = analyse(sql)
    return Asset("m.query", Place("m.sql"), query.reads, SqlModel(Model(), query))


def in_namespace(sql: str, names: set[str]) -> str:
    tree = sqlglot.parse_one(sql, read="duckdb")
    inside = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.name in names - inside:
            table.set("db", exp.to_identifier("t"))
    return tree.sql("duckdb")


def sized(connection: duckdb.DuckDBPyConnection, percent: int) -> tuple[Size, float]:
    blame = Blame(
        repeated="orders",
        by="lineitem",
        kind="join",
        condition="",
        line=1,
        on=(("o_orderkey", "l_orderkey"),),
        repeated_alias="o",
        by_alias="l",
        repeated_table="t.orders",
        by_table="t.lineitem",
    )
    sql = sizing_sql(blame, ["o.o_totalprice"], percent, same_types=True)
    began = time.perf_counter()
    found = size_of(connection.execute(sql).fetchall(), percent)
    assert found is not None
    return found, time.perf_counter() - began


def profiled(connection: duckdb.DuckDBPyConnection) -> tuple[float, float]:
    """The CPU seconds of a query as it is, and with its profile taken; medians of runs in turn."""
    plain, watched = [], []
    for _ in range(measure.rounds(ROUNDS)):
        began = time.process_time()
        connection.execute(f"{JOIN} group by all").fetchall()
        plain.append(time.process_time() - began)
        began = time.process_time()
        profile.begin(connection)
        connection.execute(f"{JOIN} group by all").fetchall()
        profile.end(connection, {})
        watched.append(time.process_time() - began)
    return statistics.median(plain), statistics.median(watched)


def main() -> None:
    rows = []
    for kind in KEYS:
        count, seconds, fired, where = told(kind)
        rules = ", ".join(f"{code} in {len(where[code])}" for code in sorted(fired)) or "nothing"
        rows.append([kind, str(count), f"{seconds / count * 1000:.1f}", rules])
    connection = duckdb.connect(config={"memory_limit": "2GB", "threads": 2})
    connection.execute("create schema t")
    for table in ("orders", "lineitem"):
        connection.execute(f"create view t.{table} as from read_parquet('{tpch.parquet()}/{table}.parquet')")
    whole, whole_seconds = sized(connection, 100)
    sample, sample_seconds = sized(connection, 1)
    plain, watched = profiled(connection)
    truth, guess = whole.measures[0] or 0.0, sample.measures[0] or 0.0
    measure.publish(
        "row_growth",
        measure.table(["", "queries", "ms a query", "told"], rows),
        f"Sizing `sum(o_totalprice)` over orders and lineitem at scale {tpch.SCALE}: {truth:.3f} times too much on all keys in "
        f"{whole_seconds:.2f} s, {guess:.3f} in a 1 % sample by key in {sample_seconds:.2f} s. Rows grow {whole.times:.2f} times.",
        f"A join and aggregate of both: {plain:.3f} CPU s, with its profile taken {watched:.3f} CPU s.",
        measure.targets_table(
            [
                Target("error of the sample", 3, abs(guess / truth - 1) * 100, "%"),
                Target("time of the sample, against all keys", 0.5, sample_seconds / whole_seconds, "×"),
                Target("CPU with a profile, against without", 1.05, watched / plain, "×"),
            ]
        ),
        f"Versions: {measure.own_versions('duckdb', 'sqlglot')}.",
    )


if __name__ == "__main__":
    main()
