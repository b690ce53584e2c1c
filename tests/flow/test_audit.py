"""Audit before publish, on a whole project: what fails is not seen, what warns is, what is set aside can be looked at."""

from pathlib import Path

import pytest

from jusante.app import Lake
from projects import SHOP, insert, made, rows, run, task, write, write_shop

PRICED = SHOP["models/marts/priced.sql"]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop that has been run once, and then got an order of nothing."""
    write_shop(tmp_path)
    run(tmp_path)
    insert(tmp_path, [(7, "mug", -3, 7)])
    return tmp_path


def test_a_failed_audit_keeps_the_last_good_snapshot(shop: Path) -> None:
    before = rows(shop, "select * from marts.priced order by id")
    report = run(shop)
    failed = task(report, "marts.priced")
    assert report.status == "partial"
    assert failed.error is not None
    assert failed.error["code"] == "J500"
    assert "quantity" in failed.error["what"]
    assert "id 7" in failed.error["what"] or "7" in failed.error["what"]
    assert task(report, "marts.by_product").reason == "left as it was: marts.priced did not succeed"
    assert rows(shop, "select * from marts.priced order by id") == before
    assert "shop.orders" in made(report)


def test_it_is_tried_again_until_it_passes(shop: Path) -> None:
    assert task(run(shop), "marts.priced").status == "failed"
    assert task(run(shop), "marts.priced").status == "failed"
    insert(shop, [(7, "mug", 3, 8)])
    assert {"marts.priced", "marts.by_product"} <= made(run(shop))


def test_a_failed_audit_leaves_no_file(shop: Path) -> None:
    def files() -> set[Path]:
        return set((shop / ".jusante/warehouse/marts/priced").rglob("*.parquet"))

    before = files()
    run(shop)
    assert files() == before


def test_a_warning_is_published_and_told(shop: Path) -> None:
    write(shop, {"models/marts/priced.sql": PRICED.replace("quantity\n*/", "quantity\n    severity: warn\n*/")})
    priced = task(run(shop), "marts.priced")
    assert priced.status == "succeeded"
    assert any("quantity" in notice for notice in priced.notices)
    assert rows(shop, "select quantity from marts.priced where id = 7") == [(-3,)]


def test_rows_are_set_aside_with_the_reason_and_come_back_when_they_are_right(shop: Path) -> None:
    write(shop, {"models/marts/priced.sql": PRICED.replace("quantity\n*/", "quantity\n    quarantine: true\n*/")})
    priced = task(run(shop), "marts.priced")
    assert "1 row was set aside in marts.priced__quarantine" in priced.notices
    assert rows(shop, "select id, _check from marts.priced__quarantine") == [(7, "quantity positive")]
    assert rows(shop, "select id from marts.priced where id = 7") == []
    insert(shop, [(7, "mug", 3, 8)])
    run(shop)
    assert rows(shop, "select id from marts.priced__quarantine") == []
    assert rows(shop, "select id from marts.priced where id = 7") == [(7,)]


def test_values_of_sensitive_columns_are_in_no_message_and_no_file(tmp_path: Path) -> None:
    write_shop(tmp_path)
    sources = SHOP["sources/shop.yaml"].replace(
        "cursor: changed}}", "cursor: changed}, columns: {product: {sensitive: name, purpose: [tests]}},"
        " checks: [{accepted_values: {column: product, values: [tea]}}]}"
    )  # fmt: skip
    write(tmp_path, {"sources/shop.yaml": sources})
    insert(tmp_path, [(9, "Maria Lopes", 1, 9)])
    failed = task(run(tmp_path), "shop.orders")
    assert failed.error is not None
    assert failed.error["code"] == "J500"
    assert "Maria" not in str(failed)
    kept = [path for path in (tmp_path / ".jusante").rglob("*") if path.is_file()]
    assert [path.name for path in kept if b"Maria" in path.read_bytes()] == []


def test_a_sensitive_column_that_is_not_there_stops_the_load(tmp_path: Path) -> None:
    """Somebody renamed it, or mistyped it: in clear text it must not come in."""
    write_shop(tmp_path)
    source = SHOP["sources/shop.yaml"].replace("changed}}", "changed}, columns: {produkt: {sensitive: name}}}")
    write(tmp_path, {"sources/shop.yaml": source})
    orders = task(run(tmp_path), "shop.orders")
    assert orders.status == "held"
    assert orders.error is not None
    assert "the sensitive column produkt is not there" in orders.error["what"]
    assert "did you mean product?" in orders.error["fix"]
    with Lake.open(tmp_path) as lake:
        assert "shop.orders" not in lake.store.pointers()


def test_a_rule_for_a_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    write_shop(tmp_path)
    source = SHOP["sources/shop.yaml"].replace("changed}}", "changed}, columns: {quantitty: {type: int}}}")
    write(tmp_path, {"sources/shop.yaml": source})
    orders = task(run(tmp_path), "shop.orders")
    assert orders.status == "succeeded"
    assert any("quantitty" in notice and "did you mean quantity?" in notice for notice in orders.notices)
