"""Rows that are set aside stand in the quarantine once: after kills and failures, and when they are made again."""

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from days import ITEMS, ORDERS, load, write_days
from jusante.core.check import Range
from jusante.errors import CommitConflict
from jusante.management.publish import Draft, Publisher
from jusante.ports.table_store import Commit, Table
from jusante.storage.iceberg import IcebergStore
from projects import rows, run, write
from timed import Lake as Tables

CHECKED = (
    "/* jusante\n{kind}\ngrain: [id]\nchecks:\n  - range: {{column: n, max: 1}}\n    quarantine: true\n*/\n"
    "select o.at::date as day, i.id, i.quantity as n from shop.orders as o join shop.items as i on i.order_id = o.id"
)
ASIDE = "select id, n::int from marts.pieces__quarantine order by all"
BAD = [(1, 2), (3, 5)]


def write_checked(folder: Path, kind: str = "kind: by_time\ntime: day") -> None:
    """A model two of whose rows, of different days, are set aside."""
    write_days(folder, **{"models/marts/pieces.sql": CHECKED.format(kind=kind)})
    (folder / "models/marts/daily.sql").unlink()
    run(folder, "source:shop")


def fill(folder: Path, kill_at: str = "") -> int:
    command = [sys.executable, "-m", "jusante", "backfill", "marts.pieces", "--batch", "1", "--project", str(folder)]
    environment = {**os.environ, "JUSANTE_KILL_AT": kill_at}
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode


@pytest.mark.slow
@pytest.mark.parametrize("time", [1, 2])
def test_a_backfill_killed_between_quarantine_and_table_sets_aside_once(tmp_path: Path, time: int) -> None:
    write_checked(tmp_path)
    assert fill(tmp_path, f"after_aside:marts.pieces:{time}") == -signal.SIGKILL
    assert rows(tmp_path, ASIDE) == BAD[:time]
    assert fill(tmp_path) == 0
    assert rows(tmp_path, ASIDE) == BAD
    assert rows(tmp_path, "select id, n::int from marts.pieces order by id") == [(2, 1), (4, 1)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["kind: by_time\ntime: day", "kind: by_key", "kind: append", "kind: by_key\nhistory: true"]
)
def test_a_run_killed_between_quarantine_and_table_sets_aside_once(tmp_path: Path, kind: str) -> None:
    from killed_runs import run as killed

    write_checked(tmp_path, kind)
    if "append" in kind:
        text = (tmp_path / "models/marts/pieces.sql").read_text()
        write(
            tmp_path,
            {"models/marts/pieces.sql": text.partition("*/")[0] + "*/\nselect id, quantity as n from shop.items"},
        )
    assert killed(tmp_path) == 0
    load(tmp_path, ORDERS, [*ITEMS, (5, 2, "cup", 3), (6, 1, "cup", 1)])
    assert killed(tmp_path, "after_aside:marts.pieces") == -signal.SIGKILL
    assert killed(tmp_path) == 0
    assert rows(tmp_path, ASIDE) == [*BAD, (5, 3)]


@pytest.mark.parametrize(
    "kind",
    [
        "kind: by_time\ntime: day",
        pytest.param("kind: by_key", marks=pytest.mark.slow),
        pytest.param("kind: by_key\nhistory: true", marks=pytest.mark.slow),
    ],
)
def test_what_is_made_again_is_not_set_aside_again(tmp_path: Path, kind: str) -> None:
    write_checked(tmp_path, kind)
    run(tmp_path)
    load(tmp_path, ORDERS, [*ITEMS, (5, 1, "cup", 3), (6, 1, "cup", 1)])
    run(tmp_path)
    assert rows(tmp_path, ASIDE) == [*BAD, (5, 3)]
    load(tmp_path, ORDERS, [(1, 1, "tea", 1), *ITEMS[1:], (6, 1, "cup", 1)])
    run(tmp_path)
    assert rows(tmp_path, ASIDE) == BAD[1:], "what was put right at the source is bad no more"
    assert rows(tmp_path, "select id from marts.pieces order by id") == [(1,), (2,), (4,), (6,)]


class Refusing(IcebergStore):
    """A store that refuses commits of tables, but not of quarantines, so many times."""

    left = 0

    def commit(self, commit: Commit) -> Table:
        if self.left and not commit.name.endswith("__quarantine"):
            self.left -= 1
            raise CommitConflict("somebody else was first", where=commit.name)
        return super().commit(commit)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_publication_that_failed_has_set_nothing_aside_once_it_is_repeated(tmp_path: Path, is_first: bool) -> None:
    lake = Tables(tmp_path, {"m.a": "x bigint"}, "select date '2026-01-01' as day")
    store = Refusing(str(tmp_path / "warehouse"), f"sqlite:///{tmp_path}/catalog.db", tmp_path / "plans")
    publisher = Publisher(store, lambda: dt.datetime.now(dt.UTC))
    check = Range(column="n", max=1, quarantine=True)

    def publish(sql: str) -> None:
        current = store.table("m.t")
        run_id = f"r{current.snapshot_id if current else 0}"  # one run tries until it has published
        with lake.engine.session() as session:
            publisher.publish(session, Draft("m.t", sql, run_id, current, (), (check,)))

    def aside() -> list[tuple[Any, ...]]:
        found = store.table("m.t__quarantine")
        assert found
        with lake.engine.session({"m.q": found.plan}) as session:
            return session.rows("select n from m.q order by n")

    if not is_first:
        publish("select unnest([0, 5]) as n")
    before = [] if is_first else [(5,)]
    for _ in range(2):
        store.left = 1
        with pytest.raises(CommitConflict):
            publish("select unnest([1, 7]) as n")
        assert aside() == [*before, (7,)]
    publish("select unnest([1, 7]) as n")
    assert aside() == [*before, (7,)]
    publish("select unnest([1, 8]) as n")
    assert aside() == [*before, (7,), (8,)]
    store.left = 1
    with pytest.raises(CommitConflict):
        publish("select unnest([9]) as n")
    publish("select 1 as n")
    assert aside() == [*before, (7,), (8,)], "nothing is bad the second time"
    store.close()
    lake.close()
