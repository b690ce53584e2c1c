"""Column lineage: exact on the cases, and never less than what execution shows."""

import importlib
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
import yaml
from sqlglot import exp

from executed import Tables, kept, missed, untold
from jusante.core.lineage import Edge
from jusante.transformation.lineage import lineage
from jusante.transformation.lineage.query import ColumnsOf

CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
TABLES = {"a.t": ["id", "name", "kind", "amount", "day"], "a.u": ["id", "label", "score"]}
KINDS = {
    "a.t": {"id": "INTEGER", "name": "VARCHAR", "kind": "VARCHAR", "amount": "INTEGER", "day": "DATE"},
    "a.u": {"id": "INTEGER", "label": "VARCHAR", "score": "INTEGER"},
}
ROWS = {
    "t": "(1, 'a', 'p', 3, date '2026-01-01'), (2, 'b', 'p', 1, date '2026-01-15'), (3, 'c', 'q', 4, date '2026-02-01'),"
    " (4, 'a', 'q', 2, date '2026-02-03')",
    "u": "(1, 'x', 5), (2, 'y', 2), (3, 'a', 4), (7, 'z', 1)",
}


def written(edges: frozenset[Edge]) -> str:
    return " ".join(sorted(f"{str(edge.origin)[2:]}:{edge.how}" for edge in edges))


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_edges_are_these_and_no_others(case: dict[str, Any]) -> None:
    found = lineage(case["sql"], TABLES.get)
    assert {name: written(edges) for name, edges in found.columns.items()} == case["columns"]
    assert written(found.rows) == case.get("rows", "")
    assert found.unresolved == ()


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_what_execution_shows_has_an_edge(case: dict[str, Any]) -> None:
    connection = duckdb.connect()
    connection.execute("create schema a; create schema kept")
    for table, rows in ROWS.items():
        connection.execute(
            f"create table {kept(f'a.{table}')} as from (values {rows}) as v({', '.join(TABLES[f'a.{table}'])})"
        )
    read = {name: KINDS[name] for name in TABLES if name in case["sql"]}
    assert missed(connection, case["sql"], lineage(case["sql"], TABLES.get), read) == []


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_what_execution_shows_on_made_up_rows_has_an_edge(case: dict[str, Any]) -> None:
    read = {name: KINDS[name] for name in TABLES if name in case["sql"]}
    assert untold(case["sql"], lineage(case["sql"], TABLES.get), read, rounds=1, most=2) == []


# -- by execution ------------------------------------------------------------------------------------------------------


_BOUGHT = ("ss", "store_sales"), ("cs", "catalog_sales"), ("ws", "web_sales")
SLIM = {
    "date_dim": "d_year between 1998 and 2003",
    "time_dim": "t_time_sk in ("
    + " union ".join(f"select {short}_sold_time_sk from main.{table}" for short, table in _BOUGHT)
    + ")",
    "customer_demographics": "cd_demo_sk in (select c_current_cdemo_sk from main.customer"
    " union select ss_cdemo_sk from main.store_sales union select cs_bill_cdemo_sk from main.catalog_sales"
    " union select ws_bill_cdemo_sk from main.web_sales)",
}
"""Of the tables that TPC-DS makes large at any scale, the rows that something refers to."""


def generated(
    kind: str, scale: float
) -> tuple[duckdb.DuckDBPyConnection, dict[str, dict[str, str]], list[tuple[int, str]]]:
    """A benchmark's data and queries, its tables in the namespace a."""
    module = pytest.importorskip(f"duckdb_extension_{kind}")
    connection = duckdb.connect()
    folder = Path(importlib.import_module(module.__name__).__file__ or "").parent
    connection.execute(f"load '{next(folder.glob('extensions/*/*.duckdb_extension'))}'")
    connection.execute(f"call {'dbgen' if kind == 'tpch' else 'dsdgen'}(sf = {scale})")
    names = [row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()]
    connection.execute("create schema a; create schema kept")
    tables = {}
    for name in names:
        connection.execute(f"create table {kept(f'a.{name}')} as from main.{name} where {SLIM.get(name, 'true')}")
        columns = connection.execute(f"describe main.{name}").fetchall()
        tables[f"a.{name}"] = {row[0]: row[1] for row in columns}
    queries = connection.execute(f"select query_nr, query from {kind}_queries()").fetchall()
    return connection, tables, [(number, in_namespace(query, set(names))) for number, query in queries]


def in_namespace(sql: str, names: set[str]) -> str:
    tree = sqlglot.parse_one(sql, read="duckdb")
    inside = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.name in names - inside:
            table.set("db", exp.to_identifier("a"))
    return tree.sql("duckdb")


@pytest.mark.parametrize("kind", ["tpch", "tpcds"])
def test_every_query_of_a_benchmark_is_resolved(kind: str) -> None:
    _, tables, queries = generated(kind, 0)
    for number, sql in queries:
        found = lineage(sql, columns_of(tables))
        assert found.unresolved == (), number
        assert found.columns, number


def columns_of(tables: Tables) -> ColumnsOf:
    return {name: list(columns) for name, columns in tables.items()}.get


@pytest.mark.slow
def test_no_query_of_tpch_depends_on_more_than_its_edges() -> None:
    connection, tables, queries = generated("tpch", 0.001)
    wrong = {}
    for number, sql in queries:
        read = {name: columns for name, columns in tables.items() if name in sql}
        if gaps := missed(connection, sql, lineage(sql, columns_of(tables)), read, most=2):
            wrong[number] = gaps
    assert wrong == {}


# -- what cannot be told -----------------------------------------------------------------------------------------------

UNTOLD = [
    ("select * from a.unknown", "a.unknown"),
    ("select columns(c -> c like 'i%') from a.t", "*"),
    ("pivot a.t on kind using sum(amount) group by id", "PIVOT"),
    ("select * from a.t semi join a.u using (id) join a.u using (id)", "semi join"),
    ("select nothing from a.t join a.u using (id)", "nothing"),
]


@pytest.mark.parametrize(("sql", "told"), UNTOLD, ids=[sql for sql, _ in UNTOLD])
def test_what_cannot_be_told_is_listed_and_depends_on_everything(sql: str, told: str) -> None:
    found = lineage(sql, TABLES.get, ("x",))
    assert any(told in unresolved.expression for unresolved in found.unresolved), found
    read = {name for name in TABLES if re.search(rf"{name}\b", sql)}
    everything = {f"{name}.{column}" for name in read for column in TABLES[name]}
    everything |= {"a.unknown."} if "a.unknown" in sql else set()
    assert {str(edge.origin) for edges in found.columns.values() for edge in edges} == everything


def test_an_expression_without_a_name_bears_the_one_that_the_table_gives_it() -> None:
    assert list(lineage("select sum(amount), max(id) from a.t", TABLES.get, ("s", "M")).columns) == ["s", "M"]


def test_names_come_back_as_the_tables_write_them() -> None:
    found = lineage("select MYCOLUMN as x from a.odd", {"a.odd": ["MyColumn"]}.get)
    assert {str(edge.origin) for edge in found.columns["x"]} == {"a.odd.MyColumn"}
