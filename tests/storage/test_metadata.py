"""What a project remembers, on SQLite and on PostgreSQL: whole transactions, in the order in which they came."""

import datetime as dt
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from jusante.app import Lake
from jusante.app.conductor import Conductor
from jusante.core.cost import Metered, Stored, Usage
from jusante.core.event import Event
from jusante.core.run import AssetState, Done, Run, Task
from jusante.errors import StorageError
from jusante.storage.sql_metadata import SqlMetadata
from projects import SHOP, made, rows, run, write, write_shop
from servers.postgres import Postgres

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
RUN = Run("r1", "run", "dev", NOW, "host", 1)
STATE = AssetState("a.b", "v1", {"s.t": 5}, "r1", NOW, "pointer", 7, {"column": "at", "value": "1"}, "marker")


@pytest.fixture
def store(url: str) -> Iterator[SqlMetadata]:
    """An empty memory."""
    store = SqlMetadata(url)
    yield store
    store.close()


def test_what_is_told_comes_back(store: SqlMetadata) -> None:
    store.begin(RUN)
    assert store.unfinished() == (RUN,)
    task = Task("a.b", "build", "succeeded", "new", 1, 2, 3, 0.5, None, 7, None, ("a notice",))
    store.record("r1", [Done(task, STATE)])
    store.record("r1", [Done(Task("c.d", "build", "failed", "no", error={"code": "J400"}))])
    store.end(replace(RUN, status="partial", ended_at=NOW))
    assert store.tasks("r1")[0] == task
    assert store.states() == {"a.b": STATE}
    assert store.run("r1") == replace(RUN, status="partial", ended_at=NOW)
    assert store.run("r2") is None
    assert store.unfinished() == ()
    assert set(store.last_tasks()) == {"a.b", "c.d"}


def test_what_work_took_is_summed_up_by_day_asset_and_person(store: SqlMetadata) -> None:
    task = Task("a.b", "build", "succeeded", rows_out=10, cpu_seconds=1.5, bytes_scanned=7, bytes_written=3, requests=2)
    days = [NOW, NOW + dt.timedelta(hours=1), NOW + dt.timedelta(days=1), NOW + dt.timedelta(days=40)]
    tasks = [Event("task.succeeded", at, "r1", "a.b", {"task": task.as_dict()}, actor="me") for at in days]
    failed = replace(task, status="failed", rows_out=None)
    tasks.append(Event("task.failed", NOW, "r1", "a.b", {"task": failed.as_dict()}, actor="me"))
    old = replace(task, cpu_seconds=None)
    tasks.append(Event("task.succeeded", NOW, "r1", "a.b", {"task": old.as_dict()}, actor="me"))
    asked = {
        "by": "you",
        "reads": ["a.c", "a.b"],
        "cpu_seconds": 0.25,
        "bytes_scanned": 9,
        "bytes_out": 4,
        "rows_out": 1,
    }
    store.tell([*tasks, Event("question.asked", NOW, payload=asked), Event("question.asked", NOW, payload=asked)])
    found = store.metered(NOW, NOW + dt.timedelta(days=30))
    assert found == (
        Metered(NOW.date(), "question", "", "you", ("a.b", "a.c"), 2, 0, 2, Usage(500_000, 18, 0, 8, 0)),
        Metered(NOW.date(), "task", "a.b", "me", (), 3, 2, 20, Usage(4_500_000, 21, 9, 0, 6)),
        Metered(NOW.date() + dt.timedelta(days=1), "task", "a.b", "me", (), 1, 1, 10, Usage(1_500_000, 7, 3, 0, 2)),
    )
    for since, until in ((0, 24), (0, 12), (1, 2), (-1, 36), (-36, 60), (12, 12 + 24 * 60), (1, 1)):
        begin, end = (NOW + dt.timedelta(hours=hours) for hours in (since, until))
        meant = [at for at in (*days, NOW, NOW, NOW) if begin <= at < end]
        assert sum(each.times for each in store.metered(begin, end)) == len(meant)
    assert store.last_usage(["a.b", "x.y"], 2) == {"a.b": (Usage(1_500_000, 7, 3, 0, 2),) * 2, "x.y": ()}


