"""The database of a project is away for longer than a lease: who works waits for it and goes on."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crews import LEASE_SECONDS, PATIENCE, many, settings, until, worker, write_shop_into
from jusante.app import Lake, Report
from jusante.app.leading import lead
from projects import insert, rows, run, write
from servers.postgres import Postgres, postgres


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A server of this test alone."""
    with postgres() as server:
        server.stop()
        server.start("synchronous_commit=on")  # what it has said yes to is there after a crash
        yield server


@pytest.mark.parametrize("seconds", [2 * LEASE_SECONDS, pytest.param(60, marks=pytest.mark.slow)])
def test_a_run_waits_for_its_database_and_goes_on(tmp_path: Path, server: Postgres, seconds: float) -> None:
    settings(tmp_path, server)
    write_shop_into(tmp_path)
    write(tmp_path, many(12))
    reports: list[Report] = []
    with worker(tmp_path) as process, Lake.open(tmp_path) as lake:
        running = threading.Thread(target=lambda: reports.append(lake.run()))
        running.start()
        until(lambda: len(lake.metadata.last_tasks()) > 3)
        server.stop()
        time.sleep(seconds)
        server.start("synchronous_commit=on")
        running.join(PATIENCE)
        assert not running.is_alive()
        assert process.poll() is None, "the worker waits, too"

        assert reports[0].status == "succeeded", [task.error for task in reports[0].tasks if task.error]
        assert {len(lake.store.history(f"many.m{n:02}")) for n in range(12)} == {1}
        assert lake.metadata.verify() == ()
    assert run(tmp_path).tasks


@pytest.mark.slow
def test_up_waits_for_its_database_and_loses_no_tick(tmp_path: Path, server: Postgres) -> None:
    settings(tmp_path, server)
    write_shop_into(tmp_path)
    source = (tmp_path / "sources/shop.yaml").read_text().replace("cursor: changed", "cursor: changed, every: 1s")
    write(tmp_path, {"sources/shop.yaml": source})
    run(tmp_path)
    stop = threading.Event()
    with Lake.open(tmp_path) as lake, Lake.open(tmp_path) as seen:
        leading = threading.Thread(target=lambda: lead(lake, stop, lambda _: None, stand_by=True))
        leading.start()
        until(lambda: seen.metadata.latest("trigger.fired", 1))
        server.stop()
        insert(tmp_path, [(9, "tea", 3, 9)])
        time.sleep(2 * LEASE_SECONDS)
        server.start("synchronous_commit=on")
        until(lambda: rows(tmp_path, "select count(*) from marts.priced") == [(5,)])
        stop.set()
        leading.join(PATIENCE)
        assert not leading.is_alive()
