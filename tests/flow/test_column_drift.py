"""A source changes its shape: what needs the column waits, the rest is published, and decisions make all green again."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jusante.app import Lake
from jusante.app.drift import drift
from jusante.app.drift_decisions import accept, map_to, reject
from jusante.architecture.failure import POINTS
from jusante.errors import SourceUnavailable, UsageError
from projects import made, rows, run, sql, task, write

SOURCE = (
    "source: shop\nkind: sqlite\nconnection: shop.db\nowner: them@b.example\ntables:\n"
    "  orders: {key: [id], checks: [{positive: total}]}\n"
)
PROJECT = {
    "jusante.yaml": "name: drifting\n",
    "sources/shop.yaml": SOURCE,
    "models/m/sums.sql": "/* jusante\nowner: sums@b.example\n*/\nselect country, sum(total) as revenue from shop.orders group by all",
    "models/m/counts.sql": "/* jusante\nowner: counts@b.example\n*/\nselect country, count(*) as n from shop.orders group by all",
    "models/m/rich.sql": "-- total is no column here\nselect * from m.sums where revenue > 3",
    "exposures/report.yaml": "exposure: report\nkind: report\nowner: board@b.example\nreads: {shop.orders: [id, total]}\n",
}
COLUMNS = "id integer primary key, country text, total decimal(12,2), note text"
ORDERS = [(n, "BR" if n % 3 else "PT", n * 1.5, f"note {n * 7 % 31}") for n in range(1, 41)]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project that has run once."""
    write(tmp_path, PROJECT)
    sql(tmp_path / "shop.db", f"create table orders ({COLUMNS})")
    sql(tmp_path / "shop.db", "insert into orders values (?, ?, ?, ?)", ORDERS)
    assert run(tmp_path).status == "succeeded"
    return tmp_path


def change(folder: Path, *statements: str) -> None:
    for statement in statements:
        sql(folder / "shop.db", statement)


def swapped_in(folder: Path, columns: str, select: str) -> None:
    """A new table in the place of the old one."""
    change(folder, f"create table new_orders ({columns})", f"insert into new_orders select {select} from orders",
           "drop table orders", "alter table new_orders rename to orders")  # fmt: skip


def policy(folder: Path, drift: str) -> None:
    text = (folder / "sources/shop.yaml").read_text()
    (folder / "sources/shop.yaml").write_text(text.replace("{key: [id],", f"{{key: [id], drift: {drift},"))


def events(folder: Path) -> list[tuple[str, str]]:
    """The ledger's words on drift, each with the column it is about."""
    with Lake.open(folder) as lake:
        found = lake.metadata.events(0, 10_000)
    told = [event for event in found if event.kind.startswith("drift.")]
    return [(e.kind, e.payload.get("column") or e.payload.get("finding", {}).get("column", "")) for e in told]


def decided(folder: Path, decide: Callable[[Any], Any]) -> Any:
    with Lake.open(folder) as lake:
        import datetime as dt

        decision = decide(lake.system)
        decision.make(lake.system, dt.datetime.now(dt.UTC))
    return decision


RENAME = "alter table orders rename column total to amount"
NEWER = "insert into orders (id, country, {}) values (100, 'FR', 9.5)"


def test_a_rename_holds_what_needs_the_column_and_nothing_else(shop: Path) -> None:
    change(shop, RENAME, NEWER.format("amount"))
    report = run(shop)
    assert report.status == "partial"
    assert made(report) == {"shop.orders", "m.counts"}
    assert {t.asset for t in report.tasks if t.status == "held"} == {"m.sums", "m.rich"}
    held = task(report, "m.sums")
    assert "needs shop.orders.total" in held.reason
    assert "called amount at the source now" in held.reason
    assert "held since 20" in held.reason
    assert rows(shop, "select total from shop.orders where id in (4, 100) order by id") == [(6,), (None,)]
    assert rows(shop, "select sum(n) from m.counts") == [(41,)]
    assert rows(shop, "select count(*), sum(revenue) from m.sums") == [(2, 1230)]
    assert "amount" not in [name for (name,) in rows(shop, "select column_name from (describe shop.orders)")]


def test_a_hold_is_as_old_as_it_is_and_told_once(shop: Path) -> None:
    change(shop, RENAME)
    first, second = (task(run(shop), "m.sums").reason for _ in range(2))
    assert first == second
    assert events(shop) == [("drift.found", "total"), ("drift.held", "total")]


