"""The queue of tasks on PostgreSQL: each is done by one, the most important first, in pools, and what was lost comes back."""

import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from jusante.core.run import Done, Task
from jusante.errors import LeaseLost
from jusante.ports.task_queue import MOST_TRIES, Ask, Queued
from jusante.storage.sql_metadata import SqlMetadata
from jusante.storage.sql_metadata.queue import SqlQueue
from jusante.storage.sql_metadata.tables import LEASES, QUEUE
from servers.postgres import Postgres

A, B = Ask("a", 60.0), Ask("b", 60.0)


@pytest.fixture
def store(postgres_server: Postgres) -> Iterator[SqlMetadata]:
    name = f"q{time.time_ns()}"
    postgres_server.run(f"create database {name}")
    store = SqlMetadata(postgres_server.url(name).replace("postgresql", "postgresql+psycopg"))
    yield store
    store.close()


@pytest.fixture
def queue(store: SqlMetadata) -> SqlQueue:
    assert store.queue
    return store.queue


def put(queue: SqlQueue, *names: str, **about: object) -> None:
    queue.put("r1", 7, [Queued(name, "v1", **about) for name in names])


def taken(queue: SqlQueue, ask: Ask, most: int = 100) -> list[str]:
    found = []
    while len(found) < most and (claim := queue.claim(ask)):
        found.append(claim.asset)
    return found


def _let_run_out(store: SqlMetadata, seconds: float) -> None:
    with store._transaction() as connection:
        connection.execute(QUEUE.update().values(until=QUEUE.c.until - seconds))


def test_the_most_important_is_taken_first_and_then_the_oldest(queue: SqlQueue) -> None:
    put(queue, "t.a", "t.b")
    put(queue, "t.urgent", priority=9)
    put(queue, "t.last", priority=-9)
    assert taken(queue, A) == ["t.urgent", "t.a", "t.b", "t.last"]


def test_a_task_for_one_worker_is_left_by_the_others(queue: SqlQueue) -> None:
    put(queue, "t.here", only="b")
    put(queue, "t.not")
    assert taken(queue, Ask("a", 60.0, without=("t.not",))) == []
    assert taken(queue, B) == ["t.here", "t.not"]


def test_no_more_of_a_pool_are_done_at_once_on_all_machines_than_it_has_places(queue: SqlQueue) -> None:
    names = [f"t.{number}" for number in range(12)]
    put(queue, *names, pool="heavy")
    put(queue, "t.light", "t.lighter", priority=-1)
    found: dict[str, list[str]] = {}
    together = threading.Barrier(4)

    def ask(name: str) -> None:
        together.wait()
        found[name] = taken(queue, Ask(name, 60.0, {"heavy": 3}, has_pools=True))

    asking = [threading.Thread(target=ask, args=(f"w{number}",)) for number in range(4)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    got = [name for each in found.values() for name in each]
    assert len([name for name in got if name in names]) == 3
    assert {"t.light", "t.lighter"} <= set(got)


def test_many_who_ask_at_once_never_get_the_same(queue: SqlQueue) -> None:
    put(queue, *(f"t.{number}" for number in range(200)))
    found: list[str] = []
    asking = [
        threading.Thread(target=lambda n=n: found.extend(taken(queue, Ask(f"w{n}", 60.0), 1_000))) for n in range(5)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(found) == len(set(found)) == 200


def test_what_ran_out_is_taken_with_a_higher_token_and_the_late_one_records_nothing(
    queue: SqlQueue, store: SqlMetadata
) -> None:
    put(queue, "t.a")
    late = queue.claim(A)
    assert late
    assert queue.claim(B) is None
    _let_run_out(store, 61)
    new = queue.claim(B)
    assert new
    assert new.token > late.token
    assert queue.renew(A, ("t.a",)) == frozenset()

    done = Done(Task("t.a", "build", "succeeded"))
    with pytest.raises(LeaseLost):
        queue.record(late, done, silently=False)
    queue.give_back(late)
    assert store.tasks("r1") == ()
    queue.record(new, done, silently=False)
    assert [task.asset for task in store.tasks("r1")] == ["t.a"]
    assert [task.asset for task in queue.ended("r1", ())] == ["t.a"]
    assert [task.asset for task in queue.ended("r1", ())] == ["t.a"], "told until it was heard"
    assert queue.ended("r1", ("t.a",)) == ()


def test_what_is_renewed_does_not_run_out(queue: SqlQueue, store: SqlMetadata) -> None:
    put(queue, "t.a")
    claim = queue.claim(A)
    assert claim
    _let_run_out(store, 40)
    assert queue.renew(A, ("t.a",)) == {("t.a", claim.token)}
    _let_run_out(store, 40)
    assert queue.claim(B) is None


def test_a_clock_that_was_set_back_keeps_nobody_waiting(queue: SqlQueue, store: SqlMetadata) -> None:
    put(queue, "t.a")
    assert queue.claim(A)
    _let_run_out(store, -365 * 86_400)  # as if the database's clock had been a year ahead when it was taken
    assert taken(queue, B) == ["t.a"]
    assert store.leases
    assert store.leases.take("run", "a", 60.0)
    with store._transaction() as connection:
        connection.execute(LEASES.update().values(until=LEASES.c.until + 365 * 86_400))
    assert store.leases.take("run", "b", 60.0)


def test_what_takes_down_each_worker_is_given_up(queue: SqlQueue, store: SqlMetadata) -> None:
    put(queue, "t.a")
    for number in range(MOST_TRIES):
        assert queue.given_up("r1") == ()
        assert taken(queue, Ask(f"w{number}", 60.0)) == ["t.a"]
        _let_run_out(store, 61)
    assert queue.claim(A) is None
    assert queue.given_up("r1") == ("t.a",)
    assert queue.size() == 0


def test_what_was_given_back_does_not_count_as_begun_and_has_a_higher_token(queue: SqlQueue) -> None:
    put(queue, "t.a")
    tokens = []
    for _ in range(2 * MOST_TRIES):
        claim = queue.claim(A)
        assert claim
        tokens.append(claim.token)
        queue.give_back(claim)
    assert tokens == sorted(set(tokens))


def test_ten_thousand_wait_and_the_first_is_found_by_the_index(queue: SqlQueue, store: SqlMetadata) -> None:
    put(queue, *(f"t.{number}" for number in range(10_000)))
    with store._transaction() as connection:
        connection.execute(sa.text("analyze queue"))
        query = "select seq from queue where state = 'ready' order by turn, seq limit 1 for update skip locked"
        plan = connection.execute(sa.text(f"explain {query}")).scalars().all()
    assert any("queue_by_turn" in line for line in plan), plan
    assert taken(queue, A, 3) == ["t.0", "t.1", "t.2"]


def test_a_run_that_begins_empties_the_queue(queue: SqlQueue) -> None:
    put(queue, "t.a", "t.b")
    claim = queue.claim(A)
    assert claim
    queue.open()
    with pytest.raises(LeaseLost):
        queue.record(claim, Done(Task("t.a", "build", "succeeded")), silently=True)
    assert queue.size() == 0
