"""Whatever comes, goes or changes above: making the intervals that are due gives what making all of them gives."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timed import Lake

COLUMNS = {"s.orders": "id int, ts timestamp", "s.items": "id int, order_id int, product varchar, n int"}
JOINED = "s.orders as o join s.items as i on i.order_id = o.id"
QUERIES = {
    "inner": f"select date_trunc('UNIT', o.ts) as day, i.product, sum(i.n)::int as n from {JOINED} group by all",
    "left": f"select date_trunc('UNIT', o.ts) as day, sum(i.n)::int as n from {JOINED.replace('join', 'left join')} group by all",
    "having": f"select date_trunc('UNIT', o.ts) as day, count(*)::int as n from {JOINED} group by all having count(*) > 1",
    "rows": f"select o.ts as day, i.* exclude (id) from {JOINED} where i.n > 0",
    "window": "select date_trunc('UNIT', ts) as day, id, (sum(id) over (order by ts, id))::int as total from s.orders",
    "subquery": "select date_trunc('UNIT', ts) as day, id from s.orders where id in (select order_id from s.items)",
    "distinct": "select distinct date_trunc('UNIT', ts) as day from s.orders",
    "twice": "select date_trunc('UNIT', a.ts) as day, b.id from s.orders as a join s.orders as b on b.id = a.id + 1",
    "view": "select date_trunc('UNIT', ts) as day, n from s.sold",
    "inside": "with i as (select order_id, sum(n)::int as n from s.items group by all) "
    "select date_trunc('UNIT', o.ts) as day, i.n from s.orders as o join i on i.order_id = o.id",
}
VIEWS = {"s.sold": "select o.ts, i.n from s.orders as o join s.items as i on i.order_id = o.id"}
TIMES = st.sampled_from(
    [f"2026-{month:02}-{day:02} 23:59:59" for month, day in ((1, 1), (1, 2), (1, 31), (2, 1), (3, 5))]
)
ORDERS = st.dictionaries(st.integers(1, 5), TIMES, max_size=5).map(lambda held: list(held.items()))
ITEMS = st.lists(
    st.tuples(st.integers(1, 9), st.integers(1, 5), st.sampled_from(["tea", "mug"]), st.integers(0, 3)), max_size=6
)
STEP = st.tuples(st.sampled_from(["s.orders", "s.items", "more items"]), ORDERS, ITEMS)


@settings(max_examples=8, deadline=None)
@given(
    query=st.sampled_from(sorted(QUERIES)),
    unit=st.sampled_from(["day", "month", "hour"]),
    first=st.tuples(ORDERS, ITEMS),
    steps=st.lists(st.lists(STEP, min_size=1, max_size=2), min_size=1, max_size=3),
)
def test_what_is_due_and_no_more_gives_the_whole(
    tmp_path_factory: pytest.TempPathFactory, query: str, unit: str, first: Any, steps: list[Any]
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"), COLUMNS, QUERIES[query].replace("UNIT", unit), VIEWS, interval=unit)
    try:
        lake.load("s.orders", first[0])
        lake.load("s.items", first[1])
        lake.build()
        assert lake.rows() == lake.expected()
        for step in steps:
            for what, orders, items in step:
                if what == "more items":
                    lake.load("s.items", items, more=True)
                else:
                    lake.load(what, orders if what == "s.orders" else items)
            lake.build()
            assert lake.rows() == lake.expected()
    finally:
        lake.close()


def test_only_the_touched_days_are_made(tmp_path: Path) -> None:
    lake = Lake(tmp_path, COLUMNS, QUERIES["inner"].replace("UNIT", "day"))
    lake.load("s.orders", [(1, "2026-01-01 10:00"), (2, "2026-01-02 10:00"), (3, "2026-02-01 10:00")])
    lake.load("s.items", [(1, 1, "tea", 1), (2, 2, "tea", 2), (3, 3, "tea", 3)])
    assert lake.build().told == "32 of 32 days made: 2026-01-01 to 2026-02-01"
    lake.load("s.items", [(4, 2, "mug", 1)], more=True)
    assert lake.build().told == "1 of 32 days made: 2026-01-02"
    lake.load("s.orders", [(1, "2026-01-01 10:00"), (2, "2026-01-05 10:00"), (3, "2026-02-01 10:00")])
    lake.load("s.items", [(4, 3, "cup", 1)], more=True)
    assert lake.build().told == "3 of 32 days made"
    assert lake.rows() == lake.expected()
    lake.close()
