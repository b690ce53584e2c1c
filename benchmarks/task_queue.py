"""10,000 tasks in the queue on PostgreSQL, with full fsync: how many are taken and recorded in a second, by one and by more."""

import datetime as dt
import statistics
import sys
import threading
import time
from collections.abc import Iterator

import measure

sys.path.insert(0, str(measure.ROOT / "tests"))

from jusante.core.run import Done, Run, Task
from jusante.ports.task_queue import Ask, Queued
from jusante.storage.sql_metadata import SqlMetadata
from jusante.storage.sql_metadata.queue import SqlQueue
from servers.postgres import postgres

TASKS = 10_000
TAKEN = 500
CREWS = (1, 4, 8)
SAFE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")


def main() -> None:
    """Fill, empty, publish."""
    rows = []
    with postgres() as server:
        server.stop()
        server.start(*SAFE)
        for crew in CREWS:
            for pools in (False, True):
                server.run(f"create database q{crew}{int(pools)}")
                url = server.url(f"q{crew}{int(pools)}").replace("postgresql", "postgresql+psycopg")
                rows.append(_row(url, crew, pools))
    measure.publish(
        "task queue",
        f"{TASKS:,} tasks wait in the queue; threads take the first {TAKEN:,} with SKIP LOCKED and record them, with their events, "
        "as workers do: two transactions a task. PostgreSQL with full fsync, on the same machine. With pools, all tasks are in "
        "one of 1,000 places.",
        measure.table(["threads", "pools", "put, s", "done, tasks/s", "a claim, ms", "the slowest, ms"], rows),
    )


def _row(url: str, crew: int, pools: bool) -> list[str]:
    store = SqlMetadata(url)
    queue = store.queue
    assert queue
    store.begin(Run("r1", "run", "dev", dt.datetime.now(dt.UTC), "host", 1))
    pool = "all" if pools else None
    began = time.monotonic()
    for start in range(0, TASKS, 1_000):
        queue.put("r1", 1, [Queued(f"m.t{number}", "v", pool=pool) for number in range(start, start + 1_000)])
    put = time.monotonic() - began
    claims: list[float] = []
    left = iter([*range(TAKEN), *[None] * crew])
    began = time.monotonic()
    threads = [
        threading.Thread(target=_drain, args=(queue, f"w{number}", pools, claims, left)) for number in range(crew)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    assert len(store.tasks("r1")) == TAKEN
    assert queue.size() == TASKS - TAKEN
    store.close()
    measure.tell(f"{crew} threads, pools {pools}: {TAKEN / took:,.0f} tasks/s")
    return [
        str(crew),
        "yes" if pools else "no",
        f"{put:.2f}",
        f"{TAKEN / took:,.0f}",
        f"{statistics.median(claims) * 1000:.1f}",
        f"{max(claims) * 1000:.0f}",
    ]


def _drain(queue: SqlQueue, name: str, pools: bool, claims: list[float], left: Iterator[int | None]) -> None:
    ask = Ask(name, 60.0, {"all": 1_000}, has_pools=pools)
    while next(left) is not None:
        began = time.monotonic()
        claim = queue.claim(ask)
        claims.append(time.monotonic() - began)
        assert claim
        queue.record(claim, Done(Task(claim.asset, "build", "succeeded")), silently=False)


if __name__ == "__main__":
    main()