def test_what_lay_at_rest_is_known_from_before_and_within_a_time(store: SqlMetadata) -> None:
    hours = [(0, "a.b", 5), (1, "a.b", 6), (2, "a.c", 9), (5, "a.b", 7), (9, "a.b", 8)]
    told = [Stored(asset, NOW + dt.timedelta(hours=hour), size, 1) for hour, asset, size in hours]
    store.tell([Event("storage.measured", each.at, None, each.asset, each.as_dict()) for each in told])
    found = store.stored(NOW + dt.timedelta(hours=4), NOW + dt.timedelta(hours=9))
    assert found == (told[1], told[2], told[3])


def test_that_a_database_was_away_can_be_told_and_is_no_measurement(store: SqlMetadata) -> None:
    store.tell([Event("storage.failed", NOW, "r1", "a.b", {"token": 1, "what": "it was away", "code": "J304"})])
    store.rebuild()
    assert store.stored(NOW, NOW + dt.timedelta(days=1)) == ()


def test_each_change_has_its_event_in_order(store: SqlMetadata) -> None:
    store.begin(RUN)
    store.record("r1", [Done(Task("a.b", "build", "succeeded"), STATE)])
    store.remember([replace(STATE, version="v2")], "asset.reconciled")
    store.end(replace(RUN, status="succeeded", ended_at=NOW))
    events = store.events(0, 100)
    assert [event.kind for event in events] == ["run.started", "task.succeeded", "asset.reconciled", "run.ended"]
    assert [event.seq for event in events] == sorted(event.seq or 0 for event in events)
    assert store.events(events[1].seq or 0, 1)[0].kind == "asset.reconciled"
    assert store.states()["a.b"].version == "v2"


def test_what_was_told_last_comes_first_by_kind_and_asset(store: SqlMetadata) -> None:
    store.tell([Event("drift.found", NOW, asset="a.b", payload={"n": n}) for n in range(3)])
    store.tell([Event("drift.found", NOW, asset="c.d", payload={"n": 9}), Event("drift.settled", NOW, asset="a.b")])
    assert [event.payload["n"] for event in store.latest("drift.found", 2, asset="a.b")] == [2, 1]
    assert [event.payload["n"] for event in store.latest("drift.found", 2)] == [9, 2]
    assert store.latest("drift.found", 5, asset="x.y") == ()


def test_the_last_of_each_kind_about_each_asset_are_told_in_their_order(store: SqlMetadata) -> None:
    told = [(kind, asset) for _ in range(3) for kind in ("k.a", "k.b", "k.c") for asset in ("a.b", "c.d", None)]
    store.tell([Event(kind, NOW, asset=asset, payload={"n": n}) for n, (kind, asset) in enumerate(told)])
    found = store.last_of_each(("k.a", "k.c"), 2, upto=26)
    assert [event.payload["n"] for event in found] == [9, 10, 15, 16, 18, 19, 24, 25]
    assert [event.payload["n"] for event in store.last_of_each(("k.a",), 1, upto=10)] == [1, 9]


def _call(number: int, day: int = 0) -> Event:
    payload = {"hook": "paid", "message": f"m{number}"}
    return Event("hook.called", NOW + dt.timedelta(days=day), asset="hook:paid", payload=payload)


def _taken(events: Sequence[Event]) -> list[str]:
    return [str(event.payload["message"]) for event in events]


def test_a_call_is_taken_once_for_as_long_as_its_sender_may_repeat_it(store: SqlMetadata) -> None:
    assert _taken(store.take([_call(1), _call(2)])) == ["m1", "m2"]
    assert _taken(store.take([_call(2), _call(3, 6)])) == ["m3"]
    store.rebuild()
    assert _taken(store.take([_call(1, 6), _call(3, 6)])) == []
    assert _taken(store.take([_call(1, 8), _call(3, 8)])) == ["m1"]
    assert _taken(store.events(0, 9)) == ["m1", "m2", "m3", "m1"]
    assert store.verify() == ()


def test_a_call_that_is_taken_again_after_years_counts_from_then_on_also_when_all_is_made_anew(
    store: SqlMetadata,
) -> None:
    for day in (0, 8, 14):
        assert _taken(store.take([_call(1, day), _call(day, day)])), day
    assert store.strays() == ()
    store.rebuild()
    assert _taken(store.take([_call(1, 14)])) == []


