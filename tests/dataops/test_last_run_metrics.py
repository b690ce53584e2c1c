"""Which run is the last one, for whoever watches a project from outside."""

import datetime as dt

import pytest

from jusante.core.graph import Graph
from jusante.core.run import Run
from jusante.dataops.metrics import exposition

AT = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)


def ran(command: str, hours: int) -> Run:
    begun = AT + dt.timedelta(hours=hours)
    return Run("r", command, "dev", begun, "host", 1, "succeeded", begun + dt.timedelta(seconds=90))


@pytest.mark.parametrize(
    ("command", "counts"),
    [
        ("run ", True),
        ("run marts.priced+", True),
        ("up shop.orders (every 1h) and 2 more", True),
        ("backfill marts.daily", True),
        ("maintain ", False),
        ("rollback marts.daily", False),
        ("erase shop.customers", False),
    ],
)
def test_a_run_that_makes_something_is_the_last_one_whoever_began_it(command: str, counts: bool) -> None:
    lines = exposition(Graph([]), {}, {}, (), (ran(command, 2), ran("run ", 1))).splitlines()
    ended = AT + dt.timedelta(hours=2 if counts else 1, seconds=90)
    assert f"jusante_last_run_timestamp_seconds {int(ended.timestamp())}" in lines
    assert {"jusante_last_run_seconds 90", "jusante_last_run_succeeded 1"} <= set(lines)
