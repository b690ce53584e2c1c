"""Whether two columns mean the same, asked of pairs of queries; and what they mean in words."""

import random
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from jusante.core.asset import Asset, Ingested
from jusante.core.graph import Graph
from jusante.core.meaning import Meaning
from jusante.core.model import Model, SqlModel
from jusante.core.place import Place
from jusante.core.source import Source, SourceTable
from jusante.transformation.meaning import Meanings
from jusante.transformation.sql_analysis import analyse

CASES = yaml.safe_load(Path(__file__).with_name("cases.yaml").read_text(encoding="utf-8"))
TABLES = {
    "shop.items": ("order_id", "product", "quantity", "price", "amount"),
    "shop.orders": ("id", "customer", "status", "test"),
    "shop.customers": ("id", "country"),
}


def meanings(*queries: str) -> list[Meaning | None]:
    """What the column x of each query means; each query is a model `m.q0`, `m.q1` …"""
    models = [
        Asset(f"m.q{number}", Place("m"), analyse(sql).reads, SqlModel(Model(), analyse(sql)))
        for number, sql in enumerate(queries)
    ]
    graph = Graph([*_ingested(), *models])
    told = Meanings(graph, lambda name: TABLES.get(name, ()), [asset.id for asset in models])
    return [told.of(asset.id, "x") for asset in models]


def _ingested() -> list[Asset]:
    """The tables as what comes from outside: nothing is known of how they are made."""
    source = Source(source="shop", kind="sqlite")
    return [
        Asset(name, Place("shop.yaml"), (), Ingested(source, SourceTable(), name.partition(".")[2])) for name in TABLES
    ]


@pytest.mark.parametrize(("judged", "one", "other"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_pairs_mean_the_same_or_do_not(judged: str, one: str, other: str) -> None:
    first, second = meanings(one, other)
    assert first is not None
    assert second is not None
    assert first.means(second) == second.means(first) == (judged == "same"), (first, second)


def test_a_meaning_is_told_in_words() -> None:
    sql = (
        "select sum(i.quantity * i.price) as x from shop.items as i join shop.orders as o on i.order_id = o.id "
        "where o.status <> 'cancelled' and not o.test"
    )
    (meaning,) = meanings(sql)
    assert meaning is not None
    assert meaning.sentence == (
        "the sum of items.price × items.quantity, where not orders.test and orders.status is not 'cancelled'"
    )


def test_what_cannot_be_followed_stands_for_itself() -> None:
    recursive = "with recursive r as (select 1 as x union all select x + 1 from r where x < 5) select x from r"
    (meaning,) = meanings(recursive)
    assert meaning is not None
    assert meaning.expression == "m.q0.x"


def test_a_column_that_is_not_there_means_nothing() -> None:
    assert meanings("select price as y from shop.items") == [None]


# Random expressions over two columns, each with a twin in which what may be turned around is turned around.
LEAF = st.sampled_from(["quantity", "price", "2", "3"])


def _pairs(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    def made(one: tuple[str, str], other: tuple[str, str], sign: str, turned: bool) -> tuple[str, str]:
        left, right = (other[1], one[1]) if turned and sign in "+*" else (one[1], other[1])
        return f"({one[0]} {sign} {other[0]})", f"({left} {sign} {right})"

    return st.builds(made, inner, inner, st.sampled_from(["+", "*", "-"]), st.booleans())


EXPRESSIONS = st.recursive(LEAF.map(lambda leaf: (leaf, leaf)), _pairs, max_leaves=6)


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS, EXPRESSIONS)
def test_what_is_turned_around_means_the_same_and_what_means_the_same_gives_the_same(
    pair: tuple[str, str], stranger: tuple[str, str]
) -> None:
    one, twin, other = meanings(*(f"select {each} as x from shop.items" for each in (*pair, stranger[0])))
    assert one is not None
    assert twin is not None
    assert other is not None
    assert one.means(twin)
    if one.means(other):
        dice = random.Random(7)
        for _ in range(5):
            values = f"(select {dice.randint(2, 99)} as quantity, {dice.randint(2, 99)} as price)"
            results = [duckdb.sql(f"select {each} from {values}").fetchone() for each in (pair[0], stranger[0])]
            assert results[0] == results[1]