def test_an_accepted_rename_edits_what_reads_it_and_keeps_the_columns_id(shop: Path) -> None:
    with Lake.open(shop) as lake:
        before = lake.store.table("shop.orders").ids["total"]
    change(shop, RENAME, NEWER.format("amount"))
    run(shop)
    with Lake.open(shop) as lake:
        shown = accept(lake.system, ("shop.orders.total",)).shown
        assert {edit.file for edit in shown} == {"sources/shop.yaml", "models/m/sums.sql", "exposures/report.yaml"}
    assert (shop / "sources/shop.yaml").read_text() == SOURCE, "nothing is written before it is asked for"
    decided(shop, lambda system: accept(system, ("shop.orders.total",)))
    assert "sum(amount) as revenue" in (shop / "models/m/sums.sql").read_text()
    assert "reads: {shop.orders: [id, amount]}" in (shop / "exposures/report.yaml").read_text()
    assert run(shop).status == "succeeded"
    assert made(run(shop)) == set()
    with Lake.open(shop) as lake:
        table = lake.store.table("shop.orders")
        assert table is not None
        assert table.ids["amount"] == before
        assert "total" not in table.schema.names
    assert rows(shop, "select sum(amount) from shop.orders") == [(1239.5,)]
    assert rows(shop, "select sum(revenue) from m.sums") == [(1239.5,)]
    assert ("drift.accepted", "total") in events(shop)
    assert events(shop)[-1][0] in {"drift.settled", "drift.found"}


def test_a_mapped_column_keeps_its_name_and_everything_reads_on(shop: Path) -> None:
    change(shop, RENAME, NEWER.format("amount"))
    run(shop)
    models = (shop / "models/m/sums.sql").read_text()
    decided(shop, lambda system: map_to(system, "shop.orders.total", "amount"))
    assert run(shop).status == "succeeded"
    assert made(run(shop)) == set()
    assert (shop / "models/m/sums.sql").read_text() == models
    assert rows(shop, "select sum(total) from shop.orders") == [(1239.5,)]
    with Lake.open(shop) as lake:
        assert not drift(lake.system).found


def test_a_type_that_no_longer_fits_is_held_then_mapped_through_an_expression(shop: Path) -> None:
    swapped_in(shop, COLUMNS.replace("decimal(12,2)", "text"), "id, country, 'EUR ' || total, note")
    assert task(run(shop), "m.sums").status == "held"
    expression = "cast(replace(total, 'EUR ', '') as decimal(12,2))"
    decided(shop, lambda system: map_to(system, "shop.orders.total", expression))
    assert run(shop).status == "succeeded"
    assert rows(shop, "select sum(total) from shop.orders") == [(1230,)]
    assert made(run(shop)) == set()


def test_rows_that_do_not_fit_a_new_type_are_set_aside_where_that_is_wanted(shop: Path) -> None:
    policy(shop, "{type: quarantine}")
    run(shop)
    swapped_in(
        shop, COLUMNS.replace("decimal(12,2)", "text"), "id, country, case id when 7 then 'free' else total end, note"
    )
    report = run(shop)
    assert report.status == "succeeded", report
    assert "m.sums" in made(report)
    assert rows(shop, "select count(*), sum(total) from shop.orders") == [(39, 1230 - 10.5)]
    [(place,)] = rows(shop, "select _row from shop.orders__quarantine")
    assert "free" in place
    assert made(run(shop)) == set()
    change(shop, "insert into orders values (50, 'BR', 'n/a', '')")
    run(shop)
    assert rows(shop, "select count(*) from shop.orders__quarantine") == [(2,)]


def test_a_policy_of_evolve_follows_what_is_sure(shop: Path) -> None:
    policy(shop, "{rename: evolve, drop: evolve, type: evolve}")
    run(shop)
    change(shop, "alter table orders rename column note to remark", "alter table orders drop column country")
    report = run(shop, "shop.orders")
    assert report.status == "succeeded"
    assert rows(shop, "select remark from shop.orders where id = 1") == [("note 7",)]
    assert "column note is called remark at the source now: followed" in task(report, "shop.orders").notices


def test_a_change_that_is_taken_back_settles_by_itself(shop: Path) -> None:
    change(shop, RENAME, NEWER.format("amount"))
    assert run(shop).status == "partial"
    change(shop, "alter table orders rename column amount to total")
    report = run(shop)
    assert report.status == "succeeded"
    assert {"m.sums", "m.rich"} <= made(report)
    assert rows(shop, "select sum(total) from shop.orders") == [(1239.5,)], "rows that came meanwhile have it too"
    assert events(shop)[-1] == ("drift.settled", "total")
    assert made(run(shop)) == set()


