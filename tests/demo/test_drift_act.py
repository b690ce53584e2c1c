"""The act: a source changes in front of whoever watches, and two commands later all is green again."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import jusante


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder, and what the act printed."""
    folder = tmp_path_factory.mktemp("act") / "shop"
    command = [sys.executable, "-m", "jusante", "demo", str(folder), "--scale", "0.005", "--act", "drift", "--finish"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


def part(told: str, begin: str, end: str) -> str:
    return told.partition(begin)[2].partition(end)[0]


def test_the_plan_tells_each_owner_before_a_row_is_loaded(played: tuple[Path, str]) -> None:
    plan = part(played[1], "$ jusante plan --ask", "$ jusante run")
    for words in (
        "J210 sales.customers.country is called country_code at the source now",
        "J210 sales.customers.newsletter changed from boolean to int",
        "J210 sales.customers.joined_at is gone at the source",
        "columns come in another order",
        "sales-team@shop.example  sync Lead scores in the CRM",
        "growth@shop.example  dashboard Sales",
        "finance@shop.example  marts.country_sales.country",
        "waits   needs sales.customers.country",
    ):
        assert words in plan, plan


def test_the_run_holds_what_must_be_held_and_publishes_the_rest(played: tuple[Path, str]) -> None:
    run = part(played[1], "The run holds what must be held", "Two commands make all green again")
    held = set(re.findall(r"^‖  (\S+)", run, re.MULTILINE))
    made = set(re.findall(r"^✓  (\S+)", run, re.MULTILINE))
    assert held == {
        "marts.country_sales", "ml.customer_features", "ml.lead_features", "ml.lead_scores", "ml.best_leads", "dashboard:sales",
    }  # fmt: skip
    assert {"sales.customers", "sales.orders", "marts.order_lines", "marts.daily_sales"} <= made
    assert "partial" in run


def test_two_commands_make_all_green_again(played: tuple[Path, str]) -> None:
    folder, told = played
    end = part(told, "Two commands make all green again", "\0")
    assert "+select c.country_code as country, count(distinct c.customer_id)" in end
    assert re.search(r"^succeeded  \d+ made", end, re.MULTILINE), end
    with jusante.open(folder) as lake:
        columns = lake.table("sales.customers").column_names
        [row] = lake.query(
            "select count(*) as n, count(country_code) as c, count(newsletter) as l from sales.customers"
        ).to_pylist()
        assert not any(state.holds for state in lake.metadata.states().values())
    assert "country" not in columns
    assert "joined_at" not in columns
    assert row["n"] == row["c"] == row["l"] > 20


def test_the_readme_shows_what_it_prints(played: tuple[Path, str]) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    block = readme.partition("jusante demo shop --act drift\n```\n")[2].partition("```\n")[2].partition("```")[0]
    printed = {without_numbers(line) for line in played[1].splitlines()}
    shown = [without_numbers(line) for line in block.splitlines() if line.strip()]
    assert len(shown) >= 12
    assert [line for line in shown if line not in printed] == []


def without_numbers(line: str) -> str:
    """A line with each figure as #, and single spaces."""
    line = re.sub(r"  r\d{8}-.*", "", line)  # the run's name
    return re.sub(r"\s+", " ", re.sub(r"\d[\d,.]*", "#", line)).strip()
