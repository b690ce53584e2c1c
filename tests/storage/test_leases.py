"""Leases: one holder at a time, tokens that only rise, by the clock of the database."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from jusante.core.lease import Lease
from jusante.storage.sql_metadata import SqlMetadata
from jusante.storage.sql_metadata.leases import SqlLeases
from jusante.storage.sql_metadata.tables import LEASES

LONG = 600.0


@pytest.fixture
def leases(url: str) -> Iterator[SqlLeases]:
    store = SqlMetadata(url)
    yield SqlLeases(store._transaction)
    store.close()


def test_one_has_it_and_nobody_else_until_it_is_given_back(leases: SqlLeases) -> None:
    first = leases.take("run", "a", LONG)
    assert first == Lease("run", "a", 1)
    assert leases.take("run", "b", LONG) is None
    assert leases.take("run", "a", LONG) is None
    assert leases.holder("run") == "a"
    assert leases.take("up", "b", LONG) == Lease("up", "b", 1)

    leases.release(first)
    assert leases.holder("run") is None
    assert leases.take("run", "b", LONG) == Lease("run", "b", 2)


def test_one_that_has_run_out_goes_to_the_next_with_a_higher_token(leases: SqlLeases) -> None:
    late = leases.take("run", "a", LONG)
    assert late
    _let_run_out(leases)
    assert leases.holder("run") is None
    new = leases.take("run", "b", LONG)
    assert new == Lease("run", "b", 2)

    assert not leases.renew(late, LONG)
    leases.release(late)
    assert leases.holder("run") == "b"
    assert leases.renew(new, LONG)


def test_one_goes_on_under_a_higher_token_unless_it_has_gone_to_somebody_else(leases: SqlLeases) -> None:
    late = leases.take("run", "a", LONG)
    assert late
    _let_run_out(leases)
    higher = leases.raise_to(late, 7, LONG)
    assert higher == Lease("run", "a", 7)
    assert not leases.renew(late, LONG)
    assert leases.renew(higher, LONG)
    _let_run_out(leases)
    assert leases.take("run", "b", LONG) == Lease("run", "b", 8)
    assert leases.raise_to(higher, 99, LONG) is None


def test_one_that_has_run_out_and_that_nobody_took_can_be_renewed(leases: SqlLeases) -> None:
    late = leases.take("run", "a", LONG)
    assert late
    _let_run_out(leases)
    assert leases.renew(late, LONG)
    assert leases.take("run", "b", LONG) is None


def test_of_many_who_ask_at_once_one_gets_it(leases: SqlLeases) -> None:
    found: list[Lease | None] = []
    together = threading.Barrier(6)

    def ask(name: str) -> None:
        together.wait()
        found.append(leases.take("run", name, LONG))

    asking = [threading.Thread(target=ask, args=(f"p{number}",)) for number in range(6)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    (won,) = [lease for lease in found if lease]
    assert leases.holder("run") == won.holder


def _let_run_out(leases: SqlLeases) -> None:
    with leases._transaction() as connection:
        connection.execute(LEASES.update().values(until=LEASES.c.until - 2 * LONG))
        assert connection.execute(sa.select(sa.func.count()).select_from(LEASES)).scalar_one()
