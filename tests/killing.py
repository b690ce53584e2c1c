"""kill -9 at random moments of whoever schedules and of whoever works, while a source gets new rows; and what must hold then.

Processes begin as forks of one that has imported everything, so that a second holds more than one kill.
"""

import json
import multiprocessing
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from jusante.app import Lake
from projects import sql, write

PATIENCE = 300
LEASE_SECONDS = 1
KEY = "jusante."
_LOADED = [
    "jusante.app.leading",
    "jusante.app.working",
    "jusante.storage.sql_metadata",
    "jusante.storage.iceberg.store",
    "jusante.storage.iceberg.writing",
    "jusante.engines.duckdb.engine",
    "jusante.transformation.guards",
    "pyiceberg.catalog.sql",
    "pyiceberg.io.pyarrow",
    "psycopg",
    "pyarrow.parquet",
]
_context = multiprocessing.get_context("forkserver")

MODELS = {
    "models/marts/each.sql": "select id, quantity from shop.orders",
    "models/marts/total.sql": "select sum(quantity) as quantity, count(*) as orders from marts.each",
    "models/marts/most.sql": "select max(id) as id from marts.each",
    "models/marts/both.sql": "select t.orders, m.id from marts.total as t cross join marts.most as m",
}


@dataclass
class Findings:
    """What was seen: kills by whom they hit, what was published how often, and all that must not be."""

    kills: Counter[str] = field(default_factory=Counter)
    published: Counter[tuple[str, ...]] = field(default_factory=Counter)
    recorded: Counter[tuple[str, ...]] = field(default_factory=Counter)
    orders: int = 0
    rows: dict[str, Any] = field(default_factory=dict)
    faults: int = 0
    unfinished: int = 0
    crashed: int = 0
    lost: int = 0

    @property
    def published_twice(self) -> list[tuple[str, ...]]:
        """What was published more than once of the same inputs, in the same version."""
        return [key for key, count in self.published.items() if count > 1]

    @property
    def made_twice(self) -> list[tuple[str, ...]]:
        """What the ledger tells of as made more than once of the same inputs."""
        return [key for key, count in self.recorded.items() if count > 1]


def suite(folder: Path, seed: int, kills: int, *, database: str | None = None, longest: float = 1.3) -> Findings:
    """Kill that often, not more than `longest` seconds apart.

    Without a database one process schedules and works, with one two schedule and two work.
    """
    chance = random.Random(seed)
    write_project(folder, database)
    with Lake.open(folder) as lake:
        assert lake.run().status == "succeeded"
        catalog = sa.create_engine(lake.settings.catalog_url)
    log_pointers(catalog)
    _context.set_forkserver_preload(_LOADED)
    roles = {"scheduler": _schedule} if not database else {
        "scheduler": _schedule, "second scheduler": _schedule, "worker": _work, "second worker": _work,
    }  # fmt: skip
    found = Findings(orders=1)
    with watched(catalog, found), _running(roles, folder) as processes:
        while found.kills.total() < kills:
            order(folder, found)
            time.sleep(chance.uniform(0.1, longest))
            victim = chance.choice(list(roles))
            processes[victim].kill()
            processes[victim].join()
            found.kills[victim.rpartition(" ")[2]] += 1
            processes[victim] = _begun(roles[victim], folder)
        _settle(folder, found)
    catalog.dispose()
    judge(folder, found)
    return found


def write_project(folder: Path, database: str | None, lease_seconds: int = LEASE_SECONDS) -> None:
    """Orders, and four models of them."""
    where = f"metadata: '{database}', catalog: '{database}', " if database else ""
    settings = f"{{{where}lease: {lease_seconds}s, parallel: 2}}"
    source = (
        "source: shop\nkind: sqlite\nconnection: shop.db\nowner: shop@b.example\n"
        "tables:\n  orders: {key: [id], ingest: {mode: incremental, cursor: id, every: 1s, drift: {data: off}}}\n"
    ).replace(", drift: {data: off}", "")
    write(folder, {"jusante.yaml": f"name: kills\nenvironments:\n  dev: {settings}\n", "sources/shop.yaml": source})
    write(folder, MODELS)
    sql(folder / "shop.db", "create table orders (id integer primary key, quantity integer)")
    sql(folder / "shop.db", "insert into orders values (1, 1)")


def order(folder: Path, found: Findings) -> None:
    """One order more, at the source."""
    found.orders += 1
    sql(folder / "shop.db", "insert into orders values (?, ?)", [(found.orders, found.orders)])


# -- the processes -------------------------------------------------------------------------------------------------------


