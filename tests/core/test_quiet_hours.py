"""Quiet hours, also where clocks are set: by cases, and held against the clock on the wall."""

import datetime as dt
import zoneinfo
from pathlib import Path
from typing import Any

import pytest
import yaml

from jusante.core.quiet_hours import until

CASES = yaml.safe_load((Path(__file__).parent / "quiet_hours.yaml").read_text(encoding="utf-8"))
CHANGES = [
    ("America/New_York", "2026-11-01"),
    ("America/New_York", "2026-03-08"),
    ("America/Santiago", "2026-04-05"),
    ("America/Santiago", "2026-09-06"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Pacific/Apia", "2011-12-30"),
]
HOURS = [("00:30", "01:30"), ("01:50", "02:10"), ("02:30", "03:00"), ("23:10", "00:20"), ("22:00", "04:00")]


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize("case", CASES, ids=[f"{case['hours']} at {case['now']}" for case in CASES])
def test_hours_are_over_when_they_are(case: dict[str, Any]) -> None:
    found = until(case["hours"], _moment(case["now"]))
    assert (found and found.astimezone(dt.UTC)) == (_moment(case["until"]) if case["until"] else None)


@pytest.mark.parametrize(("zone", "day"), CHANGES)
@pytest.mark.parametrize(("begin", "end"), HOURS)
def test_whenever_the_clock_shows_one_of_them_it_is_quiet_for_some_time_still(
    zone: str, day: str, begin: str, end: str
) -> None:
    middle = _moment(f"{day} 12:00")
    for minutes in range(-1440, 1440, 10):
        now = middle + dt.timedelta(minutes=minutes)
        over = until(f"{begin}-{end} {zone}", now)
        assert over is None or now < over <= now + dt.timedelta(hours=30)
        assert over or not _shows(now, zone, begin, end), now


def _shows(moment: dt.datetime, zone: str, begin: str, end: str) -> bool:
    wall = f"{moment.astimezone(zoneinfo.ZoneInfo(zone)):%H:%M}"
    return begin <= wall < end if begin < end else wall >= begin or wall < end
