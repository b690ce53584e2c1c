"""Models by key: whatever changes above, making the keys that are touched gives what making all of them gives."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timed import Lake

COLUMNS = {"s.orders": "id int, who int", "s.items": "id int, order_id int, n int"}
QUERIES = {
    "grouped": "select o.who, sum(i.n)::int as n from s.orders as o join s.items as i on i.order_id = o.id group by all",
    "left": "select o.who, count(i.id)::int as n from s.orders as o left join s.items as i on i.order_id = o.id group by all",
    "rows": "select id as who, who as n from s.orders where who > 1",
    "ranked": "select who, min(id)::int as n from s.orders group by all having count(*) < 3",
}
ORDERS = st.dictionaries(st.integers(1, 6), st.integers(1, 3), max_size=6).map(lambda held: list(held.items()))
ITEMS = st.dictionaries(st.integers(1, 6), st.tuples(st.integers(1, 6), st.integers(0, 3)), max_size=6).map(
    lambda held: [(key, *rest) for key, rest in held.items()]
)


@settings(max_examples=5, deadline=None)
@given(
    query=st.sampled_from(sorted(QUERIES)),
    loads=st.lists(st.tuples(ORDERS, ITEMS, st.booleans()), min_size=2, max_size=4),
)
def test_the_touched_keys_and_no_more_give_the_whole(
    tmp_path_factory: pytest.TempPathFactory, query: str, loads: list[Any]
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"), COLUMNS, QUERIES[query], kind="by_key", time=None, grain=("who",))
    try:
        lake.load("s.orders", [])
        for orders, items, both in loads:
            lake.load("s.items", items)
            if both:
                lake.load("s.orders", orders)
            lake.build()
            assert lake.rows() == lake.expected()
    finally:
        lake.close()


def test_a_key_that_is_touched_is_made_and_a_key_that_went_goes(tmp_path: Path) -> None:
    lake = Lake(tmp_path, COLUMNS, QUERIES["grouped"], kind="by_key", time=None, grain=("who",))
    lake.load("s.orders", [(1, 1), (2, 2), (3, 3)])
    lake.load("s.items", [(1, 1, 5), (2, 2, 6), (3, 3, 7)])
    assert lake.build().told == ""
    lake.load("s.items", [(4, 2, 1)], more=True)
    assert lake.build().told == "1 key made"
    assert lake.rows() == [(1, 5), (2, 7), (3, 7)]
    lake.load("s.items", [(1, 1, 5), (2, 2, 6), (4, 2, 1)])
    assert lake.build().told == "1 key made"
    assert lake.rows() == [(1, 5), (2, 7)]
    lake.load("s.orders", [(1, 1), (2, 2), (3, 3), (4, 9)])
    assert lake.build().told == "no key is touched by it"
    lake.close()
