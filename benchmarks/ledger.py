"""A ledger of a million events: what it costs to write, to prove, and to work everything out from it anew."""

import datetime as dt
import sqlite3
import time

import measure
from jusante.core.event import Event
from jusante.core.run import AssetState, Run, Task
from jusante.storage.sql_metadata import SqlMetadata
from jusante.storage.sql_metadata.tables import REVISION
from measure import Target

EVENTS = 1_000_000
RUN_TASKS = 200
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def main() -> None:
    rounds = measure.rounds(1)
    folder = measure.data(
        "ledger", f"events {EVENTS} metered, of {REVISION}", lambda path: fill(f"sqlite:///{path / 'metadata.db'}")
    )
    size = (folder / "metadata.db").stat().st_size / 1e6
    times = [timed(f"sqlite:///{folder / 'metadata.db'}") for _ in range(rounds)]
    verify, rebuild, held = (sorted(each[i] for each in times)[rounds // 2] for i in range(3))
    with sqlite3.connect(folder / "metadata.db") as database:
        count = database.execute("select count(*) from events").fetchone()[0]
    measure.publish(
        "ledger",
        f"{count:,} events in SQLite ({size:,.0f} MB): runs of {RUN_TASKS} tasks, each with its asset's state and what it took. "
        f"Median of {rounds} rounds.",
        measure.table(
            ["", "CPU s", "1,000 events/CPU s"],
            [
                ["verify: read all, digest all", f"{verify:.1f}", f"{count / verify / 1000:.0f}"],
                ["rebuild: runs, tasks, states and usage anew", f"{rebuild:.1f}", f"{count / rebuild / 1000:.0f}"],
                ["verify --projections: hold all of that against it", f"{held:.1f}", f"{count / held / 1000:.0f}"],
            ],
        ),
        measure.targets_table([Target("rebuild of all projections from 1 M events", 60, rebuild, "CPU s")]),
        f"Versions: {measure.own_versions('sqlalchemy')}; SQLite {sqlite3.sqlite_version}.",
    )


def timed(url: str) -> tuple[float, float, float]:
    """CPU seconds to prove the ledger, to rebuild what follows from it, and to hold that against it."""
    store = SqlMetadata(url)
    began = time.process_time()
    assert store.verify() == ()
    proved = time.process_time()
    store.rebuild()
    rebuilt = time.process_time()
    assert store.strays() == ()
    held = time.process_time()
    store.close()
    return proved - began, rebuilt - proved, held - rebuilt


def fill(url: str) -> None:
    """Runs of 200 tasks, told in one transaction each."""
    store = SqlMetadata(url, actor="benchmark")
    for number in range(EVENTS // (RUN_TASKS + 2)):
        at = NOW + dt.timedelta(minutes=number)
        run = Run(f"r{number:07d}", "run", "dev", at, "host", 1)
        tasks = [_task(run, at, n) for n in range(RUN_TASKS)]
        ended = Event("run.ended", at, run.run_id, payload={"status": "succeeded", "ended_at": at.isoformat()})
        store.tell([Event("run.started", at, run.run_id, payload=run.as_dict()), *tasks, ended])
    store.head()
    store.close()


def _task(run: Run, at: dt.datetime, number: int) -> Event:
    name = f"marts.table_{number}"
    task = Task(
        name, "build", "succeeded", "new data in sales.orders", 1_000, 100, 10_000, 0.2, None, number, cpu_seconds=0.1
    )
    state = AssetState(
        name, "0123456789abcdef", {"sales.orders": 5_577_006_791_947_779_410}, run.run_id, at, "p", number
    )
    payload = {"task": task.as_dict(), "state": state.as_dict()}
    return Event("task.succeeded", at, run.run_id, name, payload, snapshot_id=number)


if __name__ == "__main__":
    main()
