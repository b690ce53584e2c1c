"""The disk under PostgreSQL is full: it is told what is wrong and where, nothing is half done, and all goes on afterwards."""

import os
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from crews import PATIENCE, many, settings, until, worker, write_shop_into
from jusante.app import Lake
from jusante.app.conductor import Notice
from jusante.app.leading import lead
from jusante.errors import StorageError, StorageFull
from projects import insert, rows, run, write
from servers.fixtures import postgres_server
from servers.postgres import Postgres

__all__ = ["postgres_server"]

SIZE = "220m"
MODELS = 40


class Disk:
    """A small file system of its own, which can be filled up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Take all the room that is left."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (2**20, 4096):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A disk in memory; where mounting is not permitted, the test is skipped."""
    folder = Path(tempfile.mkdtemp(prefix="jusante-disk-"))
    mounted = os.name == "posix" and _ran("mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "none", str(folder))
    if not mounted:
        folder.rmdir()
        pytest.skip("a test may not mount a small disk here")
    try:
        yield Disk(folder)
    finally:
        _ran("umount", "--lazy", str(folder))
        folder.rmdir()


@pytest.fixture
def server(disk: Disk) -> Iterator[Postgres]:
    """A server whose data lie on that disk."""
    data = disk.folder / "data"
    data.mkdir(mode=0o700)
    server = Postgres(data)
    server.start("synchronous_commit=on", "min_wal_size=32MB", "max_wal_size=64MB")
    try:
        yield server
    finally:
        disk.free()
        server.stop()


def _ran(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def shop(tmp_path: Path, server: Postgres) -> Path:
    """The SHOP project, run once, with a new order and forty models more."""
    settings(tmp_path, server)
    write_shop_into(tmp_path)
    assert run(tmp_path).status == "succeeded"
    insert(tmp_path, [(9, "tea", 3, 9)])
    write(tmp_path, many(MODELS))
    return tmp_path


def whole(folder: Path) -> None:
    """Nothing is lost, nothing was made twice, and the ledger is as it was written."""
    assert rows(folder, "select count(*), sum(quantity) from marts.priced") == [(5, 11)]
    with Lake.open(folder) as lake:
        assert {len(lake.store.history(f"many.m{n:02}")) for n in range(MODELS)} == {1}
        assert not lake.metadata.unfinished()
        assert lake.metadata.verify() == ()
        made = [event.asset for event in lake.metadata.latest("task.succeeded", 1_000)]
    assert {name: count for name, count in Counter(made).items() if str(name).startswith("many.") and count > 1} == {}


@pytest.mark.slow
@pytest.mark.parametrize("tasks", [0, 12])
def test_a_run_whose_database_has_no_room_says_so_and_the_next_one_makes_the_rest(
    shop: Path, server: Postgres, disk: Disk, tasks: int
) -> None:
    refused: list[StorageError] = []
    with Lake.open(shop) as lake:
        before = len(lake.metadata.last_tasks())

        def make() -> None:
            try:
                lake.run()
            except StorageError as error:
                refused.append(error)

        running = threading.Thread(target=make)
        if not tasks:
            disk.fill()
        running.start()
        until(lambda: not tasks or len(lake.metadata.last_tasks()) >= before + tasks)
        disk.fill()
        running.join(PATIENCE)
        assert not running.is_alive()
        assert rows(shop, "select count(*) from marts.dear") == [(1,)]
        disk.free()
    assert [type(error) for error in refused] == [StorageFull]
    assert refused[0].what.startswith("the disk is full")
    assert f"127.0.0.1:{server.port}/" in refused[0].where
    assert run(shop).status == "succeeded"
    whole(shop)


@pytest.mark.slow
def test_a_warehouse_without_room_fails_what_does_not_fit_and_the_ledger_says_why(
    tmp_path: Path, postgres_server: Postgres, disk: Disk
) -> None:
    settings(tmp_path, postgres_server, f"parallel: 2, warehouse: {disk.folder}/warehouse")
    write_shop_into(tmp_path)
    assert run(tmp_path).status == "succeeded"
    insert(tmp_path, [(9, "tea", 3, 9)])
    write(tmp_path, many(MODELS))
    disk.fill()
    report = run(tmp_path)
    assert report.status in {"failed", "partial"}
    assert {task.error["code"] for task in report.tasks if task.error} == {"J301"}
    with Lake.open(tmp_path) as lake:
        told = lake.metadata.latest("task.failed", 1)
    assert told[0].payload["task"]["error"]["what"] == "the disk is full"
    assert rows(tmp_path, "select count(*) from marts.priced") == [(4,)]
    disk.free()
    assert run(tmp_path).status == "succeeded"
    whole(tmp_path)


@pytest.mark.slow
def test_up_and_a_worker_say_that_there_is_no_room_and_go_on_when_there_is(
    shop: Path, server: Postgres, disk: Disk
) -> None:
    source = (shop / "sources/shop.yaml").read_text().replace("cursor: changed", "cursor: changed, every: 1s")
    write(shop, {"sources/shop.yaml": source})
    stop, told = threading.Event(), list[Notice]()
    with worker(shop) as process, Lake.open(shop) as lake:
        leading = threading.Thread(target=lambda: lead(lake, stop, told.append, stand_by=True))
        leading.start()
        until(lambda: any(notice.event == "trigger.fired" for notice in told))
        disk.fill()
        insert(shop, [(10, "tea", 1, 10)])
        full = until(lambda: [notice for notice in told if notice.event == "storage.failed"])
        disk.free()
        assert "J301 the disk is full" in full[0].what
        until(lambda: rows(shop, "select count(*) from marts.priced") == [(6,)])
        stop.set()
        leading.join(PATIENCE)
        assert not leading.is_alive()
        assert process.poll() is None
    with Lake.open(shop) as lake:
        assert not lake.metadata.unfinished()
        assert lake.metadata.verify() == ()
