"""Monitors by pairs: what they are given, and what they say of it."""

import datetime as dt
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jusante.core.profile import Profile
from jusante.dataops.monitors import Made, changed_columns, too_dear, too_quiet, too_slow, unsteady, unusual_rows
from jusante.dataops.monitors.volume import is_level

CASES = yaml.safe_load((Path(__file__).parent / "monitor_cases.yaml").read_text(encoding="utf-8"))
MONDAY = dt.datetime(2026, 5, 4, tzinfo=dt.UTC)


def at(hours: float) -> dt.datetime:
    return MONDAY + dt.timedelta(hours=hours)


def made(day: int, rows: int) -> Made:
    return Made(Profile(at(24 * day), rows, whole=True, columns={}), "1")


def said(rule: str, case: dict[str, Any]) -> str | None:
    match rule:
        case "too_slow":
            return too_slow(case["before"], case["seconds"])
        case "too_dear":
            return too_dear(case["before"], case["usd"])
        case "too_quiet":
            return too_quiet([at(hours) for hours in case["loads"]], at(case["now"]))
        case "unusual_rows":
            *before, now = [made(day, rows) for day, rows in enumerate([*case["days"], case["now"]])]
            return unusual_rows(before, replace(now, version="2" if case.get("changed") else "1"), goes_on=True)
        case "changed_columns":
            return changed_columns(case["before"], case["now"])
    return unsteady([mark == "+" for mark in case["tries"]])


@pytest.mark.parametrize(
    ("rule", "case"),
    [(rule, case) for rule, cases in CASES.items() for case in cases],
    ids=[f"{rule}: {case['title']}" for rule, cases in CASES.items() for case in cases],
)
def test_a_monitor_says_what_it_should(rule: str, case: dict[str, Any]) -> None:
    found = said(rule, case)
    assert found is None if case["says"] is None else case["says"] in (found or "")


@given(st.lists(st.floats(0, 10_000), max_size=60), st.floats(0, 10_000))
def test_a_task_that_is_no_slower_than_the_slowest_of_a_steady_past_is_never_too_slow(
    before: list[float], more: float
) -> None:
    seconds = min([more, *before])
    assert too_slow(before, seconds) is None


@given(st.floats(0.1, 400), st.integers(0, 60))
def test_a_table_that_keeps_its_beat_is_never_too_quiet(hours: float, loads: int) -> None:
    assert too_quiet([at(hours * number) for number in range(loads + 1)], at(hours * (loads + 1))) is None


@given(st.integers(0, 100_000), st.lists(st.floats(0, 0.0299), min_size=7, max_size=40))
def test_rows_that_stay_in_a_narrow_band_are_never_unusual(least: int, above: list[float]) -> None:
    rows = [int((least + 1) * math.exp(more)) for more in above]
    for order in (rows, sorted(rows), sorted(rows, reverse=True)):
        days = [made(day, max(count, least + 1) - 1) for day, count in enumerate(order)]
        assert is_level(days)
        assert unusual_rows(days[:-1], days[-1]) is None


def test_a_table_that_grows_and_falls_back_to_what_it_had_in_the_middle_is_not_level_but_unusual() -> None:
    days = [made(day, rows) for day, rows in enumerate([*range(1_000, 21_000, 1_000), 10_000])]
    assert not is_level(days)
    assert unusual_rows(days[:-1], days[-1]) is not None
