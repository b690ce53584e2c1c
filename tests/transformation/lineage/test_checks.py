"""Checks stand in the graph by column: what a lost column takes with it, they are part of."""

from pathlib import Path

import pytest

from jusante.app import Lake
from jusante.core.blast import blast
from jusante.core.column_graph import CHECK, ColumnGraph, asset_of
from jusante.core.lineage import Origin
from projects import run, write, write_shop

CHECKS = """/* jusante
grain: [id]
checks:
  - not_null: [product, Quantity]
  - unique: product
  - positive: quantity
  - range: {column: price, min: 0, max: 9.5}
    severity: warn
  - accepted_values: {column: product, values: [tea, coffee, mug]}
  - pattern: {column: product, matches: "[a-z]+"}
  - relationships: {column: product, to: files.prices.product}
  - row_count: {min: 1}
  - sql: "select c.id from {table} as c join files.prices as p on p.product = c.product where p.price * c.quantity < 0"
    name: no negative worth
    severity: warn
*/
select o.id, o.product, o.quantity, p.price from shop.orders as o join files.prices as p using (product) where o.changed < 9
"""
EXPECTED = {
    "grain: id not null": "marts.checked.id:condition",
    "grain: id unique": "marts.checked.id:group",
    "product, Quantity not null": "marts.checked.product:condition marts.checked.quantity:condition",
    "product unique": "marts.checked.product:group",
    "quantity positive": "marts.checked.quantity:condition",
    "price between 0 and 9.5": "marts.checked.price:condition",
    "product in tea, coffee, mug": "marts.checked.product:condition",
    "product matches [a-z]+": "marts.checked.product:condition",
    "product found in files.prices.product": "files.prices.product:join marts.checked.product:join",
    "between 1 and ∞ rows": "files.prices.product:join shop.orders.changed:filter shop.orders.product:join",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_shop(tmp_path_factory.mktemp("checks"))
    write(folder, {"models/marts/checked.sql": CHECKS})
    run(folder, "source:shop", "source:files")
    return folder


@pytest.fixture(scope="module")
def columns(folder: Path) -> ColumnGraph:
    with Lake.open(folder) as lake:
        return lake.columns


@pytest.mark.parametrize(("title", "edges"), EXPECTED.items())
def test_a_check_depends_on_what_it_looks_at(columns: ColumnGraph, title: str, edges: str) -> None:
    steps = columns.steps_to(Origin("check:marts.checked", title))
    assert " ".join(sorted(f"{step.edge.origin}:{step.edge.how}" for step in steps)) == edges


def test_a_check_in_sql_depends_on_what_its_query_reads(columns: ColumnGraph) -> None:
    steps = list(columns.steps_to(Origin("check:marts.checked", "no negative worth")))
    assert {str(step.edge.origin) for step in steps} == {
        "marts.checked.id",
        "marts.checked.product",
        "marts.checked.quantity",
        "files.prices.product",
        "files.prices.price",
    }
    assert not any(step.edge.is_direct for step in steps), "a check shows no value"


def test_a_lost_column_at_the_source_names_the_checks_that_it_takes_along(columns: ColumnGraph) -> None:
    found = {check.column for check in columns.checks_below([Origin("source:shop.orders", "quantity")])}
    assert "quantity positive" in found
    assert "price between 0 and 9.5" not in found
    assert "key: id not null" in {c.column for c in columns.checks_below([Origin("source:shop.orders", "id")])}


def test_every_check_of_the_project_is_a_node_behind_which_its_asset_stands(columns: ColumnGraph) -> None:
    names = [name for name in columns.assets if name.startswith(CHECK)]
    assert "check:marts.priced" in names
    assert all(asset_of(name) in columns.assets for name in names)


def test_a_check_is_touched_by_itself_and_its_table_is_not_named_twice(folder: Path) -> None:
    with Lake.open(folder) as lake:
        found = {each.id: each for each in blast(lake.project.graph, lake.columns, [Origin("shop.orders", "quantity")])}
    assert found["check:marts.checked.quantity positive"].kind == "check"
    assert found["marts.checked"].columns == ("quantity",)
    assert "check:marts.checked.price between 0 and 9.5" not in found
