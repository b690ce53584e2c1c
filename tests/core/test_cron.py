"""Times of a clock on the wall, held against a count of every minute."""

import datetime as dt
import zoneinfo
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jusante.core.cron import BadSchedule, Cron

MINUTE = dt.timedelta(minutes=1)

# A zone, a day near which its clock is set, and what is odd about it.
CHANGES = [
    ("Europe/Berlin", "2026-03-29", "an hour is left out in the northern spring"),
    ("Europe/Berlin", "2026-10-25", "an hour comes twice in the northern autumn"),
    ("America/New_York", "2026-03-08", "an hour is left out"),
    ("America/New_York", "2026-11-01", "an hour comes twice"),
    ("America/Santiago", "2026-04-05", "midnight comes twice in the southern autumn"),
    ("America/Santiago", "2026-09-06", "midnight is left out in the southern spring"),
    ("America/Sao_Paulo", "2017-10-15", "midnight was left out"),
    ("America/Sao_Paulo", "2018-02-18", "the hour before midnight came twice"),
    ("Australia/Lord_Howe", "2026-04-05", "half an hour comes twice"),
    ("Australia/Lord_Howe", "2026-10-04", "half an hour is left out"),
    ("Africa/Casablanca", "2026-02-15", "the clock is set back for Ramadan"),
    ("Africa/Casablanca", "2026-03-22", "and forward after it"),
    ("Pacific/Apia", "2011-12-30", "a whole day was left out"),
    ("Asia/Kathmandu", "2026-01-01", "the offset is a quarter of an hour"),
]
EXPRESSIONS = [
    "30 2 * * *",
    "0,30 0-3 * * *",
    "15 0 * * *",
    "0 6 * * 1-5",
    "*/7 * * * *",
    "*/10 3 * * *",
    "20 */2 * * *",
    "5 * * * *",
    "45 23 * * 6",
    "0 0 L * *",
]


@pytest.mark.parametrize(("zone", "day", "odd"), CHANGES, ids=[f"{zone} {day}" for zone, day, _ in CHANGES])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_ticks_around_a_change_of_the_clock_are_those_of_a_count_of_every_minute(
    expression: str, zone: str, day: str, odd: str
) -> None:
    middle = dt.datetime.fromisoformat(f"{day}T12:00+00:00")
    start, end = middle - dt.timedelta(days=1), middle + dt.timedelta(days=1)

    assert _until(Cron(expression, zone), start, end) == list(counted(expression, zone, start, end)), odd


@given(
    expression=st.sampled_from(EXPRESSIONS),
    change=st.sampled_from(CHANGES),
    minutes=st.integers(-2880, 2880),
    seconds=st.integers(0, 59),
)
@settings(max_examples=60, deadline=None)
def test_the_tick_after_any_moment_is_later_and_none_lies_between(
    expression: str, change: tuple[str, str, str], minutes: int, seconds: int
) -> None:
    zone, day, _ = change
    start = dt.datetime.fromisoformat(f"{day}T00:00+00:00") - dt.timedelta(days=3)
    moment = start + dt.timedelta(days=3, minutes=minutes, seconds=seconds)
    known = [tick for tick in _until(Cron(expression, zone), start, moment + dt.timedelta(days=40)) if tick > moment]

    assert Cron(expression, zone).after(moment) == known[0]


@given(back=st.integers(0, 500_000), length=st.integers(0, 3_000), expression=st.sampled_from(EXPRESSIONS))
@settings(max_examples=40, deadline=None)
def test_the_latest_tick_is_the_last_of_all(back: int, length: int, expression: str) -> None:
    until = dt.datetime(2026, 11, 1, 7, 0, tzinfo=dt.UTC) + MINUTE * back
    after = until - MINUTE * length
    ticks = _until(Cron(expression, "America/New_York"), after, until)

    assert Cron(expression, "America/New_York").latest(after, until) == (ticks[-1] if ticks else None)


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("0 6 * *", "form", "five fields"),
        ("0 0 6 * * * UTC", "form", "five fields"),
        ("61 6 * * *", "form", "the minute of"),
        ("0 26 * * *", "form", "the hour of"),
        ("0 6 * * FRY", "form", "the day-of-week of"),
        ("0 6 40 * *", "form", "the day-of-month of"),
        ("0 0 30 2 *", "never", "there is no such day"),
        ("0 0 31 4,6 *", "never", "there is no such day"),
        ("0 6 * * * America/SaoPaulo", "zone", "is no time zone"),
        ("0 6 * * * ../etc/passwd", "zone", "is no time zone"),
    ],
)
def test_a_schedule_that_says_no_times_is_refused(text: str, kind: str, said: str) -> None:
    with pytest.raises(BadSchedule, match=said) as refused:
        Cron.parse(text)

    assert refused.value.kind == kind
    assert refused.value.fix


def test_the_zone_is_utc_where_none_is_written() -> None:
    assert str(Cron.parse(" 0  6 * * 1-5 ")) == "0 6 * * 1-5 UTC"


def _until(cron: Cron, start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    found = []
    for tick in cron.ticks(start):
        if tick > end:
            break
        found.append(tick)
    return found


def counted(expression: str, zone: str, start: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
    """The ticks after one moment until another, by looking at the clock on the wall at every minute.

    Times of the day fire when the clock passes them for the first time, intervals whenever the clock shows them.
    """
    place, fields = zoneinfo.ZoneInfo(zone), expression.split()
    at_times = not fields[0].startswith("*") and not fields[1].startswith("*")
    highest = _wall(start, place)
    moment = start + MINUTE
    while moment <= end:
        wall = _wall(moment, place)
        passed = [wall]
        if at_times:
            passed = [highest + MINUTE * step for step in range(1, max(0, (wall - highest) // MINUTE) + 1)]
            highest = max(highest, wall)
        if any(fits(fields, each) for each in passed):
            yield moment
        moment += MINUTE


def _wall(moment: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def fits(fields: list[str], wall: dt.datetime) -> bool:
    """Whether a clock on the wall shows one of the times."""
    last = (wall + dt.timedelta(days=1)).day == 1
    day = last if fields[2] == "L" else _among(fields[2], wall.day, 1)
    weekday = _among(fields[4], wall.isoweekday() % 7, 0)
    both = fields[2].startswith("*") or fields[4].startswith("*")
    return (
        _among(fields[0], wall.minute, 0)
        and _among(fields[1], wall.hour, 0)
        and _among(fields[3], wall.month, 1)
        and (day and weekday if both else day or weekday)
    )


def _among(field: str, value: int, first: int) -> bool:
    if field.startswith("*"):
        return (value - first) % int(field.partition("/")[2] or 1) == 0
    parts = [part.split("-") for part in field.split(",")]
    return any(int(part[0]) <= value <= int(part[-1]) for part in parts)
