"""Several processes on one PostgreSQL: one holds the project, and one that was silent for too long cannot publish."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from jusante.app import Lake
from jusante.app.holding import _above_fences
from jusante.errors import LeaseLost, ProjectBusy
from jusante.ports.table_store import EVERY_TABLE, Commit
from projects import insert, rows, run, task, write, write_shop
from servers.fixtures import postgres_server
from servers.postgres import Postgres

__all__ = ["postgres_server"]

LEASE_SECONDS = 2

# A run that stops itself, as a machine that sleeps would, the first time that it is about to publish `marts.priced`.
_STOPPED = {
    "before its commit": """
from jusante.management.publish import Publisher
commit = Publisher._commit
def stopped(self, draft, staged):
    stop(draft.name)
    return commit(self, draft, staged)
Publisher._commit = stopped
""",
    "in the middle of it": """
from jusante.storage.iceberg.fences import Fences
check = Fences._check
def stopped(self, connection):
    check(self, connection)
    stop(getattr(self._thread, "table", None))
Fences._check = stopped
""",
}
_RUN = """
import os, signal, sys, time
stops = []
def stop(name):
    if name == "marts.priced" and not stops:
        stops.append(name)
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(0.5)  # this thread may go on for a moment before all of them stop
{patch}
from jusante.cli import main
sys.argv = ["jusante", "run", "--json"]
main()
"""


@pytest.fixture
def shop(tmp_path: Path, postgres_server: Postgres) -> Path:
    """The SHOP project with its memory and its pointers in PostgreSQL, run once, and with a new order."""
    database = f"t{time.time_ns()}"
    postgres_server.run(f"create database {database}")
    url = postgres_server.url(database)
    write_shop(tmp_path)
    settings = f"{{metadata: '{url}', catalog: '{url}', lease: {LEASE_SECONDS}s, parallel: 2}}"
    write(tmp_path, {"jusante.yaml": f"name: small\nenvironments:\n  dev: {settings}\n"})
    assert run(tmp_path).status == "succeeded"
    insert(tmp_path, [(9, "tea", 3, 9)])
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("where", ["before its commit", "in the middle of it"])
def test_a_process_that_was_stopped_past_its_lease_publishes_nothing(shop: Path, where: str) -> None:
    before = _snapshots(shop, "marts.priced")
    with _started(shop, _RUN.format(patch=_STOPPED[where])) as process:
        _wait_until_stopped(process)
        with Lake.open(shop) as lake:
            report = lake.run(wait_seconds=60)
        after = _snapshots(shop, "marts.priced")
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate(timeout=60)

    assert report.status == "succeeded"
    assert task(report, "marts.priced").status == "succeeded"
    assert len(after) == len(before) + 1
    assert _snapshots(shop, "marts.priced") == after
    assert '"code": "J303"' in said
    assert process.returncode == 1
    with Lake.open(shop) as lake:
        assert not lake.metadata.unfinished()
        assert lake.metadata.run(report.recovered[0]).status == "crashed"
        assert lake.metadata.verify() == ()
        assert lake.metadata.last_tasks()["marts.priced"].status == "succeeded"
    assert rows(shop, "select count(*), sum(quantity) from marts.priced") == [(5, 11)]
    assert run(shop).status == "succeeded"


def test_a_run_beside_another_waits_for_it_or_says_who_it_is(shop: Path) -> None:
    with _started(shop, _RUN.format(patch=_STOPPED["before its commit"])) as process:
        _wait_until_stopped(process)
        with Lake.open(shop) as lake, pytest.raises(ProjectBusy, match=f"process {process.pid} on "):
            lake.run()


def test_a_killed_run_is_followed_once_its_lease_has_run_out(shop: Path) -> None:
    with _started(shop, _RUN.format(patch=_STOPPED["before its commit"])) as process:
        _wait_until_stopped(process)
        process.kill()
        process.wait()
        with Lake.open(shop) as lake:
            report = lake.run(wait_seconds=60)
    assert len(report.recovered) == 1
    assert rows(shop, "select count(*) from marts.priced") == [(5,)]


def test_two_do_not_decide_what_is_due_for_one_project(shop: Path) -> None:
    with Lake.open(shop) as first, Lake.open(shop) as second:
        with first.conducted(), pytest.raises(ProjectBusy, match=f"process {os.getpid()} on "), second.conducted():
            pass
        with second.conducted():
            pass


def test_who_remembers_less_than_the_catalogue_begins_above_it(shop: Path, postgres_server: Postgres) -> None:
    run(shop)
    with Lake.open(shop) as zombie, zombie._running.run("run", 0.0):
        table = zombie.store.table("marts.priced")
        commit = Commit("marts.priced", table.plan, table.schema, table.plan.files, table.snapshot_id)
        _remembering(shop, postgres_server, f"n{time.time_ns()}")
        assert run(shop).status == "succeeded"
        with pytest.raises(LeaseLost):
            zombie.store.commit(commit)


def test_who_lost_the_lease_before_it_raised_a_fence_fences_nobody_off(shop: Path) -> None:
    with Lake.open(shop) as late, Lake.open(shop) as other:
        leases = late.metadata.leases
        lost = leases.take("run", "late", 0.0)
        with other._running.run("run", 30.0):
            before = other.store.fence_height(EVERY_TABLE)
            assert before > lost.token
            with pytest.raises(LeaseLost):
                _above_fences(late.system, leases, lost)
            assert other.store.fence_height(EVERY_TABLE) == before


def _remembering(folder: Path, server: Postgres, database: str) -> None:
    """From now on the project has its memory in another database, which is empty."""
    server.run(f"create database {database}")
    settings = (folder / "jusante.yaml").read_text()
    before = settings.partition("metadata: '")[2].partition("'")[0]
    (folder / "jusante.yaml").write_text(settings.replace(before, server.url(database), 1))


@contextmanager
def _started(folder: Path, program: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen([sys.executable, "-c", program], cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _wait_until_stopped(process: "subprocess.Popen[str]") -> None:
    watched = psutil.Process(process.pid)
    while watched.status() != psutil.STATUS_STOPPED:
        assert process.poll() is None
        time.sleep(0.05)


def _snapshots(folder: Path, name: str) -> list[int]:
    with Lake.open(folder) as lake:
        return [snapshot.id for snapshot in lake.store.history(name)]


def test_what_a_fence_refuses_holds_no_lock_and_breaks_no_connection(shop: Path) -> None:
    first = 10**9  # higher than those of the run before
    with Lake.open(shop) as lake, Lake.open(shop) as other:
        table = lake.store.table("marts.priced")
        assert table
        commit = Commit("marts.priced", table.plan, table.schema, table.plan.files, table.snapshot_id)
        for token in range(first, first + 6, 2):
            with lake.store.fenced({"marts.priced": token}):
                with other.store.fenced({"marts.priced": token + 1}):
                    pass
                with pytest.raises(LeaseLost):
                    lake.store.commit(commit)
        with lake.store.fenced({"marts.priced": first + 9}):
            assert lake.store.commit(commit).snapshot_id != table.snapshot_id
