"""Tables of unusual shape travel like all others: empty, very wide, with names that no parser likes."""

import datetime as dt
import json
from pathlib import Path

import pytest

import jusante
from jusante.app import Lake
from jusante.core.names import quote
from projects import made, rows, run, sql, task, write

PROJECT = "name: shapes\n"


def source(*tables: str) -> str:
    """A SQLite source with these tables, each a line of YAML."""
    lines = "".join(f"  {table}\n" for table in tables)
    return f"source: shop\nkind: sqlite\nconnection: shop.db\nowner: a@b.example\ntables:\n{lines}"


@pytest.mark.parametrize("ingest", ["{mode: full}", "{mode: incremental, cursor: at}"])
def test_an_empty_table_is_a_table(ingest: str, tmp_path: Path) -> None:
    sql(tmp_path / "shop.db", "create table orders (id integer primary key, name text, at integer)")
    write(
        tmp_path,
        {
            "jusante.yaml": PROJECT,
            "sources/shop.yaml": source(f"orders: {{key: [id], ingest: {ingest}}}"),
            "models/m/sums.sql": "/* jusante\nchecks: [{unique: name}, {not_null: name}]\n*/\n"
            "select name, count(*) as n from shop.orders group by name",
        },
    )
    assert made(run(tmp_path)) == {"shop.orders", "m.sums"}
    assert rows(tmp_path, "select * from m.sums") == []
    with Lake.open(tmp_path) as lake:
        assert lake.table("shop.orders").column_names == ["id", "name", "at"]
    assert made(run(tmp_path)) == set()
    sql(tmp_path / "shop.db", "insert into orders values (1, 'a', 1)")
    assert made(run(tmp_path)) == {"shop.orders", "m.sums"}
    assert rows(tmp_path, "select * from m.sums") == [("a", 1)]


def test_a_table_that_becomes_empty_is_empty(tmp_path: Path) -> None:
    sql(tmp_path / "shop.db", "create table orders (id integer primary key)")
    sql(tmp_path / "shop.db", "insert into orders values (1)")
    write(tmp_path, {"jusante.yaml": PROJECT, "sources/shop.yaml": source("orders: {key: [id]}")})
    run(tmp_path)
    sql(tmp_path / "shop.db", "delete from orders")
    run(tmp_path)
    assert rows(tmp_path, "select * from shop.orders") == []


def test_five_hundred_columns(tmp_path: Path) -> None:
    names = [f"column_{number}" for number in range(500)]
    sql(tmp_path / "shop.db", f"create table wide (id integer primary key, {', '.join(f'{n} integer' for n in names)})")
    sql(tmp_path / "shop.db", f"insert into wide values ({', '.join(str(number) for number in range(501))})")
    write(
        tmp_path,
        {
            "jusante.yaml": PROJECT,
            "sources/shop.yaml": source("wide: {key: [id], checks: [{not_null: [column_7, column_499]}]}"),
            "models/m/wide.sql": "select * exclude (column_0) from shop.wide",
        },
    )
    assert made(run(tmp_path)) == {"shop.wide", "m.wide"}
    [row] = rows(tmp_path, "select * from m.wide")
    assert len(row) == 500
    assert row[-1] == 500


ODD = ["order", "a b", "x.y", 'say "hi"', "it's", "naïve ✓", "Select", "100%", "a/b", "-- c", "{}", "a;b"]


def test_odd_names_of_columns_and_tables(tmp_path: Path) -> None:
    for table in ODD:
        columns = ", ".join(f"{quote(name)} text" for name in ODD)
        sql(tmp_path / "shop.db", f"create table {quote(table)} (id integer primary key, {columns})")
        sql(tmp_path / "shop.db", f"insert into {quote(table)} values (1, {', '.join('?' * len(ODD))})", [tuple(ODD)])
    tables = [f"{json.dumps(name)}: {{key: [id], checks: [{{not_null: {json.dumps(ODD)}}}]}}" for name in ODD]
    unions = " union all ".join(f"select * from shop.{quote(name)}" for name in ODD)
    write(
        tmp_path,
        {
            "jusante.yaml": PROJECT,
            "sources/shop.yaml": source(*tables),
            "models/m/all of them.sql": unions,
            "models/m/order.sql": 'select count(*) as "group" from m."all of them"',
        },
    )
    report = run(tmp_path)
    assert made(report) == {f"shop.{name}" for name in ODD} | {"m.all of them", "m.order"}, report
    assert rows(tmp_path, 'select * from m."all of them"') == [(1, *ODD)] * len(ODD)
    assert rows(tmp_path, 'select "group" from m.order') == [(len(ODD),)]
    assert made(run(tmp_path)) == set()
    with jusante.open(tmp_path) as lake:
        assert lake.table('shop.say "hi"').column_names == ["id", *ODD]
        lake.maintain(keep=dt.timedelta(0))
        assert lake.table("shop.a/b").num_rows == 1


def test_columns_that_differ_only_in_case_are_refused_with_the_reason(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "jusante.yaml": PROJECT,
            "sources/f.yaml": "source: f\nkind: files\nowner: a@b.example\ntables:\n  t: {path: t.json}\n",
            "t.json": '[{"Id": 1, "id": 2}]',
        },
    )
    failed = task(run(tmp_path), "f.t")
    assert failed.status == "failed"
    assert "Id and id" in str(failed.error)


def test_one_value_of_every_extreme(tmp_path: Path) -> None:
    values = ["", " ", "\n", "\\N", "NULL", "'", "é" * 10_000, "\U0001f980", "0" * 40, "-9223372036854775808"]
    sql(tmp_path / "shop.db", "create table texts (id integer primary key, value text)")
    sql(tmp_path / "shop.db", "insert into texts values (?, ?)", list(enumerate(values)))
    write(tmp_path, {"jusante.yaml": PROJECT, "sources/shop.yaml": source("texts: {key: [id]}")})
    run(tmp_path)
    assert [value for _, value in rows(tmp_path, "select * from shop.texts order by id")] == values


def test_maintenance_makes_a_table_whose_columns_changed_fast_again(tmp_path: Path) -> None:
    table = "source: f\nkind: files\nowner: a@b.example\ntables:\n  t: {path: 't_*.csv', ingest: {mode: incremental}}\n"
    write(tmp_path, {"jusante.yaml": PROJECT, "sources/f.yaml": table, "t_1.csv": "id\n1\n"})
    run(tmp_path)
    write(tmp_path, {"t_2.csv": "id,name\n2,b\n"})
    run(tmp_path)
    before = rows(tmp_path, "select id, name from f.t order by id")
    assert before == [(1, None), (2, "b")]
    with Lake.open(tmp_path) as lake:
        assert not lake.store.table("f.t").plan.uniform
        lake.maintain(keep=dt.timedelta(days=7))
        assert lake.store.table("f.t").plan.uniform
    assert rows(tmp_path, "select id, name from f.t order by id") == before
    assert made(run(tmp_path)) == set()