def test_two_changes_in_a_row_are_held_against_the_last_good_load(shop: Path) -> None:
    change(shop, RENAME)
    run(shop)
    change(shop, "alter table orders rename column amount to sum_total", "alter table orders drop column note")
    report = run(shop)
    assert "called sum_total" in task(report, "m.sums").reason
    with Lake.open(shop) as lake:
        found = {(f.finding.column, f.finding.change, f.finding.to) for f in drift(lake.system).found}
    assert found == {("total", "renamed", "sum_total"), ("note", "dropped", None)}


def test_names_that_were_exchanged_are_seen_and_accepted_together(shop: Path) -> None:
    change(shop, "alter table orders rename column country to x", "alter table orders rename column note to country",
           "alter table orders rename column x to note")  # fmt: skip
    assert {t.asset for t in run(shop).tasks if t.status == "held"} == {"m.sums", "m.rich", "m.counts"}
    decided(shop, lambda system: accept(system, ("shop.orders.country",)))
    assert run(shop).status == "succeeded"
    assert rows(shop, "select country, n from m.counts order by all") == [("BR", 27), ("PT", 13)]
    assert rows(shop, "select note, country from shop.orders where id = 1") == [("BR", "note 7")]
    assert made(run(shop)) == set()


def test_a_drop_beside_an_unrelated_addition_is_no_rename(shop: Path) -> None:
    change(shop, "alter table orders drop column total", "alter table orders add column rating decimal(12,2)",
           "update orders set rating = (id * 7919 % 50) / 10.0")  # fmt: skip
    with Lake.open(shop) as lake:
        found = {(f.finding.column, f.finding.change) for f in drift(lake.system).found}
    assert found == {("total", "dropped"), ("rating", "added")}


def test_what_is_accepted_as_gone_is_no_longer_expected(shop: Path) -> None:
    change(shop, "alter table orders drop column note", "alter table orders drop column total")
    run(shop)
    decision = decided(shop, lambda system: accept(system, ("shop.orders.note", "shop.orders.total")))
    assert any(where.startswith("models/m/sums.sql:4") for where, _ in decision.manual)
    assert any("check positive" in what for _, what in decision.manual)
    assert "reads: {shop.orders: [id]}" in (shop / "exposures/report.yaml").read_text()
    text = (shop / "sources/shop.yaml").read_text().replace("checks: [{positive: total}], ", "")
    write(
        shop,
        {
            "sources/shop.yaml": text,
            "models/m/sums.sql": "select country, count(*) as revenue from shop.orders group by 1",
        },
    )
    assert run(shop).status == "succeeded"
    with Lake.open(shop) as lake:
        assert lake.table("shop.orders").column_names == ["id", "country"]
        assert not drift(lake.system).found


def test_a_table_whose_key_changed_waits_as_a_whole(shop: Path) -> None:
    change(shop, "alter table orders rename column id to order_id")
    report = run(shop)
    assert task(report, "shop.orders").status == "held"
    assert "shop.orders.id is called order_id at the source now" in str(task(report, "shop.orders").error)
    assert {t.asset for t in report.tasks if t.status == "held"} == {
        "shop.orders",
        "m.sums",
        "m.counts",
        "m.rich",
    } or all(t.reason.startswith("left as it was") for t in report.tasks if t.asset.startswith("m."))
    decided(shop, lambda system: accept(system, ("shop.orders.id",)))
    assert "key: [order_id]" in (shop / "sources/shop.yaml").read_text()
    assert run(shop).status == "succeeded"


def test_a_sensitive_column_that_was_renamed_is_never_read_by_mistake(shop: Path) -> None:
    text = (shop / "sources/shop.yaml").read_text()
    write(shop, {"sources/shop.yaml": text.replace("{key: [id],", "{key: [id], columns: {note: {sensitive: name}},")})
    run(shop)
    change(shop, "alter table orders rename column note to remark")
    report = run(shop)
    assert task(report, "shop.orders").status == "held"
    with Lake.open(shop) as lake:
        assert "remark" not in lake.table("shop.orders").column_names
    decided(shop, lambda system: map_to(system, "shop.orders.note", "remark"))
    assert run(shop).status == "succeeded"
    with Lake.open(shop) as lake:
        assert lake.table("shop.orders").column_names == ["id", "country", "total"]


def test_a_column_read_under_another_name_cannot_shed_that_it_is_sensitive(shop: Path) -> None:
    rules = "columns: {note: {sensitive: name}, remark: {from: note}},"
    text = (shop / "sources/shop.yaml").read_text()
    write(shop, {"sources/shop.yaml": text.replace("{key: [id],", f"{{key: [id], {rules}")})
    error = task(run(shop), "shop.orders").error
    assert error is not None
    assert "remark would be read from note, which is sensitive" in error["what"]


