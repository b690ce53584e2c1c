"""Guards in a project: told by check, refused by run, allowed with a reason; joins counted; a model in words."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from jusante import app
from jusante.app import Lake
from jusante.app.explain import explain
from jusante.app.guards import foreseen_growth
from jusante.cli.main import cli
from jusante.errors import UsageError
from projects import rows, run, sql, task, write

PROJECT = {
    "jusante.yaml": "name: people\n",
    "sources/shop.yaml": (
        "source: shop\nkind: sqlite\nconnection: shop.db\nowner: shop@b.example\n"
        "tables:\n  orders: {key: [id]}\n  lines: {key: [order_id, line]}\n"
    ),
    "models/marts/days.sql": (
        "select o.day, sum(o.total) as total, sum(l.quantity) as quantity\n"
        "from shop.orders as o\njoin shop.lines as l on l.order_id = o.id\ngroup by o.day"
    ),
}
HEADER = "/* jusante\nowner: me@b.example\n{}\n*/\n"


def shop(folder: Path, *, header: str = "", settings: str = "") -> Path:
    """A project whose model sums orders by line: each order has four lines."""
    write(folder, PROJECT | {"jusante.yaml": f"name: people\n{settings}"})
    model = PROJECT["models/marts/days.sql"]
    write(folder, {"models/marts/days.sql": HEADER.format(header) + model})
    sql(folder / "shop.db", "create table orders (id integer primary key, day text, total integer)")
    sql(folder / "shop.db", "create table lines (order_id integer, line integer, quantity integer)")
    sql(folder / "shop.db", "insert into orders values (?, ?, ?)", [(n, f"d{n % 3}", 10) for n in range(300)])
    lines = [(n, line, 1) for n in range(300) for line in range(4)]
    sql(folder / "shop.db", "insert into lines values (?, ?, ?)", lines)
    return folder


def test_check_names_the_join_the_measure_and_a_rewrite(tmp_path: Path) -> None:
    _, problems = app.check(shop(tmp_path))
    (found,) = problems
    assert (found.code, found.severity, found.where) == ("J160", "error", "models/marts/days.sql:7")
    assert "SUM(o.total) is inflated: the join on l.order_id = o.id" in found.what
    assert "repeats each row of shop.orders as o for each row of shop.lines as l" in found.what
    assert "(select order_id, SUM(l.quantity) as quantity from shop.lines as l group by order_id) as l" in found.fix


def test_run_refuses_what_would_be_wrong_and_makes_the_rest(tmp_path: Path) -> None:
    report = run(shop(tmp_path))
    assert report.status == "partial"
    error = task(report, "marts.days").error
    assert error is not None
    assert error["code"] == "J420"
    assert error["what"].startswith("J160 marts.days: SUM(o.total) is inflated")
    assert task(report, "shop.lines").status == "succeeded"


@pytest.mark.parametrize(
    ("header", "settings", "told"),
    [
        ("allow: {J160: the total of a day is meant by line}", "", []),
        ("", "guards: {J160: warn}\n", ["warning"]),
        ("", "guards: {J160: off}\n", []),
    ],
)
def test_somebody_can_decide_otherwise(tmp_path: Path, header: str, settings: str, told: list[str]) -> None:
    folder = shop(tmp_path, header=header, settings=settings)
    assert [problem.severity for problem in app.check(folder)[1]] == told
    assert run(folder).status == "succeeded"
    assert rows(folder, "select sum(total), sum(quantity) from marts.days") == [(12_000, 1_200)]


def test_allowing_a_rule_makes_nothing_stale(tmp_path: Path) -> None:
    folder = shop(tmp_path, settings="guards: {J160: off}\n")
    run(folder)
    model = PROJECT["models/marts/days.sql"]
    write(folder, {"models/marts/days.sql": HEADER.format("allow: {J160: meant so}") + model})
    assert task(run(folder), "marts.days").status == "skipped"


def test_an_unknown_rule_is_a_problem(tmp_path: Path) -> None:
    _, problems = app.check(shop(tmp_path, header="allow: {J999: because}"))
    assert [problem.code for problem in problems] == ["J103"]


def test_what_is_planned_is_sized_on_the_data_there_are(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run(folder)
    with Lake.open(folder) as lake:
        ((warned, told),) = foreseen_growth(lake.system, ["marts.days"])
    assert warned.found.code == "J160"
    assert told == ("each matching row comes 4.00 times on average; SUM(o.total) is 4.00 times what it should be")


def test_joins_are_counted_and_a_jump_is_told(tmp_path: Path) -> None:
    folder = shop(tmp_path, settings="guards: {J160: off}\n")
    for _ in range(4):
        assert task(run(folder, anew=True), "marts.days").notices == ()
    with Lake.open(folder) as lake:
        events = lake.metadata.latest("joins.counted", 10, asset="marts.days")
    assert len(events) == 4
    (join,) = events[0].payload["joins"]
    assert {join["rows"], join["rows_left"], join["rows_right"]} == {1200, 300}
    assert sorted([*join["left"], *join["right"]]) == ["shop.lines", "shop.orders"]
    more = [(n, line, 1) for n in range(300) for line in range(4, 9)]
    sql(folder / "shop.db", "insert into lines values (?, ?, ?)", more)
    (notice,) = task(run(folder, anew=True), "marts.days").notices
    assert "gives 9.00 rows for each row of shop.orders, 4.00 in the last 4 runs" in notice


def test_a_model_is_explained_in_words(tmp_path: Path) -> None:
    folder = shop(tmp_path, settings="guards: {J160: warn}\n")
    run(folder)
    with Lake.open(folder) as lake:
        found = explain(lake.system, "marts.days")
    (part,) = found.parts
    assert part.sentences == (
        "Reads shop.orders as o.",
        "Joins shop.lines as l on l.order_id = o.id: a row of o comes once for each of l.",
        "Makes one row for each o.day.",
        "Computes total = sum(o.total).",
        "Computes quantity = sum(l.quantity).",
        "Gives one row for each day: that is proven.",
    )
    assert {read.table: (read.columns, read.rows) for read in found.reads} == {
        "shop.orders": (("day", "id", "total"), 300),
        "shop.lines": (("order_id", "quantity"), 1200),
    }
    assert sum(spent.share for spent in found.spent) == pytest.approx(1)
    assert {"read shop.orders", "read shop.lines"} <= {spent.what for spent in found.spent}


def test_a_query_is_run_on_demand_and_publishes_nothing(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run(folder)
    with Lake.open(folder) as lake:
        found = explain(lake.system, "marts.days", run=True)
        assert found.measured == "just now"
        assert [count.rows for count in found.joins] == [1200]
        assert lake.store.table("marts.days") is None
    assert not list((folder / ".jusante" / "scratch").glob("explain*"))


def test_explain_prints_one_document_with_json(tmp_path: Path) -> None:
    folder = str(shop(tmp_path))
    answer = CliRunner().invoke(cli, ["explain", "marts.days", "--project", folder, "--json"])
    document = json.loads(answer.stdout)
    assert document["guards"][0]["code"] == "J160"
    assert document["steps"][0]["query"] == "the result"
    rule = json.loads(CliRunner().invoke(cli, ["explain", "--rule", "j163", "--json"]).stdout)
    assert rule["rules"][0]["title"] == "a join without a condition"


def test_what_is_no_query_cannot_be_explained(tmp_path: Path) -> None:
    with Lake.open(shop(tmp_path)) as lake:
        for name, told in (("marts.dys", "did you mean marts.days?"), ("shop.orders", "there are marts.days")):
            with pytest.raises(UsageError) as refused:
                explain(lake.system, name)
            assert refused.value.fix == told


def test_what_was_found_is_kept_and_told_alike_the_second_time(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run(folder)
    first = app.check(folder)[1]
    assert (folder / ".jusante" / "guards.json").is_file()
    assert app.check(folder)[1] == first
    with Lake.open(folder) as lake:
        ((warned, told),) = foreseen_growth(lake.system, ["marts.days"])
    assert "4.00 times" in told
    assert warned.found.blame is not None
    assert warned.found.blame.by_keys == (frozenset({"order_id", "line"}),)


def test_a_changed_key_is_looked_at_again_below(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run(folder)
    assert [problem.code for problem in app.check(folder)[1]] == ["J160"]
    source = PROJECT["sources/shop.yaml"]
    write(folder, {"sources/shop.yaml": source.replace("[order_id, line]", "[order_id]")})
    assert app.check(folder)[1] == []
