"""Who follows the ledger misses nothing, on a server whose transactions end in another order than they began."""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from jusante.app import Lake
from jusante.app.conductor import Conductor
from jusante.core.event import Event
from jusante.storage.sql_metadata import SqlMetadata, ledger
from projects import write
from servers.postgres import Postgres

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def url(postgres_server: Postgres, tmp_path: Path) -> str:
    """An empty database on the server."""
    name = f"f{abs(hash(str(tmp_path))) % 10**10}"
    postgres_server.run(f"create database {name}")
    return f"postgresql+psycopg://postgres@127.0.0.1:{postgres_server.port}/{name}"


@pytest.fixture
def slow(url: str) -> Iterator[SqlMetadata]:
    """Somebody whose transactions take their time."""
    store = SqlMetadata(url)
    yield store
    store.close()


@pytest.fixture
def quick(url: str) -> Iterator[SqlMetadata]:
    store = SqlMetadata(url)
    yield store
    store.close()


def _told(kind: str) -> Event:
    return Event(kind, NOW, asset="m.a")


def _kinds(store: SqlMetadata, after: int = 0) -> list[str]:
    return [event.kind for event in store.events(after, 100)]


def test_an_event_waits_for_one_of_a_lower_number_that_is_still_being_written(
    slow: SqlMetadata, quick: SqlMetadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "LONGEST_WAIT_MS", 20)
    quick.tell([_told("a.first")])
    with slow._transaction() as connection:
        slow._append(connection, [_told("b.slow")])
        quick.tell([_told("c.quick")])
        assert _kinds(quick) == ["a.first"]
        assert _kinds(quick, 1) == []
        quick.tell([_told("d.quick")])
    assert _kinds(quick, 1) == ["b.slow", "c.quick", "d.quick"]


def test_who_reads_waits_for_a_transaction_that_ends_soon(slow: SqlMetadata, quick: SqlMetadata) -> None:
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.extend(_kinds(quick)))
    with slow._transaction() as connection:
        slow._append(connection, [_told("a.slow")])
        quick.tell([_told("b.quick")])
        reader.start()
    reader.join(30)
    assert found == ["a.slow", "b.quick"]


def test_a_number_that_was_taken_back_holds_up_nobody(slow: SqlMetadata, quick: SqlMetadata) -> None:
    with suppress(KeyError), slow._transaction() as connection:
        slow._append(connection, [_told("a.slow")])
        raise KeyError
    quick.tell([_told("b.quick"), _told("c.quick")])
    assert _kinds(quick) == ["b.quick", "c.quick"]
    assert _kinds(quick, 2) == ["c.quick"]


@pytest.mark.parametrize("begins", ["before", "meanwhile"])
def test_a_pause_that_is_written_slowly_is_known_to_who_decides(
    tmp_path: Path, url: str, slow: SqlMetadata, begins: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "LONGEST_WAIT_MS", 20)
    settings = f"name: t\nenvironments:\n  dev: {{metadata: '{url}'}}\n"
    write(tmp_path, {"jusante.yaml": settings, "models/m/a.sql": "select 1 as id"})
    with Lake.open(tmp_path) as lake:
        conductor = Conductor(lake, NOW) if begins == "before" else None
        with slow._transaction() as connection:
            slow._append(connection, [_told("asset.paused")])
            lake.metadata.tell([_told("budget.passed")])
            conductor = conductor or Conductor(lake, NOW)
            assert conductor.situation(NOW).traces.get("m.a") is None
        assert conductor.situation(NOW).traces["m.a"].paused
