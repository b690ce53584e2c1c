"""The suite of queries: no unsafe one is missed, no safe one is called unsafe, and execution agrees with both."""

import random
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from jusante.transformation.row_growth.query import analyse_growth
from jusante.transformation.row_growth.relation import Relation, table_of
from jusante.transformation.row_growth.rewrite import rewrite

CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
TABLES: dict[str, tuple[dict[str, str], list[tuple[str, ...]]]] = {
    "s.orders": (dict.fromkeys(("order_id", "customer_id", "total", "day"), "int"), [("order_id",)]),
    "s.items": (dict.fromkeys(("order_id", "line", "sku", "qty", "price"), "int"), [("order_id", "line")]),
    "s.customers": (
        dict.fromkeys(("customer_id", "email", "country", "credit"), "int"),
        [("customer_id",), ("email",)],
    ),
    "s.products": (dict.fromkeys(("sku", "category", "list_price"), "int"), [("sku",)]),
    "s.payments": (dict.fromkeys(("payment_id", "order_id", "paid"), "int"), [("payment_id",)]),
    "s.prices": (dict.fromkeys(("sku", "valid_from", "amount"), "int"), [("sku", "valid_from")]),
    "s.notes": (dict.fromkeys(("order_id", "weight"), "int"), []),
    "s.words": ({"number": "string"}, [("number",)]),
}
TRIES = 30


def relation(name: str) -> Relation:
    columns, keys = TABLES[name]
    return table_of(name, columns, keys, filled={column for key in keys for column in key})


def told(sql: str) -> dict[str, list[str]]:
    found = analyse_growth(sql, relation)
    assert not found.untold, found.untold
    return {f"{i.blame.repeated} x {i.blame.by}": [m.text for m in i.measures] for i in found.inflated}


def fill(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Rows that keep the declared keys, and are otherwise as unlike what a query hopes for as can be."""
    chance = random.Random(seed)
    for name, (columns, keys) in TABLES.items():
        never_null = {column for key in keys for column in key}
        rows: list[str] = []
        taken: set[tuple[object, ...]] = set()
        for _ in range(chance.choice([0, 2, 5, 9])):
            values = {
                column: None if column not in never_null and chance.random() < 0.15 else chance.randint(1, 3)
                for column in columns
            }
            marks = {(key, *(values[column] for column in key)) for key in keys}
            if not marks & taken:
                taken |= marks
                rows.append(str(tuple(values.values())).replace("None", "null").replace(",)", ")"))
        if name == "s.words":
            rows = chance.sample(["('1')", "('01')", "('2')", "('3')"], chance.randint(0, 4))
        kinds = ", ".join(
            f"{column} {'varchar' if kind == 'string' else 'integer'}" for column, kind in columns.items()
        )
        connection.execute(f"create or replace table {name} ({kinds})")
        if rows:
            connection.execute(f"insert into {name} values {', '.join(rows)}")


def answer(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """The rows in no order. A sum of nothing is nothing, however it came about."""
    rows = connection.execute(sql).fetchall()
    return sorted(str([round(float(value or 0), 6) for value in row]) for row in rows)


def test_there_are_enough_cases_and_half_of_them_are_safe() -> None:
    safe = sum("inflated" not in case for case in CASES)
    assert len(CASES) >= 60
    assert 0.4 <= safe / len(CASES) <= 0.6


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_just_these_measures_are_inflated_and_by_this_join(case: dict[str, Any]) -> None:
    assert told(case["sql"]) == case.get("inflated", {})


@pytest.mark.parametrize("case", [c for c in CASES if "inflated" not in c], ids=lambda case: case["case"])
def test_what_is_safe_stays_so_while_columns_are_not_known_yet(case: dict[str, Any]) -> None:
    def unseen(name: str) -> Relation:
        keys = TABLES[name][1]
        return table_of(
            name, None, keys, declared=[c for key in keys for c in key], filled=[c for key in keys for c in key]
        )

    assert analyse_growth(case["sql"], unseen).inflated == []


def test_execution_agrees_on_data_that_keep_the_keys_and_nothing_else() -> None:
    unsafe = {case["case"]: case for case in CASES if "inflated" in case}
    wrong = []
    with duckdb.connect() as connection:
        connection.execute("create schema s")
        for seed in range(TRIES):
            fill(connection, seed)
            for case in CASES:
                if case["case"] not in unsafe and "inflated" in case:
                    continue
                if answer(connection, case["sql"]) != answer(connection, case["right"]):
                    wrong += [] if unsafe.pop(case["case"], None) else [(case["case"], seed)]
    assert wrong == []
    assert list(unsafe) == []


def rewritten() -> dict[str, str]:
    """The cases whose whole query can be rewritten so that nothing is inflated, with the query."""
    found = {}
    for case in CASES:
        analysis = analyse_growth(case["sql"], relation)
        written = [new for each in analysis.inflated if (new := rewrite(each)) and each.select is analysis.tree]
        if len(written) == len(analysis.inflated) == 1 and "keep one row" not in written[0].why:
            found[case["case"]] = written[0].sql
    return found


def test_what_is_suggested_gives_what_was_meant() -> None:
    suggested = rewritten()
    assert len(suggested) >= 8
    right = {case["case"]: case["right"] for case in CASES}
    with duckdb.connect() as connection:
        connection.execute("create schema s")
        for seed in range(TRIES // 2):
            fill(connection, seed)
            for case, sql in suggested.items():
                assert answer(connection, sql) == answer(connection, right[case]), (case, sql, seed)


@pytest.mark.parametrize("sql", rewritten().values(), ids=list(rewritten()))
def test_what_is_suggested_is_called_safe(sql: str) -> None:
    assert told(sql) == {}
