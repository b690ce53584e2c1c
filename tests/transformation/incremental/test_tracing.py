"""Which tables of a query are traced to its time, and why others are not."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from jusante.transformation.incremental.tracing import traced

CASES = yaml.safe_load((Path(__file__).parent / "tracing.yaml").read_text())
VIEWS = {"s.v": "select * from s.a join s.b using (k)", "s.sums": "select day, sum(n) as n from s.a group by day"}


@pytest.mark.parametrize("case", CASES, ids=[case["sql"] for case in CASES])
def test_a_table_is_traced_only_where_each_row_comes_by_itself(case: dict[str, Any]) -> None:
    found = traced(case["sql"], ("day",), VIEWS)
    assert sorted(found.tables) == case.get("traced", [])
    assert dict(found.why) == case.get("why", {})