def test_a_call_that_comes_to_many_at_once_is_taken_by_one(store: SqlMetadata) -> None:
    calls = [_call(number) for number in range(40)]

    def take(part: int) -> list[str]:
        return _taken(store.take(calls[part:] + calls[:part]))

    with ThreadPoolExecutor(8) as pool:
        taken = [message for part in pool.map(take, range(8)) for message in part]
    assert sorted(taken) == sorted(_taken(calls))


def test_a_task_its_state_and_its_event_are_one_transaction(store: SqlMetadata, url: str) -> None:
    """Where the event cannot be written, the task and the state are not there either."""
    store.begin(RUN)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("alter table events rename to events_gone"))
    with pytest.raises((StorageError, sa.exc.ProgrammingError)):
        store.record("r1", [Done(Task("a.b", "build", "succeeded"), STATE)])
    with engine.begin() as connection:
        connection.execute(sa.text("alter table events_gone rename to events"))
    engine.dispose()
    assert store.tasks("r1") == ()
    assert store.states() == {}


def test_many_threads_at_once_lose_nothing(store: SqlMetadata) -> None:
    store.begin(RUN)

    def work(number: int) -> None:
        for step in range(10):
            name = f"t.{number}_{step}"
            store.record("r1", [Done(Task(name, "build", "succeeded"), replace(STATE, asset=name))])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.tasks("r1")) == len(store.states()) == 60


def test_a_database_of_another_version_is_refused(store: SqlMetadata, url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StorageError, match="revision 9999"):
        SqlMetadata(url)


def test_a_database_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(StorageError) as error:
        SqlMetadata("postgresql+psycopg://me:hunter2@127.0.0.1:1/nothing").states()
    assert "hunter2" not in str(error.value)
    assert error.value.fix


def test_a_project_on_postgres(tmp_path: Path, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pointers and memory in a server, files here."""
    postgres_server.run("create database house")
    monkeypatch.setenv("HOUSE", f"postgresql://postgres@127.0.0.1:{postgres_server.port}/house")
    write_shop(tmp_path)
    settings = "name: small\nenvironments:\n  dev: {catalog: '${env:HOUSE}', metadata: '${env:HOUSE}'}\n"
    write(tmp_path, {"jusante.yaml": settings})
    assert len(made(run(tmp_path))) == 6
    assert made(run(tmp_path)) == set()
    assert rows(tmp_path, "select count(*) from marts.priced") == [(4,)]
    assert not (tmp_path / ".jusante/catalog.db").exists()
    assert not (tmp_path / ".jusante/metadata.db").exists()
    _decides_by_a_ledger_on_a_server(tmp_path)


def _decides_by_a_ledger_on_a_server(folder: Path) -> None:
    """A conductor fires a tick once, also after a restart, and writes it into the server's ledger."""
    source = SHOP["sources/shop.yaml"].replace("cursor: changed", "cursor: changed, every: 1d")
    write(folder, {"sources/shop.yaml": source})
    now = dt.datetime.now(dt.UTC)
    for due in (["shop.orders"], []):
        with Lake.open(folder) as lake:
            decided = Conductor(lake, now).turn(now + dt.timedelta(days=1))
            assert [each.asset for each in decided.due] == due
            assert len(lake.metadata.latest("trigger.fired", 10)) == 1


def test_of_many_that_open_an_empty_database_at_once_one_makes_the_tables(url: str) -> None:
    together = threading.Barrier(8)

    def opened(_: int) -> bool:
        together.wait()
        store = SqlMetadata(url)
        try:
            return not store.runs(1)
        finally:
            store.close()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(opened, range(8)))


def test_two_may_tell_of_the_same_new_asset_at_once(url: str) -> None:
    first, second = SqlMetadata(url), SqlMetadata(url)
    with first._transaction() as connection:
        first._append(
            connection, [Event("asset.reconciled", STATE.at, asset=STATE.asset, payload={"state": STATE.as_dict()})]
        )
        other = threading.Thread(target=second.remember, args=([replace(STATE, version="v2")], "asset.reconciled"))
        other.start()
        other.join(0.5)
        assert other.is_alive(), "it waits for the first"
    other.join(30)
    assert first.states()[STATE.asset].version == "v2"
    first.close()
    second.close()
