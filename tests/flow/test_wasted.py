"""Waste found in a real project: by its ledger, its questions and its tables."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from jusante.app import Lake
from jusante.app.questions import ASKED, take_in
from jusante.app.waste import Found, wasted
from jusante.cli.main import cli
from jusante.core.event import Event
from projects import run, write, write_shop

MONTH = dt.timedelta(days=30)
EXTRA = {
    "models/marts/again.sql": "select product, sum(quantity * price) as revenue from marts.priced group by product",
    "models/marts/copied.py": (
        "from jusante import model\n\n\n@model()\ndef copied(prices='files.prices'):\n"
        "    return prices.select(['product']).take([2, 0, 1])\n"
    ),
    "dashboards/d.yaml": (
        "dashboard: d\ntitle: D\nowner: boss@b.example\nrows:\n"
        "  - [{title: R, chart: number, sql: 'select count(*) as r from marts.again', value: r}]\n"
    ),
}


def looked(folder: Path, later: dt.timedelta = dt.timedelta()) -> Found:
    with Lake.open(folder) as lake:
        return wasted(lake.system, dt.datetime.now(dt.UTC) + later)


def of_kind(found: Found, kind: str) -> dict[str, tuple[str, ...]]:
    return {waste.asset: waste.others for waste in found.waste if waste.kind == kind}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small shop, made once, with tables that hold the same; nobody changes it."""
    folder = write(write_shop(tmp_path_factory.mktemp("whole")), EXTRA)
    run(folder)
    return folder


def test_what_nobody_reads_is_told_once_the_ledger_is_old_enough(whole: Path) -> None:
    folder = whole
    assert looked(folder).is_early
    assert of_kind(looked(folder), "unread") == {}
    later = looked(folder, MONTH + dt.timedelta(hours=1))
    assert not later.is_early
    unread = set(of_kind(later, "unread"))
    assert unread == {"marts.by_product", "marts.names", "marts.copied"}, "the rest ends in a dashboard"
    assert all(waste.usd_per_month > 0 for waste in later.waste if waste.kind == "unread")


def test_a_question_is_reading_whoever_asks(tmp_path: Path) -> None:
    folder = write(write_shop(tmp_path / "shop"), EXTRA)
    run(folder)
    with Lake.open(folder) as lake:
        lake.ask("select * from marts.dear")  # a view of marts.by_product
        lake.ask("select * from marts.names")
        take_in(lake.system)
        asked = lake.metadata.latest(ASKED, 2)
        lake.metadata.tell([replace(event, at=event.at + MONTH / 2, seq=None) for event in asked])
    assert set(of_kind(looked(folder, MONTH + dt.timedelta(hours=1)), "unread")) == {"marts.copied"}


def test_tables_that_hold_the_same_are_found_by_query_and_by_their_rows(whole: Path) -> None:
    found = of_kind(looked(whole), "duplicate")
    assert found == {"marts.again": ("marts.by_product",), "marts.copied": ("marts.names",)}


def test_loads_of_few_rows_and_what_they_leave_behind_are_found(tmp_path: Path) -> None:
    source = "source: logs\nkind: files\nowner: a@b.example\ntables:\n  seen: {path: 'seen*.csv', ingest: {mode: incremental}}\n"
    folder = write(write_shop(tmp_path / "shop"), {"sources/logs.yaml": source})
    for number in range(5):
        run(write(folder, {f"seen{number}.csv": f"id,what\n{number},tea\n"}), "logs.seen")
    with Lake.open(folder) as lake:
        last = lake.metadata.latest("task.succeeded", 1, asset="logs.seen")[0]
        again = [
            Event(
                "task.succeeded", last.at - dt.timedelta(minutes=n), "r0", "logs.seen", {"task": last.payload["task"]}
            )
            for n in range(1, 60)
        ]
        lake.metadata.tell(again)
    found = looked(folder)
    assert set(of_kind(found, "row_by_row")) == {"logs.seen"}
    assert set(of_kind(found, "small_files")) == {"logs.seen"}
    told = json.loads(CliRunner().invoke(cli, ["costs", "--waste", "--json", "--project", str(folder)]).stdout)
    assert {each["kind"] for each in told["waste"]} >= {"row_by_row", "small_files"}
    assert told["too_early"] == ["unread"]
    shown = CliRunner().invoke(cli, ["costs", "--waste", "--project", str(folder)]).stdout
    assert "row by row" in shown
    assert "too early" in shown
