"""Models that are added to: what is new comes once, what is there stays, and queries that this is wrong for are refused."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jusante.errors import QueryRefused
from jusante.transformation.incremental.tracing import why_more_than_rows
from timed import Lake

COLUMNS = {"s.a": "id int, n int"}
ROWS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), max_size=5)


@settings(max_examples=6, deadline=None)
@given(loads=st.lists(ROWS, min_size=1, max_size=4))
def test_of_an_input_that_only_grows_each_row_comes_once(
    tmp_path_factory: pytest.TempPathFactory, loads: list[list[tuple[int, int]]]
) -> None:
    sql = "select id, n * 2 as twice from (select * from s.a where n > 0) as x"
    lake = Lake(tmp_path_factory.mktemp("lake"), COLUMNS, sql, kind="append", time=None)
    try:
        for number, rows in enumerate(loads):
            lake.load("s.a", rows, more=number > 0)
            lake.build()
            assert lake.rows() == lake.expected()
    finally:
        lake.close()


def test_what_went_or_changed_in_the_input_stays_as_it_came(tmp_path: Path) -> None:
    lake = Lake(tmp_path, COLUMNS, "select id, n from s.a", kind="append", time=None)
    lake.load("s.a", [(1, 1), (2, 2)])
    lake.build()
    lake.load("s.a", [(2, 9), (3, 3)])
    assert lake.build().told == "2 rows added"
    assert lake.rows() == [(1, 1), (2, 2), (2, 9), (3, 3)]
    lake.load("s.a", [(2, 9)])
    assert lake.build().told == "no row is new"
    lake.close()


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select id, sum(n) as n from s.a group by id", "it groups"),
        ("select count(*) as n from s.a", "count() may add up"),
        ("select distinct id from s.a", "it groups"),
        ("select id, row_number() over (order by id) as n from s.a", "it has window functions"),
        ("select id from s.a limit 3", "it has LIMIT"),
        ("select id from s.a union all select id from s.b", "it has UNION"),
        ("select id from s.a join s.b using (id)", "it reads s.a and s.b"),
        ("select a.id from s.a join s.a as b using (id)", "it reads s.a more than once"),
        ("select id, now() as at_once from s.a", "now() gives something else each time"),
        ("select id from s.a where id in (select id from s.b)", "it reads s.a and s.b"),
    ],
)
def test_a_query_whose_rows_do_not_come_one_by_one_is_refused(sql: str, why: str, tmp_path: Path) -> None:
    assert why_more_than_rows(sql, {}).startswith(why)
    lake = Lake(tmp_path, {**COLUMNS, "s.b": "id int"}, sql, kind="append", time=None)
    with pytest.raises(QueryRefused, match="one by one"):
        lake.build()
    lake.close()
