"""Each guard fires where it should and stays silent beside it, and each is explained."""

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from jusante.core.asset import Asset, Ingested
from jusante.core.graph import Graph
from jusante.core.guard import GuardCode
from jusante.core.model import Model, SqlModel
from jusante.core.place import Place
from jusante.core.schema import Column, Schema
from jusante.core.source import Source
from jusante.engineering.project.problems import CODES
from jusante.transformation.guards import RULES, found_in
from jusante.transformation.row_growth.project import Growth
from jusante.transformation.sql_analysis import analyse

CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
COLUMNS = {
    "shop.orders": "order_id:int customer_id:int total:double day:date ordered_at:timestamptz note:string",
    "shop.items": "order_id:int line:int sku:int qty:int",
    "shop.customers": "customer_id:int name:string credit:double",
    "shop.loose": "sku:int code:string",
}
KEYS = {"orders": ["order_id"], "items": ["order_id", "line"], "customers": ["customer_id"], "loose": []}
SOURCE = {
    "source": "shop",
    "kind": "files",
    "owner": "shop@b.example",
    "tables": {n: {"key": k} for n, k in KEYS.items()},
}


WIDE = "select o.order_id, i.line, o.customer_id, o.total, i.qty from shop.orders as o join shop.items as i using (order_id)"


def schema(name: str) -> Schema | None:
    if name not in COLUMNS:
        return None
    return Schema(tuple(Column(*each.split(":")) for each in COLUMNS[name].split()))


def model(name: str, sql: str, **header: Any) -> Asset:
    query = analyse(sql)
    return Asset(name, Place(f"models/{name}.sql", 1), query.reads, SqlModel(Model.model_validate(header), query))


def ingested(source: dict[str, Any]) -> list[Asset]:
    made = Source.model_validate(source)
    return [Asset(f"shop.{n}", Place("s.yaml"), (), Ingested(made, t, n)) for n, t in made.tables.items()]


def codes(case: dict[str, Any]) -> list[str]:
    asset = model("marts.mine", case["sql"], owner="me@b.example", **{k: v for k, v in case.items() if k != "sql"})
    theirs = model("marts.theirs", "select day, total as v from shop.orders", owner="they@b.example")
    rates = model("marts.rates", "select day, avg(total) as mean from shop.orders group by day", owner="me@b.example")
    wide = model("marts.wide", WIDE, owner="me@b.example")
    lines = model("marts.lines", WIDE, owner="me@b.example", grain=["order_id", "line"])
    graph = Graph([*ingested(SOURCE), theirs, rates, wide, lines, asset])
    return [found.code for found in found_in(asset, graph, Growth(graph, schema))]


@pytest.mark.parametrize("case", CASES, ids=[f"{case['rule']} {case['fires']['sql'][:60]}" for case in CASES])
def test_a_guard_fires_and_stays_silent_beside_it(case: dict[str, Any]) -> None:
    assert case["rule"] in codes(case["fires"])
    assert codes(case["silent"]) == [] or case["rule"] not in codes(case["silent"])


def test_what_is_silent_for_one_rule_is_silent_for_nearly_all() -> None:
    told = [(case["rule"], found) for case in CASES if (found := codes(case["silent"]))]
    assert len(told) <= 2, told


def test_every_rule_has_a_pair_and_an_explanation() -> None:
    tested = {case["rule"] for case in CASES} | {"J167"}
    assert tested == set(RULES) == set(get_args(GuardCode))
    for code, rule in RULES.items():
        assert CODES[code] == rule.title
        assert rule.why
        assert rule.instead


@pytest.mark.parametrize(
    ("every", "mode", "fires"), [("1h", "full", True), ("2h", "full", True), ("1d", "full", False)]
)
def test_a_full_read_in_quiet_hours_is_told(every: str, mode: str, fires: bool) -> None:
    limits = {"not_during": "09:00-11:00 America/Sao_Paulo"}
    tables = {"orders": {"key": ["order_id"], "ingest": {"mode": mode, "every": every}}}
    graph = Graph(ingested({**SOURCE, "limits": limits, "tables": tables}))
    found = list(found_in(graph["shop.orders"], graph, Growth(graph, schema)))
    assert [each.code for each in found] == (["J167"] if fires else [])
