"""Tables that gather rows of many builds: what is known of one build's rows is not taken for granted of all of them."""

from pathlib import Path

import pytest

from jusante.app import Lake, check
from projects import rows, run, sql, task, write

PEOPLE = "models/dims/people.sql"
HISTORY = "/* jusante\nkind: by_key\nhistory: true\ngrain: [id]\n*/\n"
PROJECT = {
    "jusante.yaml": "name: gathered\n",
    "sources/crm.yaml": (
        "source: crm\nkind: sqlite\nconnection: crm.db\nowner: a@b.example\ntables:\n"
        "  people: {key: [id]}\n  orders: {key: [order_id]}\n"
    ),
    PEOPLE: HISTORY + "select id, city, tier from crm.people",
    "models/dims/seen.sql": "/* jusante\nkind: append\n*/\nselect id, city from crm.people",
}
JOINED = (
    "select p.city, sum(o.total) as total from crm.orders as o join dims.TABLE as p on p.id = o.person group by all"
)


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    """The project, run once."""
    write(tmp_path, PROJECT)
    sql(tmp_path / "crm.db", "create table people (id integer primary key, city text, tier integer)")
    sql(tmp_path / "crm.db", "create table orders (order_id integer primary key, person integer, total integer)")
    sql(tmp_path / "crm.db", "insert into people values (?, ?, ?)", [(1, "Lisbon", 1), (2, "Porto", 2)])
    sql(tmp_path / "crm.db", "insert into orders values (?, ?, ?)", [(1, 1, 10), (2, 2, 20)])
    assert run(tmp_path).status == "succeeded"
    return tmp_path


def test_a_column_that_becomes_something_else_keeps_its_history_and_is_refused(crm: Path) -> None:
    write(crm, {PEOPLE: HISTORY + "select id, city, 'x' || tier as tier from crm.people"})
    refused = task(run(crm), "dims.people")
    assert refused.error
    assert "tier was of type" in refused.error["what"]
    assert rows(crm, "select id, tier from dims.people order by id") == [(1, 1), (2, 2)]


def test_when_a_row_was_so_is_decided_by_all_its_columns_and_stands_in_the_graph(crm: Path) -> None:
    write(crm, {"models/marts/now.sql": "select id, valid_from from dims.people where is_current"})
    with Lake.open(crm) as lake:
        assert lake.columns.columns("dims.people") == ("id", "city", "tier", "valid_from", "valid_to", "is_current")
        since = lake.column("marts.now.valid_from")
        assert since
        above = {step.edge.origin.column for step in lake.columns.above([since])}
    assert {"id", "city", "tier"} <= above


@pytest.mark.parametrize("table", ["people", "seen"])
def test_a_join_that_meets_each_key_once_for_each_change_is_told(crm: Path, table: str) -> None:
    write(crm, {"models/marts/sold.sql": JOINED.replace("TABLE", table)})
    _, problems = check(crm)
    assert {problem.code for problem in problems} & {"J160", "J161"}, problems
