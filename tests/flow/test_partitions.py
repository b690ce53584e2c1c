"""Machines that lose each other: the network of one is silent for longer than its lease, in the middle of its work."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crews import LEASE_SECONDS, PATIENCE, settings, until
from jusante.app import Lake
from killing import Findings, expected, judge, log_pointers, order, watched, write_project
from projects import ORDERS, SHOP, insert, rows, run, sql, write
from servers.network import ANYWHERE, Network, inside, network, why_no_network
from servers.postgres import Postgres, postgres

pytestmark = pytest.mark.skipif(bool(why_no_network()), reason=why_no_network())

SRC = str(Path(__file__).parents[2] / "src")
NOTICED_SECONDS = 45
"""Within so long somebody who cannot reach the database has said so: what was sent is waited for for 20 s, a connection for 10 s."""


@dataclass
class Machines:
    """A database, and two hosts."""

    network: Network
    server: Postgres

    @contextmanager
    def running(self, host: str, folder: Path, *command: str) -> Iterator["Program"]:
        """A command of jusante on a host."""
        program = Program(self.network.on(host), ["-m", "jusante", *command, "--json", "--project", str(folder)])
        try:
            yield program
        finally:
            program.kill()


class Program:
    """A process on a host, and what it has said so far."""

    def __init__(self, on: list[str], words: list[str]) -> None:
        variables = {**os.environ, "PYTHONPATH": SRC, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [*on, sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=variables
        )
        self.lines: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as said:
            for line in said:
                self.lines.append(line)

    def told(self, event: str) -> list[dict[str, Any]]:
        """What it has said of an event."""
        said = [json.loads(line) for line in tuple(self.lines) if line.startswith("{")]
        return [each for each in said if each.get("event") == event]

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def end(self) -> int:
        """Wait for its end."""
        status = self.process.wait(PATIENCE)
        self._reading.join()
        return status

    @property
    def said(self) -> str:
        """All that it has said."""
        return "".join(self.lines)


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    """Both hosts can reach the database when a test begins."""
    with (
        network("one", "two") as made,
        postgres(host=made.address, access=ANYWHERE, inside=inside(made.database)) as server,
    ):
        yield Machines(made, server)


# -- at a moment that is chosen ------------------------------------------------------------------------------------------

# A program that waits, the first time that it is about to do something for `marts.doubled`, until it is told to go on.
_WAITING = """
import sys, time
from pathlib import Path
here, waits = Path({folder!r}), []
def wait(name):
    if name == "marts.doubled" and not waits:
        waits.append(name)
        (here / "waits").touch()
        while not (here / "goes.on").exists():
            time.sleep(0.05)
{patch}
from jusante.cli import main
sys.argv = ["jusante", {command!r}, "--json", "--project", str(here)]
main()
"""
_MOMENTS = {
    "before it publishes": """
from jusante.management.publish import Publisher
commit = Publisher._commit
def waiting(self, draft, staged):
    wait(draft.name)
    return commit(self, draft, staged)
Publisher._commit = waiting
""",
    "in the middle of it": """
from jusante.storage.iceberg.fences import Fences
check = Fences._check
def waiting(self, connection):
    check(self, connection)
    wait(getattr(self._thread, "table", None))
Fences._check = waiting
""",
    "while it writes that down": """
from jusante.storage.sql_metadata import ledger
append = ledger.append
def waiting(connection, events):
    for event in events:
        if event.kind.startswith("task."):
            wait(event.asset)
    return append(connection, events)
