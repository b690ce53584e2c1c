"""The rules of data drift, by pairs of what was and what came; and what no rule may do whatever comes."""

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from jusante.core.profile import ColumnProfile, Profile
from jusante.ingestion.data_drift.categories import categories
from jusante.ingestion.data_drift.distinct import distinct
from jusante.ingestion.data_drift.distribution import distribution
from jusante.ingestion.data_drift.history import Acceptance, counting
from jusante.ingestion.data_drift.judging import judge
from jusante.ingestion.data_drift.nulls import nulls
from jusante.ingestion.data_drift.ranges import ranges
from jusante.ingestion.data_drift.sketches import distance, stability
from jusante.ingestion.data_drift.surprise import Care, surprise
from jusante.ingestion.data_drift.volume import volume

CASES = Path(__file__).parent / "drift_cases"
RULES = {"nulls": nulls, "categories": categories, "ranges": ranges, "distribution": distribution, "distinct": distinct}
START = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def cases(name: str) -> list[Any]:
    found = yaml.safe_load((CASES / f"{name}.yaml").read_text())
    return [pytest.param(case, id=case["name"]) for case in found]


def load(number: int, rows: int, *, whole: bool = False, pause: float = 86_400.0, **more: Any) -> Profile:
    return Profile(START + number * DAY, rows, whole, more.pop("columns", {}), pause, **more)


def column(said: dict[str, Any]) -> ColumnProfile:
    """A column; `linear` are the ends of evenly spread quantiles, `last` the greatest value where it is another."""
    said = {"filled": said["rows"], **said}
    if ends := said.pop("linear", None):
        low, high = ends
        quantiles = [low + (high - low) * step / 20 for step in range(21)]
        said["quantiles"] = (*quantiles[:-1], float(said.pop("last", quantiles[-1])))
    return ColumnProfile(**said)


@pytest.mark.parametrize("case", cases("volume"))
def test_volume(case: dict[str, Any]) -> None:
    whole = case.get("whole", False)
    past = [load(number, rows, whole=whole) for number, rows in enumerate(case["rows"])]
    now = load(len(past), case["now"], whole=whole, pause=case.get("pause_hours", 24) * 3600.0)
    found = list(volume(past, now, Care()))
    assert [deviation.before for deviation in found] == ([case["found"]] if case["found"] else [])


@pytest.mark.parametrize("case", cases("columns"))
def test_columns(case: dict[str, Any]) -> None:
    name, values = next(iter(case["vary"].items()))
    past = [column({**case["past"], name: value}) for value in values]
    found = list(RULES[case["rule"]](past, column(case["now"]), Care()))
    told = [[deviation.change, deviation.before, deviation.after] for deviation in found]
    assert told == ([case["found"]] if case["found"] else [])
    assert all(deviation.score >= 1 for deviation in found)


numbers = st.floats(-1e12, 1e12)
some = st.lists(numbers, min_size=7, max_size=30)


@given(past=some, data=st.data())
def test_what_lies_within_all_that_was_is_no_surprise(past: list[float], data: st.DataObject) -> None:
    now = data.draw(st.floats(min(past), max(past)))
    steady = surprise(past, now, 0.0, Care())
    assert steady.score < 1 or steady.expected != pytest.approx(sorted(past)[len(past) // 2])


@given(past=some, by=st.floats(0.001, 1000), now=numbers)
def test_the_unit_of_a_series_makes_no_difference(past: list[float], by: float, now: float) -> None:
    one = surprise(past, now, 1.0, Care()).score
    other = surprise([value * by for value in past], now * by, by, Care()).score
    assert (one >= 1.001) <= (other >= 1)
    assert math.isfinite(one)


sketch = st.lists(st.floats(-1e6, 1e6), min_size=21, max_size=21).map(sorted)


@given(one=sketch, other=sketch)
def test_distance_is_between_none_and_all_and_the_same_both_ways(one: list[float], other: list[float]) -> None:
    assert distance(one, one) == 0
    assert 0 <= distance(one, other) <= 1
    assert distance(one, other) == pytest.approx(distance(other, one))


@given(low=sketch)
def test_distributions_that_do_not_meet_are_as_far_as_can_be(low: list[float]) -> None:
    assert distance(low, [value + 1e7 for value in low]) == 1


shares = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.01, 1), min_size=1)


@given(one=shares, other=shares)
def test_the_stability_index_is_never_less_than_none(one: dict[str, float], other: dict[str, float]) -> None:
    assert stability(one, one) == 0
    assert stability(one, other) >= 0


anything = st.builds(
    ColumnProfile,
    kind=st.sampled_from(["number", "time", "text", "flag", "other"]),
    rows=st.integers(1, 1000),
    filled=st.integers(0, 1),
    distinct=st.none() | st.integers(0, 1),
    marks=st.dictionaries(st.sampled_from(["zero", "negative", "whole", "empty"]), st.integers(0, 1)),
    quantiles=st.just(()) | sketch.map(tuple),
    counts=st.just({}) | st.dictionaries(st.sampled_from("abc"), st.integers(1, 9), min_size=1),
    hours=st.just(()) | st.lists(st.integers(1, 9), min_size=24, max_size=24).map(tuple),
)
loads = st.builds(
    lambda rows, columns: load(0, rows, columns=columns),
    st.integers(0, 10**9),
    st.dictionaries(st.sampled_from(["a", "b"]), anything),
)


@settings(max_examples=60, deadline=None)
@given(past=st.lists(loads, max_size=12), now=loads)
def test_no_load_however_odd_breaks_the_rules(past: list[Profile], now: Profile) -> None:
    found = judge(past, now)
    assert set(found) <= {"", *now.columns}
    kept = Profile.from_payload(now.at, now.as_payload())
    assert kept is not None
    assert kept.rows == now.rows
    assert kept.columns.keys() == now.columns.keys()


# -- which loads count ---------------------------------------------------------------------------------------------------


def flagged(number: int, *, held: bool = False) -> Profile:
    return load(number, 1, flagged={"a": ("nulls",)}, held=held)


def test_a_load_in_which_something_was_found_is_no_history() -> None:
    past = [load(0, 1), flagged(1), load(2, 1)]
    assert counting(past, "a", {}) == [True, False, True]
    assert counting(past, "b", {}) == [True, True, True]


def test_what_is_found_seven_times_in_a_row_is_the_new_level() -> None:
    past = [load(0, 1), *(flagged(number) for number in range(1, 8)), load(8, 1)]
    assert counting(past, "a", {}) == [False, *[True] * 7, True]
    assert counting(past[:-2], "a", {}) == [True, *[False] * 6]


def test_what_was_held_is_never_the_new_level_by_itself() -> None:
    past = [load(0, 1), *(flagged(number, held=True) for number in range(1, 12))]
    assert counting(past, "a", {}) == [True, *[False] * 11]


def test_what_was_accepted_counts_and_what_was_before_does_not() -> None:
    past = [load(0, 1), load(1, 1), flagged(2, held=True), flagged(3, held=True), load(4, 1), flagged(5)]
    accepted = {"a": Acceptance(past[2].at, past[3].at + DAY / 2)}
    assert counting(past, "a", accepted) == [False, False, True, True, True, False]
