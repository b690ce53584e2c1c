"""Replays: a run's models built again from what they read give the same, or it is said why not."""

import datetime as dt
from pathlib import Path

import pytest

from days import ITEMS, ORDERS, PROJECT, load, write_days
from jusante.app import Lake
from jusante.app.replaying import replay
from jusante.errors import UsageError
from jusante.orchestration.replaying import Replayed
from projects import run, write

MODELS = {
    "models/marts/sums.sql": "/* jusante\nchecks:\n  - positive: quantity\n    quarantine: true\n*/\n"
    "select product, sum(quantity)::int as quantity from shop.items group by all",
    "models/marts/some.sql": "/* jusante\nkind: view\n*/\nselect * from shop.items where quantity > 1",
    "models/marts/of_some.sql": "select count(*) as n, avg(quantity) as mean from marts.some",
    "models/marts/names.py": (
        "from jusante import model\n\n\n@model()\ndef names(items='shop.items'):\n    return items.select(['product'])\n"
    ),
    "models/marts/clock.sql": "select id, random() as chance from shop.items",
}


@pytest.fixture
def days(tmp_path: Path) -> tuple[Path, str]:
    """A project of many kinds of models, run, then changed and run again; and the name of the first run."""
    write_days(tmp_path, **MODELS)
    first = run(tmp_path)
    load(tmp_path, ORDERS, [*ITEMS[1:], (9, 2, "cup", 0), (10, 3, "tea", 4)])
    run(tmp_path)
    return tmp_path, first.run_id


def again(folder: Path, run_id: str) -> dict[str, Replayed]:
    """What a replay says, by asset."""
    with Lake.open(folder) as lake:
        before = lake.store.pointers()
        found = replay(lake, run_id)
        assert lake.store.pointers() == before
        assert not list(lake.settings.state.glob("replays/*"))
    return {each.asset: each for each in found}


def test_the_first_run_gives_the_same_although_the_data_are_others_now(days: tuple[Path, str]) -> None:
    found = again(*days)
    same = {name for name, each in found.items() if each.verdict == "same"}
    assert same == {"marts.daily", "marts.sums", "marts.of_some", "marts.names"}
    assert found["shop.orders"].verdict == "impossible"
    assert found["marts.clock"].verdict == "differs"
    assert found["marts.clock"].why.endswith("it uses rand(), which gives something else each time")


def test_intervals_made_one_by_one_are_what_a_build_of_all_gives(days: tuple[Path, str]) -> None:
    folder, _ = days
    load(folder, ORDERS, [*ITEMS, (9, 2, "cup", 3)])
    second = run(folder, "+marts.daily")
    assert again(folder, second.run_id)["marts.daily"].verdict == "same"


APPEND = "/* jusante\nkind: append\nchecks:\n  - range: {column: quantity, max: 4}\n    quarantine: true\n*/\nselect * from shop.items"


def test_rows_that_a_run_added_are_made_again_from_what_was_new_then(tmp_path: Path) -> None:
    write_days(tmp_path, **{"models/marts/added.sql": APPEND})
    (tmp_path / "models/marts/daily.sql").unlink()
    runs = [run(tmp_path)]
    for more in ([(9, 2, "cup", 3)], [(10, 2, "cup", 9), (11, 3, "tea", 4)], []):
        load(tmp_path, ORDERS, [*ITEMS, *more])
        runs.append(run(tmp_path))
    found = [again(tmp_path, each.run_id)["marts.added"] for each in runs[:3]]
    assert [(each.verdict, each.rows) for each in found] == [("same", 3), ("same", 1), ("same", 1)]
    with Lake.open(tmp_path) as lake:
        lake.maintain(("marts.added",), keep=dt.timedelta(0))
    gone = again(tmp_path, runs[1].run_id)["marts.added"]
    assert (gone.verdict, bool(gone.why), bool(gone.fix)) == ("impossible", True, True)


def test_what_cannot_be_replayed_says_what_can_be_done_instead(days: tuple[Path, str]) -> None:
    folder, first = days
    history = "/* jusante\nkind: by_key\nhistory: true\ngrain: [id]\n*/\nselect id, product from shop.items"
    write(folder, {"models/marts/lives.sql": history})
    last = run(folder)
    found = again(folder, last.run_id)["marts.lives"]
    assert (found.verdict, found.fix) == (
        "impossible",
        "jusante rollback marts.lives goes back to what it was after a run",
    )
    assert all(each.fix for each in again(folder, first).values() if each.verdict == "impossible")


def test_a_changed_definition_is_told(days: tuple[Path, str]) -> None:
    folder, first = days
    write(folder, {"models/marts/daily.sql": PROJECT["models/marts/daily.sql"].replace("sum(", "2 * sum(")})
    found = again(folder, first)["marts.daily"]
    assert (found.verdict, found.why) == ("impossible", "its definition, or one above it, changed since")


def test_an_expired_snapshot_is_told(days: tuple[Path, str]) -> None:
    folder, first = days
    with Lake.open(folder) as lake:
        lake.maintain(("shop.items",), keep=dt.timedelta(0))
    found = again(folder, first)["marts.sums"]
    assert (found.verdict, found.why) == (
        "impossible",
        "the snapshot of shop.items that it read is gone: it has expired",
    )


def test_a_table_that_was_tampered_with_differs(days: tuple[Path, str]) -> None:
    folder, first = days
    with Lake.open(folder) as lake:
        task = next(task for task in lake.metadata.tasks(first) if task.asset == "marts.sums")
        assert task.snapshot_id
        table = lake.store.at("marts.sums", task.snapshot_id)
        assert table
        with lake.system.engine.session({"marts.sums": table.plan}) as session:
            rows = session.table("select product, (quantity + 1)::int as quantity from marts.sums")
        import pyarrow.parquet as pq

        schema = pq.read_schema(table.plan.files[0])
        pq.write_table(rows.cast(schema), table.plan.files[0])
    found = again(folder, first)["marts.sums"]
    assert found.verdict == "differs"
    assert "do not come again" in found.why


def test_a_run_that_never_was_is_refused(days: tuple[Path, str]) -> None:
    with Lake.open(days[0]) as lake, pytest.raises(UsageError, match="there is no run"):
        replay(lake, "r0")