def test_a_refusal_is_recorded_and_changes_nothing(shop: Path) -> None:
    import datetime as dt

    change(shop, RENAME)
    run(shop)
    with Lake.open(shop) as lake:
        reject(lake.system, "shop.orders.total", "put it back", dt.datetime.now(dt.UTC))
        [event] = lake.metadata.latest("drift.rejected", 5)
    assert event.payload["reason"] == "put it back"
    assert task(run(shop), "m.sums").status == "held"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("shop.orders.totl", "did you mean shop.orders.total?"),
        ("shop.order.total", "did you mean shop.orders.total?"),
        ("shop.orders.country", "jusante drift shows what changed"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(name: str, fix: str, shop: Path) -> None:
    change(shop, RENAME)
    run(shop)
    with Lake.open(shop) as lake, pytest.raises(UsageError) as error:
        accept(lake.system, (name,))
    assert error.value.fix == fix


def test_the_plan_tells_what_breaks(shop: Path) -> None:
    change(shop, RENAME)
    run(shop)
    with Lake.open(shop) as lake:
        plan = {task.asset: task for task in lake.plan()}
    assert plan["shop.orders"].breaks == ("exposure:report", "m.rich", "m.sums")
    assert plan["m.sums"].held
    assert not plan["m.counts"].held


def test_the_blast_is_told_by_importance_with_owners(shop: Path) -> None:
    change(shop, RENAME)
    with Lake.open(shop) as lake:
        [found] = drift(lake.system).found
    assert [(t.id, t.owner) for t in found.blast][:1] == [("exposure:report", "board@b.example")]
    assert {t.id for t in found.blast} >= {"m.sums", "m.rich", "exposure:report"}
    assert set(found.as_dict()) >= {"table", "column", "change", "to", "confidence", "policy", "blast", "fix"}


# -- faults ----------------------------------------------------------------------------------------------------------------


def run_killed(folder: Path, at: str) -> int:
    environment = {**os.environ, "JUSANTE_KILL_AT": at}
    command = [sys.executable, "-m", "jusante", "run", "--project", str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode


@pytest.mark.parametrize("point", POINTS)
def test_a_hold_survives_a_kill_and_nothing_is_lost_or_doubled(point: str, shop: Path) -> None:
    change(shop, RENAME, NEWER.format("amount"))
    assert run_killed(shop, f"{point}:shop.orders") == -signal.SIGKILL
    report = run(shop)
    assert task(report, "m.sums").status == "held"
    assert events(shop).count(("drift.held", "total")) == 1
    assert rows(shop, "select count(*), count(total), sum(total) from shop.orders") == [(41, 40, 1230)]
    change(shop, "alter table orders rename column amount to total")
    assert run(shop).status == "succeeded"
    assert rows(shop, "select count(*), sum(total) from shop.orders") == [(41, 1239.5)]
    assert rows(shop, "select sum(revenue) from m.sums") == [(1239.5,)]


def test_a_hold_survives_the_loss_of_the_metadata(shop: Path) -> None:
    change(shop, RENAME, NEWER.format("amount"))
    run(shop)
    for path in (shop / ".jusante").glob("metadata.db*"):
        path.unlink()
    report = run(shop)
    assert task(report, "m.sums").status == "held"
    assert rows(shop, "select count(*), count(total) from shop.orders") == [(41, 40)]


def test_a_source_that_dies_while_it_is_looked_at_fails_and_holds_nothing_by_mistake(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schema can be read and the rows that would tell a rename cannot."""
    from jusante.sources.relational.connector import RelationalConnector

    change(shop, RENAME)

    def dies(self: RelationalConnector, request: Any, rows: int) -> Any:
        raise SourceUnavailable("the connection was dropped", where="source shop")

    with monkeypatch.context() as patched:
        patched.setattr(RelationalConnector, "sample", dies)
        patched.setattr("time.sleep", lambda _: None)
        report = run(shop)
        assert task(report, "shop.orders").status == "failed"
        assert task(report, "m.counts").status == "skipped"
    assert events(shop) == []
    assert task(run(shop), "m.sums").status == "held"


def test_sqlite_itself_agrees(shop: Path) -> None:
    """What the tests call real DDL is what the file then holds."""
    change(shop, RENAME)
    with sqlite3.connect(shop / "shop.db") as database:
        assert "amount" in [row[1] for row in database.execute("pragma table_info(orders)")]
    database.close()
