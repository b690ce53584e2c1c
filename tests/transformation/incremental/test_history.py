"""Histories: per key no gap and no overlap, nothing changes twice, and a key that went has an end."""

import datetime as dt
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jusante.errors import AuditFailed
from timed import Lake

COLUMNS = {"s.people": "id int, town varchar, n int"}
SQL = "select id, town, n from s.people where n is distinct from 9"
PEOPLE = st.dictionaries(
    st.integers(1, 4), st.tuples(st.sampled_from(["Rio", "Bonn", None]), st.sampled_from([None, 1, 9])), max_size=4
)
HOURS = st.integers(-1, 3)


def lake_of(folder: Path) -> Lake:
    """A lakehouse with a history of people."""
    return Lake(folder, COLUMNS, SQL, kind="by_key", time=None, grain=("id",), history=True)


@settings(max_examples=5, deadline=None)
@given(loads=st.lists(st.tuples(PEOPLE, HOURS), min_size=1, max_size=5))
def test_a_history_has_no_gaps_and_no_overlaps_and_ends_in_what_is(
    tmp_path_factory: pytest.TempPathFactory, loads: list[tuple[dict[int, Any], int]]
) -> None:
    lake = lake_of(tmp_path_factory.mktemp("lake"))
    seen: list[tuple[dt.datetime, list[Any]]] = []
    try:
        for people, hours in loads:
            lake.load("s.people", [(key, *rest) for key, rest in people.items()])
            lake.now += dt.timedelta(hours=hours)  # clocks stand still, and go back
            lake.build()
            assert lake.asked("select id, town, n from m.days where is_current order by all") == lake.expected()
            assert lake.build().told == "no row changed" or not lake.rows()
            last = lake.asked("select greatest(max(valid_from), max(valid_to)) from m.days")[0][0]
            if last:
                seen.append((last, lake.expected()))
        _is_whole(lake.rows())
        for at, expected in seen:  # what was so at any time can be asked for
            asked = f"'{at.isoformat()}'::timestamptz"
            then = f"valid_from <= {asked} and (valid_to is null or valid_to > {asked})"
            assert lake.asked(f"select id, town, n from m.days where {then} order by all") == expected
    finally:
        lake.close()


def _is_whole(rows: list[tuple[Any, ...]]) -> None:
    for key in {row[0] for row in rows}:
        mine = sorted((row[3:] for row in rows if row[0] == key), key=lambda row: row[0])
        for (_, until, is_current), (since, _, _) in pairwise(mine):
            assert until is not None
            assert until <= since
            assert not is_current
        assert all(until is None or since < until for since, until, _ in mine)
        assert [until is None for _, until, _ in mine] == [is_current for *_, is_current in mine]


def test_a_row_that_changes_ends_when_the_other_begins_and_a_key_that_went_ends(tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    lake.load("s.people", [(1, "Rio", 1), (2, "Bonn", 1)])
    lake.build()
    lake.now += dt.timedelta(days=1)
    lake.load("s.people", [(1, "Lima", 1)])
    assert lake.build().told == "1 row began, 2 rows ended"
    shown = [(row[0], row[1], row[3].day, row[4] and row[4].day, row[5]) for row in lake.rows()]
    assert shown == [(1, "Lima", 2, None, True), (1, "Rio", 1, 2, False), (2, "Bonn", 1, 2, False)]
    lake.close()


def test_a_key_in_two_rows_is_refused(tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    lake.load("s.people", [(1, "Rio", 1), (1, "Bonn", 1)])
    with pytest.raises(AuditFailed, match="1 key in more than one row"):
        lake.build()
    lake.close()
