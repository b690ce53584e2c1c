"""Models by time: only the intervals that are touched are made, and the table is what a full build would give."""

from pathlib import Path

import pytest

from days import ALL_OF_IT, DAILY, ITEMS, ORDERS, PROJECT, load, write_days
from jusante.app import Lake
from projects import made, rows, run, task, write


@pytest.fixture
def days(tmp_path: Path) -> Path:
    """The project, run once."""
    write_days(tmp_path)
    assert "marts.daily" in made(run(tmp_path))
    return tmp_path


def _told(folder: Path) -> str:
    return task(run(folder), "marts.daily").reason.partition(": ")[2]


def test_the_first_run_makes_all_days_and_the_next_one_nothing(days: Path) -> None:
    assert rows(days, DAILY) == rows(days, ALL_OF_IT)
    assert made(run(days)) == set()


def test_a_late_row_opens_its_day_and_no_other(days: Path) -> None:
    load(days, ORDERS, [*ITEMS, (5, 2, "cup", 3)])
    assert _told(days) == "1 of 5 days made: 2026-01-02"
    assert rows(days, DAILY) == rows(days, ALL_OF_IT)


def test_an_order_that_moves_opens_the_day_it_left_and_the_day_it_came_to(days: Path) -> None:
    load(days, [*ORDERS[:2], (3, "2026-01-03 08:00:00")], ITEMS)
    assert _told(days) == "2 of 5 days made"
    assert rows(days, DAILY) == rows(days, ALL_OF_IT)


def test_rows_before_the_first_day_and_after_the_last_widen_the_table(days: Path) -> None:
    load(
        days,
        [*ORDERS, (4, "2025-12-30 00:00:00"), (5, "9999-12-31 23:00:00")],
        [*ITEMS, (5, 4, "tea", 1), (6, 5, "mug", 2)],
    )
    assert _told(days).startswith("2 of ")
    assert rows(days, DAILY) == rows(days, ALL_OF_IT)


def test_what_touches_no_day_publishes_nothing_and_is_not_looked_at_again(days: Path) -> None:
    with Lake.open(days) as lake:
        before = lake.store.pointers()["marts.daily"]
    load(days, [*ORDERS, (9, "2026-02-01 00:00:00")], ITEMS)
    assert _told(days) == "no interval is touched by it"
    with Lake.open(days) as lake:
        assert lake.store.pointers()["marts.daily"] == before
    assert made(run(days)) == set()


def test_another_definition_makes_all_days_anew(days: Path) -> None:
    write(
        days,
        {"models/marts/daily.sql": PROJECT["models/marts/daily.sql"].replace("sum(i.quantity)", "2 * sum(i.quantity)")},
    )
    assert _told(days) == "5 of 5 days made: 2026-01-01 to 2026-01-05 (its definition changed)"
    assert rows(days, DAILY)[0] == ("2026-01-01", "mug", 2, 1)


def test_a_row_without_a_time_is_refused_by_name(days: Path) -> None:
    load(days, [*ORDERS, (4, None)], [*ITEMS, (5, 4, "tea", 1)])
    report = run(days)
    assert task(report, "marts.daily").status == "failed"
    assert "day" in str(task(report, "marts.daily").error)


def test_what_lies_before_the_start_is_left_out(tmp_path: Path) -> None:
    text = PROJECT["models/marts/daily.sql"].replace("time: day\n", 'time: day\nstart: "2026-01-02"\n')
    write_days(tmp_path, **{"models/marts/daily.sql": text})
    run(tmp_path)
    assert [row[0] for row in rows(tmp_path, DAILY)] == ["2026-01-02", "2026-01-05"]
    load(tmp_path, ORDERS, [*ITEMS, (5, 1, "cup", 3)])
    assert _told(tmp_path) == "no interval is touched by it"


def test_where_the_shape_proves_nothing_all_days_are_made_and_it_says_why(tmp_path: Path) -> None:
    text = PROJECT["models/marts/daily.sql"].replace(" join ", " left join ")
    write_days(tmp_path, **{"models/marts/daily.sql": text})
    run(tmp_path)
    load(tmp_path, ORDERS, [*ITEMS, (5, 2, "cup", 3)])
    assert _told(tmp_path).endswith(
        "(all intervals, since shop.items changed, and its rows are optional in an outer join)"
    )
    assert rows(tmp_path, DAILY) == rows(tmp_path, ALL_OF_IT)


def test_a_rolled_back_table_becomes_whole_again_with_the_next_new_row(days: Path) -> None:
    load(days, ORDERS, [*ITEMS, (5, 2, "cup", 3)])
    run(days)
    with Lake.open(days) as lake:
        lake.rollback("marts.daily")
    load(days, ORDERS, [*ITEMS, (5, 2, "cup", 3), (6, 3, "cup", 1)])
    run(days)
    assert rows(days, DAILY) == rows(days, ALL_OF_IT)
