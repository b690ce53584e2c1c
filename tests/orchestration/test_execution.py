"""Hands: what has ended is recorded together, in order, before anybody hears of it."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from jusante.core.asset import Asset
from jusante.core.graph import Graph
from jusante.core.model import Model, Query, SqlModel
from jusante.core.place import Place
from jusante.core.run import AssetState, Done, Run, Task
from jusante.orchestration.execution import MOST_AT_ONCE, Threads, execute
from jusante.orchestration.worker import Worker
from jusante.storage.sql_metadata import SqlMetadata

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def test_what_has_ended_meanwhile_is_recorded_in_one_transaction(tmp_path: Path) -> None:
    store = _store(tmp_path)
    commits = _commits(store)
    with Threads(_worker(store, Graph([])), 2) as hands:
        for number in range(100):
            hands.settle(Done(Task(f"m.t{number:03}", "build", "succeeded")))
        first, second = hands.ended(), hands.ended()

    assert [task.asset for task in (*first, *second)] == [f"m.t{number:03}" for number in range(100)]
    assert [len(first), len(second)] == [MOST_AT_ONCE, 100 - MOST_AT_ONCE]
    assert len(commits) == 2
    assert store.tasks("r1") == (*first, *second)
    store.close()


def test_an_asset_is_begun_once_all_above_it_are_recorded(tmp_path: Path) -> None:
    store = _store(tmp_path)
    graph = Graph([_asset("m.a"), *(_asset(f"m.b{n}", "m.a") for n in range(5)), _asset("m.c", "m.b0", "m.b4")])
    seen: dict[str, set[str]] = {}

    class Idle(Worker):
        def work(self, name: str) -> Done:
            seen[name] = set(store.states())
            return Done(Task(name, "build", "succeeded"), AssetState(name, "v", {}, "r1", NOW))

    worker = Idle("r1", _tools(store, graph), {})
    with Threads(worker, 3) as hands:
        tasks = execute(graph, [asset.id for asset in graph], worker, hands, lambda *_: None)

    assert len(tasks) == len(seen) == 7
    assert all(set(graph[name].inputs) <= recorded for name, recorded in seen.items())
    store.close()


def _store(folder: Path) -> SqlMetadata:
    store = SqlMetadata(f"sqlite:///{folder}/metadata.db")
    store.begin(Run("r1", "run", "dev", NOW, "host", 1))
    return store


def _commits(store: SqlMetadata) -> list[None]:
    found: list[None] = []
    sa.event.listen(store._engine, "commit", lambda _: found.append(None))
    return found


def _tools(store: SqlMetadata, graph: Graph) -> Any:
    return SimpleNamespace(columns=None, metadata=store, graph=graph)


def _worker(store: SqlMetadata, graph: Graph) -> Worker:
    return Worker("r1", _tools(store, graph), {})


def _asset(name: str, *inputs: str) -> Asset:
    query = Query("select 1 as one", inputs, f"select '{name}' as one")
    return Asset(name, Place(f"models/{name}.sql", 1), inputs, SqlModel(Model(), query))