ledger.append = waiting
""",
}
MODEL = "select id, quantity * 2 as doubled from shop.orders"


@pytest.fixture
def project(tmp_path: Path, machines: Machines) -> Path:
    """A table of orders and a model of it, made once, and a new order."""
    settings(tmp_path, machines.server)
    write(tmp_path, {"sources/shop.yaml": SHOP["sources/shop.yaml"], "models/marts/doubled.sql": MODEL})
    sql(
        tmp_path / "shop.db",
        "create table orders (id integer primary key, product text, quantity integer, changed integer)",
    )
    insert(tmp_path, ORDERS)
    assert run(tmp_path).status == "succeeded"
    insert(tmp_path, [(9, "tea", 3, 9)])
    return tmp_path


@contextmanager
def waiting(machines: Machines, host: str, folder: Path, moment: str, command: str) -> Iterator[Program]:
    """A program on a host that has come to this moment, and whose network has fallen silent there."""
    text = _WAITING.format(folder=str(folder), patch=_MOMENTS[moment], command=command)
    program = Program(machines.network.on(host), ["-c", text])
    try:
        yield program
    finally:
        machines.network.mend(host)
        program.kill()


def come(program: Program, folder: Path) -> None:
    """Wait until a program has come to its moment."""
    until(lambda: (folder / "waits").exists() or program.process.poll() is not None)
    assert (folder / "waits").exists(), program.said


@pytest.mark.parametrize(
    "moment",
    [
        "before it publishes",
        pytest.param("in the middle of it", marks=pytest.mark.slow),
        pytest.param("while it writes that down", marks=pytest.mark.slow),
    ],
)
def test_a_run_that_is_cut_off_is_followed_and_publishes_nothing_more(
    machines: Machines, project: Path, moment: str
) -> None:
    before = published(project)
    with waiting(machines, "one", project, moment, "run") as program:
        come(program, project)
        machines.network.cut("one")
        with Lake.open(project) as lake:
            report = lake.run(wait_seconds=60)
        after = published(project)
        machines.network.mend("one")
        (project / "goes.on").touch()
        assert program.end() == 1, program.said

    assert report.status == "succeeded", [task.error for task in report.tasks]
    assert len(report.recovered) == 1
    assert len(after) == len(before) + 1
    assert published(project) == after
    assert '"code": "J303"' in program.said
    assert rows(project, "select count(*), sum(doubled) from marts.doubled") == [(5, 22)]
    with Lake.open(project) as lake:
        assert not lake.metadata.unfinished()
        assert lake.metadata.verify() == ()


@pytest.mark.slow
@pytest.mark.parametrize("moment", list(_MOMENTS))
def test_a_worker_that_is_cut_off_loses_its_task_and_goes_on_with_others(
    machines: Machines, project: Path, moment: str
) -> None:
    text = (project / "jusante.yaml").read_text()
    # The run's own process has one place only, and that is taken until the worker has come to its moment.
    busy = f"# jusante\n#   priority: 9\nwhile [ ! -e {project}/waits ]; do sleep 0.1; done\n"
    write(project, {"jusante.yaml": text.replace("parallel: 2", "parallel: 1"), "steps/busy.sh": busy})
    before = published(project)
    with waiting(machines, "two", project, moment, "worker") as program:
        until(lambda: program.told("worker.up"))
        with machines.running("one", project, "run") as running:
            come(program, project)
            machines.network.cut("two")
            assert running.end() == 0, running.said
        assert len(published(project)) == len(before) + 1
        machines.network.mend("two")
        (project / "goes.on").touch()
        until(lambda: program.told("lease.lost"))
        program.process.send_signal(signal.SIGTERM)
        assert program.end() == 0, program.said
    assert len(published(project)) == len(before) + 1
    assert rows(project, "select count(*), sum(doubled) from marts.doubled") == [(5, 22)]
    with Lake.open(project) as lake:
        assert lake.metadata.verify() == ()


def published(folder: Path) -> list[int]:
    """The snapshots of the model's table."""
    with Lake.open(folder) as lake:
        return [snapshot.id for snapshot in lake.store.history("marts.doubled")]


