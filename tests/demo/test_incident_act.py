"""The act of the bad day: a source dies and a bad deployment follows; each is one incident, told, timed and written up."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from jusante.app import Lake
from jusante.core.incident import Incident
from jusante.demo.incident_act import BEFORE, MODEL


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """The folder, what the act printed, and what the console was told."""
    folder = tmp_path_factory.mktemp("act") / "shop"
    command = [
        sys.executable,
        "-m",
        "jusante",
        "demo",
        str(folder),
        "--scale",
        "0.005",
        "--act",
        "incident",
        "--finish",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout, done.stderr


@pytest.fixture(scope="module")
def incidents(played: tuple[Path, str, str]) -> dict[str, Incident]:
    """By its id."""
    with Lake.open(played[0]) as lake:
        return {incident.id: incident for incident in lake.metadata.incidents(None, 9)}


def part(told: str, begin: str, end: str) -> str:
    return told.partition(begin)[2].partition(end)[0]


def test_each_cause_is_one_incident_and_its_true_cause_comes_first(incidents: dict[str, Incident]) -> None:
    assert set(incidents) == {"I1", "I2"}
    outage, slip = incidents["I1"], incidents["I2"]
    assert (outage.cause.asset, outage.cause.kind, outage.suspects[0].subject) == (
        "source:sales",
        "source_down",
        "source:sales",
    )
    assert set(outage.assets) == {"sales.orders", "sales.customers", "sales.order_items"}
    assert len(outage.below) == 13
    assert (slip.cause.asset, slip.cause.kind) == ("marts.daily_sales", "audit")
    suspects = [(each.kind, each.subject) for each in slip.suspects]
    assert suspects[0] == ("definition", "marts.daily_sales")
    assert {("data", "sales.orders"), ("data", "sales.order_items")} < set(suspects), "new data came at the same time"
    assert outage.state == slip.state == "resolved"


def test_owners_are_told_on_the_console_and_by_a_webhook_once_each(
    played: tuple[Path, str, str], incidents: dict[str, Incident]
) -> None:
    _, told, console = played
    arrived = Counter(re.findall(r"^←  (\S+) +(\S+) +(I\d)", told, re.MULTILINE))
    expected = {
        (kind, owner, incident.id)
        for incident in incidents.values()
        for owner in {incident.owner, *(touched.owner for touched in incident.touched)}
        for kind in ("incident.opened", "incident.resolved")
    }
    assert set(arrived) == expected
    assert set(arrived.values()) == {1}
    assert f"received {len(expected)} messages in all, none of them twice" in told
    shown = Counter(re.findall(r"^to (\S+):\n  (I\d) (opened|is over)", console, re.MULTILINE))
    assert set(shown) == {(owner, i, "opened" if kind.endswith("opened") else "is over") for kind, owner, i in expected}
    assert set(shown.values()) == {1}


def test_the_timeline_tells_what_happened_in_its_order(
    played: tuple[Path, str, str], incidents: dict[str, Incident]
) -> None:
    assert [moment.what for moment in incidents["I1"].timeline] == ["opened", "told", "acknowledged", "resolved"]
    assert [moment.what for moment in incidents["I2"].timeline] == ["opened", "told", "resolved"]
    assert incidents["I2"].timeline[1].text == "growth@shop.example, finance@shop.example, by console and pager"
    shown = part(played[1], "What is wrong now is another cause", "taken back")
    assert re.search(r"opened  r\d{8}-\S+ *\n.*told    growth@shop\.example, finance@shop\.example", shown), shown
    assert "→  see that edit first: marts.daily_sales was edited (models/marts/daily_sales.sql)" in shown


def test_the_draft_of_the_post_mortem_is_right(played: tuple[Path, str, str]) -> None:
    draft = part(played[1], "$ jusante incidents postmortem I2", "The webhook received")
    for words in (
        "# I2: marts.daily_sales",
        "J500: revenue positive: does not hold in",
        "1. marts.daily_sales was edited (models/marts/daily_sales.sql) (weight",
        "after it was found: growth@shop.example, finance@shop.example, by console and pager.",
        "Nothing wrong was published: readers kept the last good data.",
        "- Read by finance@shop.example: step:export_invoices, marts.monthly_sales.",
        "What would have shown it before it was merged?",
        "Over: marts.daily_sales succeeded",
    ):
        assert words in draft, draft
    assert "Nobody acknowledged it in" in draft


def test_in_the_end_the_project_is_as_it_was_and_the_shop_has_gone_on(played: tuple[Path, str, str]) -> None:
    folder = played[0]
    assert BEFORE in (folder / MODEL).read_text(encoding="utf-8")
    assert "notify" not in (folder / "jusante.yaml").read_text(encoding="utf-8")
    with Lake.open(folder) as lake:
        assert lake.query("select count(*) as n from sales.orders").to_pylist() == [{"n": 501}]


def test_the_readme_shows_what_it_prints(played: tuple[Path, str, str]) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    block = (
        readme.partition("jusante demo shop --act incident --finish\n```\n")[2]
        .partition("```\n")[2]
        .partition("```")[0]
    )
    printed = {plain(line) for line in played[1].splitlines()}
    shown = [plain(line) for line in block.splitlines() if line.strip() and line.strip() != "…"]
    assert len(shown) >= 12
    assert [line for line in shown if line not in printed] == []


def plain(line: str) -> str:
    """A line without runs and times, each figure as #, and with single spaces."""
    line = re.sub(r"r\d{8}-\d{6}-\w+", "", line)
    line = re.sub(r"\d\d-\d\d \d\d:\d\d:\d\d", "", line)
    return re.sub(r"\s+", " ", re.sub(r"\d[\d,.]*", "#", line)).strip()
