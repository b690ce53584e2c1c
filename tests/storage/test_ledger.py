"""The ledger in a database: it tells who touched it, what follows from it can be made anew, and old ones are brought along."""

import datetime as dt
import json
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from jusante.core.event import Event, Stray
from jusante.core.run import AssetState, Done, Run, Task
from jusante.errors import ProjectBusy, StorageError
from jusante.storage.sql_metadata import SqlMetadata
from jusante.storage.sql_metadata.migrations import held, migrate, revision
from jusante.storage.sql_metadata.tables import METADATA, REVISION

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
RUN = Run("r1", "run", "dev", NOW, "host", 1)
STATE = AssetState("a.b", "v1", {"s.t": 5}, "r1", NOW, "pointer", 7, {"column": "at", "value": "1"}, "marker")


@pytest.fixture
def store(url: str) -> Iterator[SqlMetadata]:
    """A memory with two runs in it, both sealed."""
    store = SqlMetadata(url, actor="me")
    for number in (1, 2):
        run = replace(RUN, run_id=f"r{number}")
        store.begin(run)
        for name in ("a.b", "c.d", "e.f"):
            store.record(
                run.run_id, [Done(Task(name, "build", "succeeded"), replace(STATE, asset=name, version=f"v{number}"))]
            )
        store.end(replace(run, status="succeeded", ended_at=NOW))
    yield store
    store.close()