# -- for longer ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def orders(tmp_path: Path, machines: Machines) -> Iterator[tuple[Path, Findings]]:
    """The project of the random kills, whose every pointer is seen."""
    database = f"w{time.time_ns()}"
    machines.server.run(f"create database {database}")
    write_project(tmp_path, machines.server.url(database), LEASE_SECONDS)
    assert run(tmp_path).status == "succeeded"
    with Lake.open(tmp_path) as lake:
        catalog = sa.create_engine(lake.settings.catalog_url)
    log_pointers(catalog)
    found = Findings(orders=1)
    with watched(catalog, found):
        yield tmp_path, found
    catalog.dispose()


def all_made(folder: Path, found: Findings) -> bool:
    """Whether everything was made of all orders."""
    return rows(folder, "select orders, id from marts.both") == [(found.orders, found.orders)]


def judged(folder: Path, found: Findings) -> None:
    """Once all have ended: nothing was lost or published twice, nothing stays open, and the ledger is whole."""
    judge(folder, found)
    assert found.rows == expected(found.orders)
    assert (found.published_twice, found.made_twice) == ([], [])
    assert (found.faults, found.unfinished) == (0, 0)


@pytest.mark.slow
def test_a_leader_that_is_cut_off_for_long_says_so_is_followed_and_ends_when_it_hears_of_that(
    machines: Machines, orders: tuple[Path, Findings]
) -> None:
    folder, found = orders
    with machines.running("one", folder, "up", "--no-listen") as first:
        until(lambda: first.told("up"))
        with (
            machines.running("two", folder, "up", "--no-listen", "--stand-by") as second,
            machines.running("two", folder, "worker"),
        ):
            until(lambda: second.told("standing.by"))
            order(folder, found)
            until(lambda: all_made(folder, found))
            machines.network.cut("one")
            began = time.monotonic()
            order(folder, found)
            until(lambda: all_made(folder, found))
            assert second.told("up")
            until(lambda: first.told("storage.failed"))
            print(f"followed, and told after {time.monotonic() - began:.0f} s")
            machines.network.mend("one")
            assert first.end() == 1
            assert "J600" in first.said
            assert "jusante up runs already: process" in first.said
            order(folder, found)
            until(lambda: all_made(folder, found))
            second.process.send_signal(signal.SIGTERM)
            assert second.end() == 0, second.said
    judged(folder, found)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_links_that_come_and_go_lose_nothing_and_publish_nothing_twice(
    machines: Machines, orders: tuple[Path, Findings], seed: int
) -> None:
    folder, found = orders
    chance = random.Random(seed)
    with ExitStack() as stack:
        hosts = ("one", "two")
        for host in hosts:
            stack.callback(machines.network.mend, host)
            stack.enter_context(machines.running(host, folder, "up", "--no-listen", "--stand-by"))
            stack.enter_context(machines.running(host, folder, "worker"))
        for _ in range(20):
            order(folder, found)
            time.sleep(chance.uniform(0.1, 2))
            host = chance.choice(hosts)
            machines.network.cut(host)
            time.sleep(chance.uniform(0.5, 3 * LEASE_SECONDS))
            machines.network.mend(host)
        until(lambda: all_made(folder, found))
    judged(folder, found)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_network_that_loses_a_fifth_of_all_packets_is_slow_and_right(
    machines: Machines, orders: tuple[Path, Findings]
) -> None:
    folder, found = orders
    text = (folder / "jusante.yaml").read_text()
    write(folder, {"jusante.yaml": text.replace(f"lease: {LEASE_SECONDS}s", "lease: 20s")})
    with ExitStack() as stack:
        for host in ("one", "two"):
            stack.callback(machines.network.clear, host)
            if not machines.network.spoil(host):
                pytest.skip("neither netem nor iptables' statistic can lose packets here")
            stack.enter_context(machines.running(host, folder, "up", "--no-listen", "--stand-by"))
            stack.enter_context(machines.running(host, folder, "worker"))
        began = time.monotonic()
        order(folder, found)
        until(lambda: all_made(folder, found), 600)
        print(f"made in {time.monotonic() - began:.0f} s")
    judged(folder, found)
