"""Spans of intervals behave as sets of numbers do, and the calendar is the calendar."""

import datetime as dt
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jusante.core import interval
from jusante.core.interval import Covered, Span, Unit

SPANS = st.lists(
    st.builds(lambda first, size: Span(first, first + size), st.integers(-20, 20), st.integers(0, 6)), max_size=6
)
UNITS = st.sampled_from(["hour", "day", "month"])
TIMES = st.datetimes()


def _numbers(spans: Iterable[Span]) -> set[int]:
    return {number for span in spans for number in range(span.first, span.end)}


@given(SPANS, SPANS)
def test_spans_are_joined_taken_away_and_met_as_sets_are(left: list[Span], right: list[Span]) -> None:
    assert _numbers(interval.joined(left)) == _numbers(left)
    assert _numbers(interval.minus(left, right)) == _numbers(left) - _numbers(right)
    assert _numbers(interval.both(left, right)) == _numbers(left) & _numbers(right)
    assert interval.count(left) == len(_numbers(left))
    assert interval.of(_numbers(left)) == interval.joined(left)


@given(SPANS, st.integers(1, 5))
def test_batches_hold_each_interval_once(spans: list[Span], most: int) -> None:
    found = list(interval.batches(spans, most))
    assert all(1 <= len(batch) <= most for batch in found)
    assert sum(len(batch) for batch in found) == interval.count(spans)
    assert _numbers(found) == _numbers(spans)


@given(TIMES, UNITS)
def test_a_moment_lies_in_its_interval_and_not_in_the_next(at: dt.datetime, unit: Unit) -> None:
    number = interval.number(at, unit)
    first, after = interval.start(number, unit), interval.start(number + 1, unit)
    assert first is not None
    assert first <= at
    assert after is None or at < after
    assert interval.number(first, unit) == number


def test_a_moment_with_a_zone_counts_by_utc() -> None:
    late = dt.datetime(2026, 1, 1, 23, tzinfo=dt.timezone(dt.timedelta(hours=-3)))
    assert interval.name(interval.number(late, "day"), "day") == "2026-01-02"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026", "2026-01-01 00:00"),
        ("2026-11", "2026-11-01 00:00"),
        ("2026-11-25", "2026-11-25 00:00"),
        ("2026-11-25 14:00", "2026-11-25 14:00"),
        ("2026-11-25T14:00+02:00", "2026-11-25 12:00"),
    ],
)
def test_times_are_written_as_people_write_them(text: str, expected: str) -> None:
    assert f"{interval.parse(text):%Y-%m-%d %H:%M}" == expected


def test_what_is_no_time_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="is no time"):
        interval.parse("soon")


@given(st.lists(st.tuples(SPANS, st.sampled_from(["", "v1", "v2"]), st.booleans()), max_size=5), SPANS)
def test_the_coverage_says_of_each_interval_what_was_said_last(
    steps: list[tuple[list[Span], str, bool]], touched: list[Span]
) -> None:
    coverage: tuple[Covered, ...] = ()
    expected: dict[int, tuple[str, bool]] = {}
    for spans, version, done in steps:
        coverage = interval.put(coverage, spans, version, done=done)
        expected |= dict.fromkeys(_numbers(spans), (version, done))
    assert _said(coverage) == expected
    assert interval.covered([each.as_list() for each in coverage]) == coverage
    after = interval.reopened(coverage, touched)
    assert _said(after) == expected | {
        number: (expected.get(number, ("", False))[0], False) for number in _numbers(touched)
    }
    assert _numbers(interval.waiting(after)) == {number for number, (_, done) in _said(after).items() if not done}


def _said(coverage: tuple[Covered, ...]) -> dict[int, tuple[str, bool]]:
    assert sum(len(each.span) for each in coverage) == len(_numbers(each.span for each in coverage))
    return {number: (each.version, each.done) for each in coverage for number in _numbers([each.span])}
