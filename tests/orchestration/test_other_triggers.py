"""Conditions that speak of others: an asset of another project, a message on a stream; each fires once, and outlives what it asks."""

import asyncio
import datetime as dt
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from jusante.app import Lake
from jusante.app.conductor import Conductor, Notice
from jusante.app.probing import look
from projects import insert, run, write, write_shop

MODEL = "/* jusante\nwhen: {%s, look: 1s}\n*/\nselect 1 as id"
MINUTE = dt.timedelta(minutes=1)


class Watched:
    """A project with one model that waits for something, and decisions a minute apart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[Notice] = []
        self.now = dt.datetime.now(dt.UTC)

    def due(self) -> list[str]:
        """Why the model is due now, in a process that has just begun."""
        self.now += MINUTE
        with Lake.open(self.folder) as lake:
            decided = Conductor(lake, self.now, self.told.append).turn(self.now)
        return [due.why for due in decided.due if due.asset == "m.mine" and due.kind == "condition"]

    def failures(self) -> list[str]:
        return [notice.what for notice in self.told if notice.event == "probe.failed"]


def watched(folder: Path, condition: str, environment: str = "{}") -> Watched:
    files = {
        "jusante.yaml": f"name: mine\nenvironments:\n  dev: {environment}\n",
        "models/m/mine.sql": MODEL % condition,
    }
    return Watched(write(folder / "mine", files))


# -- another project -----------------------------------------------------------------------------------------------------


@pytest.fixture
def other(tmp_path: Path) -> Path:
    folder = write_shop(tmp_path / "other")
    run(folder)
    return folder


@pytest.mark.parametrize(
    ("condition", "environment"),
    [
        ("asset: '../other:marts.priced'", "{}"),
        ("asset: 'shop:marts.priced'", "{projects: {shop: {folder: ../other}}}"),
        ("asset: 'shop:marts.priced'", '{projects: {shop: {metadata: "${env:OTHER_LEDGER}"}}}'),
    ],
)
def test_a_new_snapshot_of_another_project_fires_once(
    tmp_path: Path, other: Path, condition: str, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_LEDGER", f"sqlite:///{other}/.jusante/metadata.db")
    mine = watched(tmp_path, condition, environment)
    named = condition.split("'")[1]
    assert mine.due() == [f"{named} is new"]
    assert mine.due() == []
    run(other)
    assert mine.due() == [], "nothing was made there"
    insert(other, [(9, "tea", 3, 9)])
    run(other)
    assert len(mine.due()) == 1
    assert mine.due() == []
    assert mine.failures() == []


def test_while_another_project_is_rebuilt_nothing_is_new_and_afterwards_what_was_known_is_known(
    tmp_path: Path, other: Path
) -> None:
    mine = watched(tmp_path, "asset: '../other:marts.priced'")
    assert len(mine.due()) == 1
    ledger = sqlite3.connect(other / ".jusante/metadata.db", isolation_level=None)
    kept = ledger.execute("select * from asset_states").fetchall()
    ledger.execute("delete from asset_states")
    assert mine.due() == []
    ledger.executemany("insert into asset_states values (?, ?)", kept)
    assert mine.due() == []
    ledger.execute("begin exclusive")
    assert mine.due() == [], "whoever writes there keeps nobody from reading"
    ledger.close()
    assert mine.failures() == []


def test_another_project_that_is_not_there_is_told_and_what_is_known_of_it_stays(tmp_path: Path, other: Path) -> None:
    mine = watched(tmp_path, "asset: '../other:marts.priced'")
    assert len(mine.due()) == 1
    other.rename(tmp_path / "away")
    assert mine.due() == []
    assert "the project ../other cannot be read: there is no jusante.yaml" in mine.failures()[0]
    (tmp_path / "away").rename(other)
    shutil.move(other / ".jusante", tmp_path / "state")
    assert mine.due() == []
    assert "the other project has no ledger" in mine.failures()[1]
    assert not (other / ".jusante").exists(), "a look makes nothing"
    shutil.move(tmp_path / "state", other / ".jusante")
    assert mine.due() == []
    assert len(mine.failures()) == 2


def test_a_ledger_that_is_damaged_is_told(tmp_path: Path, other: Path) -> None:
    mine = watched(tmp_path, "asset: '../other:marts.priced'")
    for path in (other / ".jusante").glob("metadata.db*"):
        path.unlink()
    (other / ".jusante/metadata.db").write_bytes(b"no database" * 1000)
    assert mine.due() == []
    assert "cannot be read (DatabaseError)" in mine.failures()[0]


def test_one_condition_that_stays_the_case_does_not_hide_another_nor_does_one_that_fails(
    tmp_path: Path, other: Path
) -> None:
    mine = watched(tmp_path, "file: '*.csv'")
    conditions = "when: [{file: '*.csv'}, {asset: '../gone:m.a'}, {asset: '../other:marts.priced'}]"
    write(mine.folder, {"models/m/mine.sql": f"/* jusante\n{conditions}\n*/\nselect 1 as id", "a.csv": "a\n1\n"})
    assert mine.due() == ["a file came: *.csv"]
    insert(other, [(9, "tea", 3, 9)])
    run(other)
    assert mine.due() == ["../other:marts.priced is new"]
    write(mine.folder, {"b.csv": "a\n1\n"})
    assert mine.due() == ["a file came: *.csv"]
    assert mine.due() == []
    assert len(mine.failures()) == 4


# -- messages ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Broker"]:
    pytest.importorskip("nats")
    server = pytest.importorskip("servers.nats")
    with server.nats_server(tmp_path_factory.mktemp("nats")) as running:
        yield Broker(running)


class Broker:
    """A real NATS server with JetStream, and somebody who writes to it."""

    def __init__(self, server: object) -> None:
        self.server = server

    def does(self, *steps: tuple[str, dict[str, object]]) -> None:
        """Calls of the JetStream context, one after the other."""

        async def do() -> None:
            import nats

            client = await nats.connect(self.server.url, token="t0ken", max_reconnect_attempts=1)
            context = client.jetstream()
            for name, given in steps:
                await getattr(context, name)(**given)
            await client.close()

        asyncio.run(do())

    def publish(self, subject: str, times: int = 1) -> None:
        self.does(*[("publish", {"subject": subject, "payload": b"4111 1111"})] * times)


def waiting(folder: Path, broker: Broker, subject: str, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setenv("NATS_URL", broker.server.url)
    monkeypatch.setenv("NATS_TOKEN", "t0ken")
    environment = '{broker: {url: "${env:NATS_URL}", token: "${env:NATS_TOKEN}"}}'
    return watched(folder, f"message: {subject}", environment)


def test_messages_between_two_looks_fire_once_also_after_a_restart_of_the_broker(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.does(("add_stream", {"name": "one", "subjects": ["shop.>"]}))
    mine = waiting(tmp_path, broker, "shop.paid", monkeypatch)
    assert mine.due() == []
    broker.publish("shop.sent", 3)
    assert mine.due() == [], "another subject of the stream"
    broker.publish("shop.paid", 5)
    assert mine.due() == ["a message came on shop.paid"]
    assert mine.due() == []
    broker.publish("shop.paid")
    broker.server.stop()
    assert mine.due() == []
    assert mine.failures() == ["m.mine: the broker cannot be reached (NoServersError)"]
    broker.server.start()
    assert len(mine.due()) == 1, "what came before the broker went down"
    assert mine.due() == []
    assert len(mine.failures()) == 1


def test_a_message_that_somebody_took_off_the_stream_has_come_all_the_same(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.does(("add_stream", {"name": "two", "subjects": ["work.todo"]}))
    mine = waiting(tmp_path, broker, "work.todo", monkeypatch)
    broker.publish("work.todo")
    broker.does(("purge_stream", {"name": "two"}))
    assert len(mine.due()) == 1
    assert mine.due() == []


def test_a_stream_that_was_made_anew_begins_anew(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = ("add_stream", {"name": "three", "subjects": ["new.*"]})
    broker.does(stream)
    mine = waiting(tmp_path, broker, "new.*", monkeypatch)
    broker.publish("new.a")
    assert len(mine.due()) == 1
    broker.does(("delete_stream", {"name": "three"}), stream)
    broker.publish("new.b")
    assert len(mine.due()) == 1, "the same number, and another stream"


def test_a_subject_that_no_stream_keeps_and_a_wrong_token_are_told(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = waiting(tmp_path, broker, "nobody.keeps", monkeypatch)
    assert mine.due() == []
    monkeypatch.setenv("NATS_TOKEN", "another")
    assert mine.due() == []
    assert mine.failures() == [
        "m.mine: no stream of the broker keeps this subject",
        "m.mine: the broker does not let us in",
    ]


def test_nothing_of_a_message_is_read(tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    broker.does(("add_stream", {"name": "four", "subjects": ["secret.*"]}))
    broker.publish("secret.card")
    mine = waiting(tmp_path, broker, "secret.card", monkeypatch)
    with Lake.open(mine.folder) as lake:
        looked = look(lake.system, lake.project.graph["m.mine"], None, lake.ask)
    assert looked.probe.holds
    assert "4111" not in repr(looked)
