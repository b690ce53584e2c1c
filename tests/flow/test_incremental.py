"""Loading what is new gives the table that loading everything gives, as long as the source keeps its side."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jusante.app import Lake
from projects import made, rows, run, sql, task, write

LOOKBACK = 3
KEYED = "orders: {key: [id], ingest: {mode: incremental, cursor: at, lookback: '3'}}"
UNKEYED = "orders: {ingest: {mode: incremental, cursor: at, lookback: '3'}}"

Row = tuple[int, str, int]
orders = st.tuples(st.integers(1, 12), st.sampled_from("abc"), st.integers(-LOOKBACK, 2))
"""A key, a value, and how far the cursor stands from the greatest that was loaded: late by LOOKBACK at most, or a tie."""


def project(folder: Path, table: str) -> Path:
    """An empty table of orders, loaded by its cursor `at`."""
    sql(folder / "shop.db", "create table orders (id integer, name text, at integer)")
    source = f"source: shop\nkind: sqlite\nconnection: shop.db\nowner: a@b.example\ntables:\n  {table}\n"
    return write(folder, {"jusante.yaml": "name: parts\n", "sources/shop.yaml": source})


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(loads=st.lists(st.lists(orders, max_size=5), min_size=2, max_size=4), keyed=st.booleans())
def test_parts_are_the_whole(loads: list[list[Row]], keyed: bool) -> None:
    with TemporaryDirectory() as temporary:
        folder = project(Path(temporary), KEYED if keyed else UNKEYED)
        top = 10
        with Lake.open(folder) as lake:
            for load in loads:
                changed = [(key, name, top + offset) for key, name, offset in load]
                if keyed:
                    changed = list({row[0]: row for row in changed}.values())
                    sql(folder / "shop.db", "delete from orders where id = ?", [row[:1] for row in changed])
                sql(folder / "shop.db", "insert into orders values (?, ?, ?)", changed)
                lake.run()
                top = max([top, *(row[2] for row in changed)])
        parts = sorted(rows(folder, "select * from shop.orders"))
        run(folder, anew=True)
        assert parts == sorted(rows(folder, "select * from shop.orders"))


def test_only_what_is_new_is_asked_for(tmp_path: Path) -> None:
    project(tmp_path, KEYED)
    sql(tmp_path / "shop.db", "insert into orders values (?, 'a', ?)", [(i, i) for i in range(1000)])
    run(tmp_path)
    sql(tmp_path / "shop.db", "insert into orders values (1000, 'b', 1000)")
    sql(tmp_path / "shop.db", "update orders set name = 'seen' where id = 997")
    sql(tmp_path / "shop.db", "update orders set name = 'too late' where id = 2")
    orders = task(run(tmp_path), "shop.orders")
    assert orders.rows_in == 5
    assert rows(tmp_path, "select id, name from shop.orders where name <> 'a' order by id") == [
        (997, "seen"),
        (1000, "b"),
    ]


def test_rows_that_are_gone_are_noticed_by_a_full_load_only_and_it_is_said(tmp_path: Path) -> None:
    project(tmp_path, KEYED)
    sql(tmp_path / "shop.db", "insert into orders values (?, 'a', ?)", [(i, i) for i in range(10)])
    first = task(run(tmp_path), "shop.orders")
    assert any("delete" in notice for notice in first.notices), first.notices
    sql(tmp_path / "shop.db", "delete from orders where id = 4")
    run(tmp_path)
    assert len(rows(tmp_path, "select * from shop.orders")) == 10
    run(tmp_path, anew=True)
    assert len(rows(tmp_path, "select * from shop.orders")) == 9


@pytest.mark.parametrize("table", [KEYED, UNKEYED])
def test_an_overlap_that_brings_nothing_new_publishes_nothing(table: str, tmp_path: Path) -> None:
    project(tmp_path, table)
    sql(tmp_path / "shop.db", "insert into orders values (?, 'a', ?)", [(i, i) for i in range(10)])
    run(tmp_path)
    assert made(run(tmp_path)) == set()


def test_a_cursor_that_stands_still_does_not_double_rows(tmp_path: Path) -> None:
    project(tmp_path, KEYED)
    sql(tmp_path / "shop.db", "insert into orders values (?, 'a', 5)", [(i,) for i in range(10)])
    run(tmp_path)
    sql(tmp_path / "shop.db", "insert into orders values (?, 'b', 5)", [(i,) for i in range(10, 13)])
    run(tmp_path)
    assert (
        len(rows(tmp_path, "select distinct id from shop.orders"))
        == len(rows(tmp_path, "select * from shop.orders"))
        == 13
    )
