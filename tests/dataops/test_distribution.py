"""The monitor of values by pairs: what a model gave day by day, what is found in it, and why that may be no news."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jusante.core.event import Event
from jusante.core.profile import ColumnProfile, Profile
from jusante.dataops.monitors.distribution import Seen, unusual_values, why_meant
from jusante.orchestration.profiling import DAILY, LEARNT, PROFILED, SHARE, is_due

CASES = yaml.safe_load((Path(__file__).parent / "distribution_cases.yaml").read_text(encoding="utf-8"))
NOW = dt.datetime(2026, 5, 4, 6, tzinfo=dt.UTC)
ROWS = 400


def seen(day: int, of: Any) -> Seen:
    said = of if isinstance(of, dict) else {"f": of}
    column = ColumnProfile("number", ROWS, round(ROWS * said["f"]), 30)
    flagged = {"c": ("nulls",)} if said.get("flagged") else {}
    profile = Profile(NOW + dt.timedelta(days=day), ROWS, whole=True, columns={"c": column}, flagged=flagged)
    explained = {"c": said["explained"]} if "explained" in said else {}
    return Seen(profile, said.get("version", "1"), explained)


@pytest.mark.parametrize("case", CASES["unusual"], ids=lambda case: case["title"])
def test_values_are_told_where_they_are_unusual_and_nothing_explains_them(case: dict[str, Any]) -> None:
    *before, now = [seen(day, of) for day, of in enumerate([*case["days"], case["now"]])]
    found = unusual_values(before, now, frozenset(), {})
    assert [deviation.change for deviation in found.values()] == ([case["found"]] if case["found"] else [])
    if case["found"]:
        why = why_meant(before, now, "c")
        assert case["meant"] in why
        assert bool(why) == bool(case["meant"])


@pytest.mark.parametrize("case", CASES["due"], ids=lambda case: case["title"])
def test_a_model_is_looked_at_where_that_is_worth_it(case: dict[str, Any]) -> None:
    last = Event(
        PROFILED,
        NOW - dt.timedelta(hours=case["ago"]),
        asset="m.a",
        payload={"seconds": case["took"], "number": case["number"]},
    )
    assert is_due(last, NOW, odd=lambda: case.get("odd", False), built=lambda: case["built"]) is case["due"]


@given(st.lists(st.floats(0.001, 60), min_size=1, max_size=400), st.floats(0.001, 60), st.integers(1, 300))
def test_what_is_built_all_the_time_spends_a_small_share_of_it_on_looks(
    builds: list[float], took: float, minutes: int
) -> None:
    at, last, since, looks = NOW, NOW, 0.0, 0
    for seconds in builds:
        at += dt.timedelta(minutes=minutes)
        profile = Event(PROFILED, last, asset="m.a", payload={"seconds": took, "number": LEARNT})
        if is_due(profile, at, odd=lambda: False, built=lambda: since):  # noqa: B023
            last, since, looks = at, 0.0, looks + 1
        else:
            since += seconds
    daily = (at - NOW) / DAILY
    assert looks * took <= SHARE * sum(builds) + took * daily


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.booleans())
def test_what_is_as_the_last_time_is_not_unusual(shares: list[float], edited: bool) -> None:
    days = [seen(day, share) for day, share in enumerate(shares)]
    again = seen(len(shares), {"f": shares[-1], "version": "2" if edited else "1"})
    assert unusual_values(days, again, frozenset(), {}) == {}