def execute(url: str, *statements: str) -> None:
    """Somebody writes into the database, past jusante."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("update events set asset = 'x.y' where seq = 3", "edited"),
        ("update events set actor = 'somebody else' where seq = 7", "edited"),
        ("delete from events where seq = 4", "missing"),
        ("delete from segments where number = 1", "missing"),
    ],
)
def test_who_touches_the_ledger_is_found_out(store: SqlMetadata, url: str, statement: str, kind: str) -> None:
    assert store.verify() == ()
    execute(url, statement)
    assert kind in [fault.kind for fault in store.verify()]


def test_two_events_that_changed_places_are_found_out(store: SqlMetadata, url: str) -> None:
    execute(
        url,
        "update events set seq = 1000 where seq = 3",
        "update events set seq = 3 where seq = 4",
        "update events set seq = 4 where seq = 1000",
    )
    assert [fault.kind for fault in store.verify()] == ["reordered"]


def test_an_end_that_was_cut_off_is_found_out_by_the_head_that_was_kept(store: SqlMetadata, url: str) -> None:
    head = store.head()
    assert head is not None
    assert store.verify(head.digest) == ()
    execute(url, f"delete from events where seq > {head.first_seq - 1}", "delete from segments where number = 2")
    assert store.verify() == ()
    assert [fault.kind for fault in store.verify(head.digest)] == ["head"]


def test_each_event_says_who_did_it(store: SqlMetadata) -> None:
    store.tell([Event("note", NOW, actor="scheduler"), Event("note", NOW)])
    assert [event.actor for event in store.latest("note", 2)] == ["me", "scheduler"]


def test_what_follows_from_the_ledger_can_be_made_anew(store: SqlMetadata, url: str) -> None:
    store.begin(replace(RUN, run_id="r3"))
    store.remember([replace(STATE, version="v9")], "asset.rolled_back")
    before = (store.states(), store.runs(9), store.tasks("r1"), store.tasks("r2"), dict(store.last_tasks()))
    execute(url, "delete from runs", "delete from tasks", "update asset_states set state = '{}'")
    assert store.rebuild() == 12
    assert (store.states(), store.runs(9), store.tasks("r1"), store.tasks("r2"), dict(store.last_tasks())) == before
    assert store.states()["a.b"].version == "v9"
    assert [run.run_id for run in store.unfinished()] == ["r3"]


@pytest.mark.parametrize(
    ("statement", "stray"),
    [
        ("update runs set status = 'failed' where run_id = 'r1'", Stray("runs", 2, 2)),
        ("delete from tasks where asset = 'c.d'", Stray("tasks", 4, 6)),
        ("delete from last_tasks where asset = 'c.d'", Stray("last_tasks", 2, 3)),
        ("update last_tasks set seq = 2 where asset = 'c.d'", Stray("last_tasks", 3, 3)),
        ("insert into incidents values (7, 'open', '{}')", Stray("incidents", 1, 0)),
        ("update asset_states set state = '{}' where asset = 'e.f'", Stray("asset_states", 3, 3)),
    ],
)
def test_what_does_not_follow_from_the_ledger_is_found_and_left(
    store: SqlMetadata, url: str, statement: str, stray: Stray
) -> None:
    assert store.strays() == ()
    execute(url, statement)
    assert store.strays() == store.strays() == (stray,)
    assert stray.projection in stray.what
    store.rebuild()
    assert store.strays() == ()


def test_who_tells_while_all_is_made_anew_waits(store: SqlMetadata, url: str) -> None:
    def write() -> None:
        own = SqlMetadata(url)
        for number in range(30):
            own.begin(replace(RUN, run_id=f"x{number}"))
        own.close()

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        store.rebuild()
        assert store.strays() == ()
    writer.join()
    assert len(store.runs(99)) == 32


def test_incidents_follow_from_the_ledger(store: SqlMetadata, url: str) -> None:
    found = {"key": "asset:a.b", "severity": "low", "owner": None, "before": None, "last_good": None, "assets": ["a.b"]}
    found |= {"below": ["c.d"], "touched": [], "suspects": [], "cause": {"asset": "a.b", "kind": "query", "what": "no"}}
    told = [("I1", "incident.opened", found), ("I2", "incident.opened", found), ("I1", "incident.acknowledged", {})]
    store.tell([Event(kind, NOW, "r1", "a.b", {"incident": name, **said}) for name, kind, said in told])
    store.tell([Event("incident.resolved", NOW, "r2", "a.b", {"incident": "I2", "why": "a.b succeeded"})])
    before = store.incidents(None, 9)
    assert [(each.id, each.state) for each in before] == [("I2", "resolved"), ("I1", "acknowledged")]
    assert [each.id for each in store.incidents(["open", "acknowledged"], 9)] == ["I1"]
    assert store.incident(1) == before[1]
    assert store.incident(3) is None
    assert [moment.actor for moment in before[1].timeline] == ["me", "me"]
    execute(url, "delete from incidents")
    store.rebuild()
    assert store.incidents(None, 9) == before


def test_seals_hold_while_many_write_at_once(store: SqlMetadata, url: str) -> None:
    def write(number: int) -> None:
        own = SqlMetadata(url)
        for step in range(15):
            own.tell([Event("note", NOW, asset=f"{number}.{step}", payload={"n": n}) for n in range(3)])
            if step % 4 == 0:
                own.head()
        own.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.latest("note", 1_000)) == 4 * 15 * 3
    assert store.head() is not None
    assert store.verify() == ()


# -- migrations ------------------------------------------------------------------------------------------------------


def fill_old(url: str) -> None:
    """A database as the first revision had it, with a run in it."""
    migrate(url, "0001")
    state = {name: getattr(STATE, name) for name in STATE.__slots__} | {"at": NOW.isoformat()}
    task = Task("a.b", "build", "succeeded", "new", 1, 2, 3, 0.5, None, 7, None, ("a notice",)).as_dict()
    run = replace(RUN, status="succeeded", ended_at=NOW).as_dict()
    events = [("run.started", {"command": "run"}), ("task.succeeded", task), ("run.ended", {"status": "succeeded"})]
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        names = ", ".join(run)
        connection.execute(sa.text(f"insert into runs ({names}) values (:{', :'.join(run)})"), run)
        connection.execute(
            sa.text("insert into tasks (run_id, asset, status, task) values ('r1', 'a.b', 'succeeded', :task)"),
            {"task": json.dumps(task)},
        )
        connection.execute(
            sa.text("insert into asset_states (asset, state) values ('a.b', :state)"), {"state": json.dumps(state)}
        )
        for kind, payload in events:
            connection.execute(
                sa.text("insert into events (at, kind, run_id, asset, payload) values (:at, :kind, 'r1', :asset, :payload)"),
                {"at": NOW.isoformat(), "kind": kind, "asset": "a.b" if "task" in kind else None, "payload": json.dumps(payload)},
            )  # fmt: skip
    engine.dispose()


def test_an_old_database_is_refused_with_the_way_out_and_loses_nothing_on_it(url: str) -> None:
    fill_old(url)
    with pytest.raises(StorageError) as refused:
        SqlMetadata(url)
    assert refused.value.fix == "jusante migrate"
    done = migrate(url)
    assert (done.before, done.after) == ("0001", REVISION)
    assert (done.copy is not None) == url.startswith("sqlite")
    if done.copy:
        assert revision(f"sqlite:///{done.copy}") == "0001"
    store = SqlMetadata(url)
    assert store.states() == {"a.b": STATE}
    assert store.runs(5) == (replace(RUN, status="succeeded", ended_at=NOW),)
    assert store.tasks("r1")[0].notices == ("a notice",)
    before = (store.states(), store.runs(5), store.tasks("r1"))
    store.rebuild()
    assert (store.states(), store.runs(5), store.tasks("r1")) == before
    assert store.head() is not None
    assert store.verify() == ()
    store.close()


@pytest.mark.parametrize("target", ["0001", "0007"])
def test_the_way_back_keeps_runs_tasks_and_states(store: SqlMetadata, url: str, target: str) -> None:
    asked = {"by": "you", "reads": ["a.b"], "cpu_seconds": 0.25, "bytes_scanned": 9, "bytes_out": 4, "rows_out": 1}
    store.tell([Event("question.asked", NOW, payload=asked)] * 2)
    before = (store.states(), store.runs(5), store.tasks("r2"), dict(store.last_tasks()))
    store.close()
    migrate(url, target)
    assert revision(url) == target
    migrate(url)
    again = SqlMetadata(url)
    assert (again.states(), again.runs(5), again.tasks("r2"), dict(again.last_tasks())) == before
    if target == "0001":
        again.rebuild()  # what work took was no table then
    assert again.strays() == ()
    month = (NOW.replace(day=1, hour=0), NOW.replace(month=6))
    assert [each.times for each in again.metered(*month)] == [2]
    again.close()


def test_migrations_end_in_the_tables_that_the_code_knows(url: str) -> None:
    migrate(url)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA)
    engine.dispose()
    assert differences == []


def test_nobody_leads_or_runs_on_a_server_while_its_database_is_migrated(url: str) -> None:
    with held(url, ("up", "run"), "the first to migrate"):
        migrate(url)  # there were no leases to have yet
    second, third = held(url, ("up", "run"), "the second"), held(url, ("run",), "a third")
    with second, pytest.raises(ProjectBusy, match="the second"), third:
        pass
    with held(url, ("up", "run"), "the third"):
        migrate(url, "0001")
    with held(url, ("up", "run"), "the fourth"):
        assert migrate(url).before == "0001"


def test_tables_without_a_revision_are_left_alone_and_told(store: SqlMetadata, url: str) -> None:
    execute(url, "drop table alembic_version")
    with pytest.raises(StorageError, match="bears no revision"):
        SqlMetadata(url)


def test_an_unknown_revision_is_told(url: str) -> None:
    with pytest.raises(StorageError, match="no revision 7"):
        migrate(url, "7")
