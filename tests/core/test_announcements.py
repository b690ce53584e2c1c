"""What an announcement explains, and what it does not."""

import datetime as dt
from pathlib import Path

import pytest
import yaml

from jusante.core.announcement import Announcement, overdue

DAY = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
CASES = yaml.safe_load((Path(__file__).parent / "announcements.yaml").read_text(encoding="utf-8"))


def at(text: str) -> dt.datetime:
    """`1 22:10`: day and time."""
    day, _, clock = text.partition(" ")
    hours, minutes = map(int, clock.split(":"))
    return DAY + dt.timedelta(days=int(day) - 1, hours=hours, minutes=minutes)


def announced(given: dict) -> Announcement:
    source, _, rest = given["of"].partition(".")
    table, _, column = rest.partition(".")
    begin, end = at(given["from"]), at(given["until"])
    return Announcement(
        1, source, f"{source}.{table}" if table else "", column, given["change"], begin, end, "why", "them", DAY
    )


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_it_explains_that_and_nothing_else(case: dict) -> None:
    made = announced(case["announced"])
    for seen, is_explained in case["seen"].items():
        table, column, change, day, clock = seen.split(" ")
        assert made.explains(table, column.strip("-"), change, at(f"{day} {clock}")) is is_explained, seen


def test_what_has_not_come_by_its_time_is_overdue_once() -> None:
    from dataclasses import replace

    made = announced({"of": "sales.orders.total", "change": "dropped", "from": "1 10:00", "until": "1 12:00"})
    away = replace(made, number=2, change="outage")
    assert overdue([made, away], at("1 12:00")) == ()
    assert overdue([made, away], at("1 12:01")) == (away,)
    assert overdue([made, away], at("2 12:01")) == (made, away)
    for done in ({"came": "gone"}, {"is_missed": True}, {"is_withdrawn": True}):
        assert overdue([replace(made, **done)], at("9 00:00")) == ()
