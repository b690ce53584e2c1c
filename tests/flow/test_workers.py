"""Runs whose tasks are done by several processes through PostgreSQL."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from crews import PATIENCE, many, settings, told, until, worker, write_shop_into
from jusante.app import Lake, Report
from projects import insert, rows, run, task, write
from servers.fixtures import postgres_server
from servers.postgres import Postgres

__all__ = ["postgres_server"]


@pytest.fixture
def shop(tmp_path: Path, postgres_server: Postgres) -> Path:
    """The SHOP project with its memory and its pointers in PostgreSQL, run once, and with a new order."""
    settings(tmp_path, postgres_server)
    write_shop_into(tmp_path)
    assert run(tmp_path).status == "succeeded"
    insert(tmp_path, [(9, "tea", 3, 9)])
    return tmp_path


def test_a_worker_does_tasks_of_a_run_that_another_process_began(shop: Path) -> None:
    write(shop, many(24))
    with worker(shop) as process:
        report = run(shop)
        said = told(process)

    assert report.status == "succeeded"
    done = {each["asset"] for each in said if each["event"] == "task.succeeded"}
    assert done
    assert done < {each.asset for each in report.tasks if each.status == "succeeded"}
    assert said[-1]["event"] == "worker.down"
    assert run(shop).status == "succeeded"
    assert rows(shop, "select count(*), sum(quantity) from marts.priced") == [(5, 11)]
    with Lake.open(shop) as lake:
        assert lake.metadata.verify() == ()
        assert lake.metadata.queue
        assert lake.metadata.queue.size() == 0


@pytest.mark.slow
def test_a_workers_log_is_lines_for_machines_where_the_project_says_so_and_quotes_no_value(shop: Path) -> None:
    settings = (shop / "jusante.yaml").read_text()
    write(shop, {"jusante.yaml": settings.replace("lease:", "logs: json, lease:")})
    # They take a while, so that the other process cannot be done with all of them before the worker has looked.
    slow = {name: text.replace("300000", "40000000") for name, text in many(16).items()}
    write(shop, {name: f"select cast(s || ' 4111-1111' as integer) as x from ({text})" for name, text in slow.items()})
    with worker(shop, "--env", "dev") as process:
        assert run(shop).status == "partial"
        process.send_signal(signal.SIGTERM)
        out, text = process.communicate(timeout=PATIENCE)

    said = [json.loads(line) for line in text.splitlines()]
    failed = [line for line in said if line["event"] == "task.failed"]
    assert failed
    assert {(line["level"], line["code"], line["task"] == f"{line['run']}/{line['asset']}") for line in failed} == {
        ("error", "J400", True)
    }
    assert said[-1]["event"] == "worker.down"
    assert out == ""
    assert "4111" not in text


def test_a_worker_of_another_version_leaves_the_task_to_the_others(shop: Path, tmp_path_factory: Any) -> None:
    other = tmp_path_factory.mktemp("other")
    write_shop_into(write(other, {"jusante.yaml": (shop / "jusante.yaml").read_text()}))
    write(other, {"models/marts/by_product.sql": "select product, 1 as revenue from marts.priced group by product"})
    write(shop, many(16))
    with worker(other) as process:
        report = run(shop)
        said = told(process)

    assert report.status == "succeeded"
    assert "task.refused" in {each["event"] for each in said}
    assert not [each for each in said if each["event"] in {"task.succeeded", "task.failed"}]


def test_a_killed_workers_tasks_are_done_by_others_and_published_once(shop: Path) -> None:
    write(shop, many(16))
    with worker(shop, JUSANTE_KILL_AT="after_commit") as process:
        report = run(shop)
        process.wait(PATIENCE)

    assert process.returncode == -signal.SIGKILL
    assert report.status == "succeeded"
    with Lake.open(shop) as lake:
        once = {f"many.m{n:02}": len(lake.store.history(f"many.m{n:02}")) for n in range(16)}
    assert set(once.values()) == {1}
    assert run(shop).status == "succeeded"


_STOPPED = """
import os, signal, sys
from jusante.management.publish import Publisher
commit = Publisher._commit
stops = []
def stopped(self, draft, staged):
    if draft.name == "marts.priced" and not stops:
        stops.append(1)
        os.kill(os.getpid(), signal.SIGSTOP)
    return commit(self, draft, staged)
Publisher._commit = stopped
from jusante.cli import main
sys.argv = ["jusante", "worker", "--json", "--project", sys.argv[1]]
main()
"""


def test_a_worker_that_was_stopped_past_its_lease_publishes_nothing_and_goes_on(shop: Path) -> None:
    before = snapshots(shop, "marts.priced")
    yaml = (shop / "jusante.yaml").read_text()
    program = [sys.executable, "-c", _STOPPED, str(shop)]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
    reports: list[Report] = []
    try:
        assert process.stdout
        process.stdout.readline()
        # The run's own process has one place only, and that is taken until the worker has begun.
        waits = f"# jusante\n#   priority: 9\nwhile [ ! -f {shop}/go ]; do sleep 0.1; done\n"
        write(shop, {"steps/waits.sh": waits, "jusante.yaml": yaml.replace("parallel: 2", "parallel: 1")})
        with Lake.open(shop) as lake:
            running = threading.Thread(target=lambda: reports.append(lake.run()))
            running.start()
            until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
            write(shop, {"go": ""})
            running.join(PATIENCE)
        after = snapshots(shop, "marts.priced")
        process.send_signal(signal.SIGCONT)
        with Lake.open(shop) as lake:
            lost = until(lambda: lake.metadata.latest("lease.lost", 1, asset="marts.priced"))
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()

    assert task(reports[0], "marts.priced").status == "succeeded"
    assert len(after) == len(before) + 1
    assert snapshots(shop, "marts.priced") == after
    assert lost[0].payload["code"] == "J303"
    assert rows(shop, "select count(*) from marts.priced") == [(5,)]
    there, needed = files_of(shop, "marts.priced")
    assert there == needed, "what was staged in vain was swept"


def files_of(folder: Path, table: str) -> tuple[set[str], set[str]]:
    """The data files of a table that there are, and those that its snapshots need."""
    from pyiceberg.catalog.sql import SqlCatalog

    with Lake.open(folder) as lake:
        catalog = SqlCatalog("jusante", uri=lake.settings.catalog_url)
    found = catalog.load_table(table)
    needed = {
        entry.data_file.file_path
        for snapshot in found.metadata.snapshots
        for manifest in snapshot.manifests(found.io)
        for entry in manifest.fetch_manifest_entry(found.io)
    }
    catalog.engine.dispose()
    data = folder / ".jusante/warehouse" / table.replace(".", "/") / "data"
    return {str(path) for path in data.rglob("*.parquet")}, needed


def snapshots(folder: Path, name: str) -> list[int]:
    with Lake.open(folder) as lake:
        return [snapshot.id for snapshot in lake.store.history(name)]
