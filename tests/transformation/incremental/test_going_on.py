"""The command that makes what is left of a backfill."""

import pytest

from jusante.core.interval import Unit, number, parse
from jusante.transformation.incremental.batches import Backfill


@pytest.mark.parametrize(
    ("how", "unit", "left", "said"),
    [
        ({}, "day", "", "jusante backfill m.x"),
        ({}, "day", "2026-01-04", "jusante backfill m.x"),
        ({"first": "2026-01-02"}, "day", "", "jusante backfill m.x --from 2026-01-02"),
        ({"first": "2026-01-02"}, "day", "2026-01-04", "jusante backfill m.x --from 2026-01-04"),
        ({"end": "2026-03"}, "month", "2026-02", "jusante backfill m.x --to 2026-03"),
        ({"anew": True}, "day", "2026-01-04", "jusante backfill m.x --from 2026-01-04 --anew"),
        ({"anew": True}, "hour", "2026-01-04 07:00", "jusante backfill m.x --from '2026-01-04 07:00' --anew"),
    ],
)
def test_what_is_done_is_not_done_again(how: dict[str, str], unit: Unit, left: str, said: str) -> None:
    times = {name: parse(value) if isinstance(value, str) else value for name, value in how.items()}
    first = number(parse(left), unit) if left else None
    assert Backfill(lambda _: None, **times).command("m.x", unit, first) == said
