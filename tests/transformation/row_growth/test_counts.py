"""Join counts: a jump is told, what is usual is not, whichever way round the engine joins."""

import random

import pytest

from jusante.ports.engine import Operator
from jusante.transformation.row_growth.counts import JoinCount, joins_of, jumps


def scan(table: str, rows: int) -> Operator:
    return Operator("scan", "", rows, 0.0, (), table)


def count(rows: int, left: int = 1000, right: int = 3000) -> JoinCount:
    return JoinCount("a = b", ("s.items",), ("s.orders",), right, left, rows)


def test_sides_are_the_same_whichever_way_round_the_engine_joins() -> None:
    one = Operator("join", "id = order_id", 30, 0.0, (scan("s.orders", 10), scan("s.items", 30)))
    other = Operator("join", "order_id = id", 30, 0.0, (scan("s.items", 30), scan("s.orders", 10)))
    assert joins_of(one) == joins_of(other)
    assert joins_of(one)[0].ratios == (1.0, 3.0)


def test_joins_are_found_in_all_of_a_query() -> None:
    inner = Operator("join", "a = b", 30, 0.0, (scan("s.orders", 10), scan("s.items", 30)))
    outer = Operator("join", "c = d", 30, 0.0, (Operator("filter", "", 30, 0.0, (inner,)), scan("s.customers", 5)))
    found = joins_of(Operator("write", "", 1, 0.0, (outer,)))
    assert [each.left + each.right for each in found] == [
        ("s.items", "s.orders"),
        ("s.customers", "s.items", "s.orders"),
    ]


@pytest.mark.parametrize(
    ("rows", "usual", "told"),
    [
        (6000, [3000, 3010, 2990], True),
        (3100, [3000, 3010, 2990], False),
        (4400, [3000, 3000, 3000], False),
        (4600, [3000, 3000, 3000], True),
        (6000, [3000, 3010], False),
        (6000, [3000, 4500, 1500, 6500, 2000], False),
        (90, [30, 30, 30], False),
    ],
)
def test_a_jump_is_told(rows: int, usual: list[int], told: bool) -> None:
    found = jumps([count(rows)], [[count(each)] for each in usual], whole=True)
    assert bool(found) == told
    if told:
        assert "s.items with s.orders on a = b" in found[0]


def test_growing_tables_do_not_make_a_jump() -> None:
    chance = random.Random(1)
    before = []
    for size in range(1, 30):
        left = size * 1000
        rows = int(left * chance.gauss(3, 0.15))
        now = JoinCount("a = b", ("s.items",), ("s.orders",), rows, left, rows)
        assert jumps([now], list(reversed(before)), whole=True) == ()
        before.append([now])


@pytest.mark.parametrize(("sales", "usual", "shops"), [(3000, 40, 9), (3000, 40, 90), (40, 3000, 9), (150, 40, 90)])
def test_more_at_once_is_no_jump(sales: int, usual: int, shops: int) -> None:
    """A model by time that makes all days anew, after runs that made one each, joins them with the same shops."""

    def joined(rows: int) -> JoinCount:
        return JoinCount("shop = id", ("s.sales",), ("s.shops",), rows, shops, rows)

    assert jumps([joined(sales)], [[joined(usual)]] * 5, whole=False) == ()
    twice = JoinCount("shop = id", ("s.sales",), ("s.shops",), sales, shops, 2 * max(sales, shops))
    assert len(jumps([twice], [[joined(usual)]] * 5, whole=False)) == (2 * max(sales, shops) >= 100)


def test_a_join_of_another_version_or_shape_is_not_compared() -> None:
    other = JoinCount("a = b", ("s.items",), ("s.customers",), 3000, 1000, 3000)
    assert jumps([count(9000)], [[other]] * 5, whole=True) == ()
