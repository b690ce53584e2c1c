"""Hands: what has ended is recorded together, in order, before anybody hears of it."""

import datetime as dt
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from jusante.core.asset import Asset
from jusante.core.graph import Graph
from jusante.core.model import Model, Query, SqlModel
from jusante.core.place import Place
from jusante.core.run import AssetState, Done, Run, Task
from jusante.core.trigger import Timing
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


def test_the_most_important_is_begun_first_and_no_more_of_a_pool_than_it_has_places(tmp_path: Path) -> None:
    store = _store(tmp_path)
    timing = {f"m.{name}": Timing(priority=9 if name == "e" else 0) for name in "abcde"}
    timing |= {f"m.heavy{n}": Timing(pool="heavy", priority=1) for n in range(6)}
    graph = Graph([_asset(name) for name in timing])
    order: list[str] = []
    heavy: list[int] = []
    at_once = [0]
    lock = threading.Lock()

    class Slow(Worker):
        def work(self, name: str) -> Done:
            with lock:
                order.append(name)
                at_once[0] += "heavy" in name
                heavy.append(at_once[0])
            time.sleep(0.01)
            with lock:
                at_once[0] -= "heavy" in name
            return Done(Task(name, "build", "succeeded"))

    worker = Slow("r1", _tools(store, graph), {})
    with Threads(worker, 4, timing.__getitem__, {"heavy": 2}) as hands:
        tasks = execute(graph, graph.ids, worker, hands, lambda *_: None)

    assert sorted(order) == sorted(graph.ids) == sorted(task.asset for task in tasks)
    assert order[0] == "m.e"
    assert max(heavy) == 2
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
