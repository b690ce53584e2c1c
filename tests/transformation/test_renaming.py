"""A renamed column written into queries: only where it stands, and what a query gives stays what it was."""

import duckdb
import pytest

from jusante.transformation.renaming import applied, rename

COLUMNS = {"s.o": ["id", "total", "day"], "s.i": ["id", "qty"]}
CASES = [
    ("select id, total from s.o -- total", "select id, amount as total from s.o -- total"),
    ("select o.total, sum(o.total) as x from s.o as o group by o.total order by total",
     "select o.amount as total, sum(o.amount) as x from s.o as o group by o.amount order by total"),
    ("with a as (select * from s.o)\nselect id, total * 2 as d, total from a where total > 1",
     "with a as (select * from s.o)\nselect id, amount * 2 as d, amount as total from a where amount > 1"),
    ("select * exclude (total) from s.o", "select * exclude (amount) from s.o"),
    ("select total, qty from s.o join s.i using (id)", "select amount as total, qty from s.o join s.i using (id)"),
    ('select "total", s.o.total / 2 as half from s.o', "select amount as total, s.o.amount / 2 as half from s.o"),
    ("select id from s.i where exists (select 1 from s.o where o.total > i.qty)",
     "select id from s.i where exists (select 1 from s.o where o.amount > i.qty)"),
    ("select total from s.o union all select qty from s.i", "select amount as total from s.o union all select qty from s.i"),
    ("select x.total from (select total from s.o) as x", "select x.total from (select amount as total from s.o) as x"),
    ("select id, row_number() over (order by total) as n from s.o qualify row_number() over (order by total) = 1",
     "select id, row_number() over (order by amount) as n from s.o qualify row_number() over (order by amount) = 1"),
    ("select case when TOTAL > 1 then 'total' end as label from s.o", "select case when amount > 1 then 'total' end as label from s.o"),
    ("/* total */ select i.qty, o.total from s.i as i\n  left join s.o as o on o.id = i.id and o.total > 2",
     "/* total */ select i.qty, o.amount as total from s.i as i\n  left join s.o as o on o.id = i.id and o.amount > 2"),
    ("select qty from s.i", "select qty from s.i"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CASES)
def test_names_are_written_where_they_stand(before: str, after: str) -> None:
    found = rename(before, "s.o", {"total": "amount"}, COLUMNS.get)
    assert applied(before, found.edits) == after
    assert not found.gives
    assert not found.unsure


@pytest.mark.parametrize(("before", "after"), CASES)
def test_the_edited_query_gives_what_the_query_gave(before: str, after: str) -> None:
    def answer(column: str, sql: str) -> tuple[list[str], list[tuple[object, ...]]]:
        with duckdb.connect() as database:
            database.execute("create schema s")
            database.execute(
                f"create table s.o as select range as id, range % 3 as {column}, range % 2 as day from range(9)"
            )
            database.execute("create table s.i as select range as id, range % 2 as qty from range(5)")
            found = database.execute(sql)
            names = [each[0].lower() for each in found.description]
            return names, sorted(found.fetchall(), key=repr)

    assert answer("total", before) == answer("amount", after)


def test_what_comes_by_a_star_is_told() -> None:
    found = rename("select o.* from s.o as o", "s.o", {"total": "amount"}, COLUMNS.get)
    assert not found.edits
    assert found.gives == {"total": "amount"}


@pytest.mark.parametrize(
    "sql",
    [
        "select id from s.o join s.i using (total)",
        "select * replace (1 as total) from s.o",
        "pivot s.o on day using sum(total)",
        "select columns('t.*') from s.o",
    ],
)
def test_what_cannot_be_edited_is_handed_to_a_person(sql: str) -> None:
    assert rename(sql, "s.o", {"total": "amount"}, COLUMNS.get).unsure


def test_exchanged_names_are_written_at_once() -> None:
    found = rename("select id, total, day from s.o", "s.o", {"total": "day", "day": "total"}, COLUMNS.get)
    assert applied("select id, total, day from s.o", found.edits) == "select id, day as total, total as day from s.o"