def _schedule(folder: str) -> None:
    from jusante.app.leading import lead

    _quietly()
    with Lake.open(Path(folder)) as lake:
        lead(lake, threading.Event(), lambda _: None, stand_by=True)


def _work(folder: str) -> None:
    from jusante.app.working import work

    _quietly()
    with Lake.open(Path(folder)) as lake:
        work(lake, threading.Event(), lambda *_: None)


def _quietly() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)


def _begun(role: Callable[[str], None], folder: Path) -> Any:
    process = _context.Process(target=role, args=(str(folder),), daemon=True)
    process.start()
    return process


@contextmanager
def _running(roles: dict[str, Callable[[str], None]], folder: Path) -> Iterator[dict[str, Any]]:
    processes = {name: _begun(role, folder) for name, role in roles.items()}
    try:
        yield processes
    finally:
        for process in processes.values():
            process.kill()
            process.join()


def _settle(folder: Path, found: Findings) -> None:
    """Wait until those who are alive have made everything of all orders."""
    until = time.monotonic() + PATIENCE
    with Lake.open(folder) as lake:
        while time.monotonic() < until:
            both = lake.query("select orders, id from marts.both").to_pylist()
            if both == [{"orders": found.orders, "id": found.orders}]:
                return
            time.sleep(0.2)
    raise AssertionError(f"after {PATIENCE} s of {found.orders} orders there are {both}")


# -- what was published --------------------------------------------------------------------------------------------------


def log_pointers(catalog: sa.Engine) -> None:
    """Have the catalogue's database write down each pointer there ever is."""
    change = "insert into pointers (place) values (new.metadata_location)"
    if catalog.dialect.name == "sqlite":
        statements = [
            "create table pointers (seq integer primary key autoincrement, place text)",
            f"create trigger pointed after insert on iceberg_tables begin {change}; end",
            f"create trigger pointed_anew after update on iceberg_tables begin {change}; end",
        ]
    else:
        body = f"create function pointed() returns trigger language plpgsql as $$ begin {change}; return new; end $$"
        statements = [
            "create table pointers (seq bigserial primary key, place text)",
            body,
            "create trigger pointed after insert or update on iceberg_tables for each row execute function pointed()",
        ]
    with catalog.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@contextmanager
def watched(catalog: sa.Engine, found: Findings) -> Iterator[None]:
    """Read what each pointer points to, before the files of old ones go."""
    over = threading.Event()
    snapshots: set[int] = set()

    def look() -> None:
        last = 0
        while True:
            is_last = over.is_set()
            with catalog.connect() as connection:
                query = sa.text("select seq, place from pointers where seq > :last order by seq")
                rows = connection.execute(query, {"last": last}).all()
            for seq, place in rows:
                last = seq
                _count(found, snapshots, json.loads(Path(place.removeprefix("file://")).read_text()))
            if is_last:
                return
            over.wait(0.2)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def _count(found: Findings, snapshots: set[int], metadata: dict[str, Any]) -> None:
    current = metadata["current-snapshot-id"]
    if current in snapshots:  # old snapshots were expired; nothing was published
        return
    snapshots.add(current)
    summary = next(each["summary"] for each in metadata["snapshots"] if each["snapshot-id"] == current)
    key = (metadata["location"].rpartition("/")[2], *(summary.get(KEY + name, "") for name in ("version", "inputs")))
    found.published[(*key, summary.get(KEY + "cursor", ""))] += 1


def judge(folder: Path, found: Findings) -> None:
    """What is left, once all are dead and one run has put it right."""
    with Lake.open(folder) as lake:
        lake.run(wait_seconds=PATIENCE)
        found.unfinished = len(lake.metadata.unfinished())
        found.faults = len(lake.metadata.verify())
        for name in ("marts.total", "marts.most", "marts.both"):
            found.rows[name] = lake.query(f"select * from {name}").to_pylist()
        after = 0
        while events := lake.metadata.events(after, 5_000):
            after = events[-1].seq or after
            for event in events:
                state = event.payload.get("state") or {}
                if event.kind == "task.succeeded" and state.get("pointer"):
                    found.recorded[(str(event.asset), state["pointer"])] += 1
                found.lost += event.kind == "lease.lost"
                found.crashed += event.kind == "run.ended" and event.payload["status"] == "crashed"


def expected(orders: int) -> dict[str, Any]:
    """What the tables must show of so many orders."""
    return {
        "marts.total": [{"quantity": orders * (orders + 1) // 2, "orders": orders}],
        "marts.most": [{"id": orders}],
        "marts.both": [{"orders": orders, "id": orders}],
    }
