"""Backfills: an estimate, batches that are commits, and whatever ends one, the same command makes the rest."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from days import ALL_OF_IT, DAILY, ITEMS, ORDERS, PROJECT, load, write_days
from jusante.app import Lake
from jusante.app.backfilling import Listener, backfill, outlook, with_intervals
from jusante.errors import UsageError
from jusante.transformation.incremental.batches import Backfill, Batch
from projects import made, rows, run, write

MONTHLY = (
    "/* jusante\nkind: by_time\ntime: month\ninterval: month\n*/\n"
    "select date_trunc('month', day) as month, sum(quantity)::int as quantity from marts.daily group by all"
)


@pytest.fixture
def days(tmp_path: Path) -> Path:
    """The project with its source loaded and no model made."""
    write_days(tmp_path, **{"models/marts/monthly.sql": MONTHLY})
    assert made(run(tmp_path, "source:shop")) == {"shop.orders", "shop.items"}
    return tmp_path


def fill(folder: Path, *wishes: str, **how: Any) -> list[Batch]:
    """Backfill in this process; the batches in their order."""
    heard: list[Batch] = []
    with Lake.open(folder) as lake:
        wish = Backfill(lambda _: None, **how)
        report = backfill(
            lake, wishes or ("marts.daily",), wish, listener=Listener(lambda batch, _: heard.append(batch))
        )
    assert report.status == "succeeded"
    return heard


def look(folder: Path, *wishes: str, **how: Any) -> dict[str, dict[str, Any]]:
    """The estimate, by model."""
    with Lake.open(folder) as lake:
        found = outlook(lake, wishes or ("marts.daily",), Backfill(lambda _: None, **how))
    return {each.asset: each.as_dict() for each in found}


def test_each_batch_is_a_commit_and_all_of_them_are_the_whole(days: Path) -> None:
    heard = fill(days, most=2)
    assert [batch.name for batch in heard if batch.asset == "marts.daily"] == sorted(
        ["2026-01-01 to 2026-01-02", "2026-01-03 to 2026-01-04", "2026-01-05"]
    )
    assert rows(days, DAILY) == rows(days, ALL_OF_IT)
    with Lake.open(days) as lake:
        assert len(lake.store.history("marts.daily")) == 3
        events = lake.metadata.latest("interval.done", 10, asset="marts.daily")
    assert sum(event.payload["intervals"] for event in events) == 5
    assert made(run(days)) == set()


def test_models_by_time_below_follow(days: Path) -> None:
    assert {batch.asset for batch in fill(days)} == {"marts.daily", "marts.monthly"}
    assert rows(days, "select month::date::varchar, quantity from marts.monthly") == [("2026-01-01", 9)]


def test_a_window_is_made_and_the_rest_is_listed_as_gaps(days: Path) -> None:
    from jusante.core.interval import parse

    fill(days, first=parse("2026-01-02"), end=parse("2026-01-04"))
    assert [row[0] for row in rows(days, DAILY)] == ["2026-01-02"]
    assert look(days)["marts.daily"]["gaps"] == [
        {"first": "2026-01-01", "last": "2026-01-01", "intervals": 1, "why": "never made"},
        {"first": "2026-01-04", "last": "2026-01-05", "intervals": 2, "why": "never made"},
    ]
    assert made(run(days, "marts.daily")) == {"marts.daily"}
    assert rows(days, DAILY) == rows(days, ALL_OF_IT)
    assert look(days)["marts.daily"]["gaps"] == []


def test_late_rows_are_gaps_and_are_filled(days: Path) -> None:
    fill(days)
    load(days, ORDERS, [*ITEMS, (5, 2, "cup", 3)])
    run(days, "source:shop")
    found = look(days)
    assert found["marts.daily"]["gaps"] == [
        {"first": "2026-01-02", "last": "2026-01-02", "intervals": 1, "why": "rows changed above"}
    ]
    assert found["marts.monthly"]["after"] == "marts.daily"
    fill(days)
    assert rows(days, DAILY) == rows(days, ALL_OF_IT)


def test_the_estimate_counts_what_is_read_and_learns_what_it_takes(days: Path) -> None:
    before = look(days, most=1)["marts.daily"]
    assert (before["intervals"], before["batches"], before["seconds"], before["usd"]) == (5, 5, None, None)
    assert before["rows"] == 5 * (len(ORDERS) + len(ITEMS))
    assert before["bytes"] > 0
    fill(days)
    measured = look(days, anew=True)["marts.daily"]
    assert measured["seconds"] > 0
    assert measured["usd"] > 0


def test_another_version_is_made_in_batches_where_its_columns_are_the_same(days: Path) -> None:
    fill(days)
    text = PROJECT["models/marts/daily.sql"].replace("sum(i.quantity)", "2 * sum(i.quantity)")
    write(days, {"models/marts/daily.sql": text})
    assert look(days)["marts.daily"]["why"] == "its definition changed"
    assert len([batch for batch in fill(days, most=1) if batch.asset == "marts.daily"]) == 5
    assert rows(days, DAILY)[0] == ("2026-01-01", "mug", 2, 1)


def test_other_columns_are_published_as_a_whole_and_not_in_part(days: Path) -> None:
    from jusante.core.interval import parse

    fill(days)
    text = PROJECT["models/marts/daily.sql"].replace("count(*) as n", "count(*) as n, 1 as more")
    write(days, {"models/marts/daily.sql": text})
    with Lake.open(days) as lake:
        wish = Backfill(lambda _: None, first=parse("2026-01-02"))
        report = backfill(lake, ("marts.daily",), wish)
    assert "its columns are other ones now" in str(report.tasks[0].error)
    fill(days)
    assert rows(days, "select distinct more from marts.daily") == [(1,)]


def test_the_plan_says_how_many_intervals(days: Path) -> None:
    def why() -> str:
        with Lake.open(days) as lake:
            return next(each.why for each in with_intervals(lake, lake.plan()) if each.asset == "marts.daily")

    assert why() == "never made before: at least 5 of 5 days"
    run(days)
    write(days, {"models/marts/daily.sql": PROJECT["models/marts/daily.sql"].replace("sum(", "2 * sum(")})
    assert why() == "its definition, or one above it, changed: at least 5 of 5 days"


def test_what_has_no_intervals_is_refused(days: Path) -> None:
    with pytest.raises(UsageError, match=r"shop\.orders is not made by time") as refused:
        look(days, "shop.orders")
    assert refused.value.fix.startswith("write kind: by_time and time: … in its header; made by time are ")
    assert "marts.daily" in refused.value.fix


@pytest.mark.parametrize(
    "point", [pytest.param("after_stage:marts.daily:3", marks=pytest.mark.slow), "after_commit:marts.daily:3"]
)
def test_a_killed_backfill_keeps_what_is_committed_and_makes_the_rest(days: Path, point: str) -> None:
    call = [sys.executable, "-m", "jusante", "backfill", "marts.daily", "--batch", "1", "--project", str(days)]
    killed = subprocess.run(call, env={**os.environ, "JUSANTE_KILL_AT": point}, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    kept = 3 if point.startswith("after_commit") else 2
    with Lake.open(days) as lake:
        assert len(lake.store.history("marts.daily")) == kept
    done = subprocess.run([*call, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "succeeded"
    assert done.stderr.count("✓ marts.daily  ") == 5 - kept
    assert rows(days, DAILY) == rows(days, ALL_OF_IT)
    with Lake.open(days) as lake:
        for snapshot in lake.store.history("marts.daily"):
            lake.rollback("marts.daily", snapshot.id)
            lake.query("select * from marts.daily")
