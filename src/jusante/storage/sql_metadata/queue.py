"""The queue of tasks as rows of the metadata database, which workers take without waiting for each other (SKIP LOCKED)."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from jusante.core.run import Done, Task
from jusante.errors import LeaseLost
from jusante.ports.task_queue import MOST_TRIES, Ask, Claim, Queued
from jusante.storage.sql_metadata.leases import has_run_out, now
from jusante.storage.sql_metadata.tables import QUEUE

_POOLS_LOCK = 0x6A757362
"""The number of the lock under which places in pools are counted; no other program uses it in this database."""

Remember = Callable[[sa.Connection, str, Sequence[Done]], None]


class SqlQueue:
    """The queue of a project. `remember` writes what is to be known of a task, in the transaction that ends it here."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]], remember: Remember) -> None:
        self._transaction = transaction
        self._remember = remember

    def open(self) -> None:
        """A new run begins: whatever waits is of runs that are over."""
        with self._transaction() as connection:
            connection.execute(QUEUE.delete())

    def put(self, run_id: str, run_token: int, tasks: Sequence[Queued]) -> None:
        """Tasks that can be begun."""
        rows = [
            {
                "run_id": run_id,
                "run_token": run_token,
                "asset": task.asset,
                "version": task.version,
                "anew": task.anew,
                "turn": -task.priority,
                "pool": task.pool,
                "only": task.only,
                "state": "ready",
                "worker": "",
                "takes": 0,
                "tries": 0,
                "until": 0.0,
            }
            for task in tasks
        ]
        with self._transaction() as connection:
            connection.execute(
                insert(QUEUE).on_conflict_do_nothing(), rows
            )  # nobody knows whether a lost answer was yes

    def claim(self, ask: Ask) -> Claim | None:
        """The first task that this worker can do, the most important first; None where there is none."""
        with self._transaction() as connection:
            full = _full(connection, ask) if ask.has_pools else ()
            first = _free(ask, now(connection))
            if full:
                first = first.where(QUEUE.c.pool.is_(None) | QUEUE.c.pool.not_in(full))
            first = first.order_by(QUEUE.c.turn, QUEUE.c.seq).limit(1).with_for_update(skip_locked=True)
            seq = connection.execute(first).scalar_one_or_none()
            if seq is None:
                return None
            taken = QUEUE.update().where(QUEUE.c.seq == seq)
            until = now(connection) + ask.seconds
            counted = {"takes": QUEUE.c.takes + 1, "tries": QUEUE.c.tries + 1}
            taken = taken.values(state="leased", worker=ask.worker, until=until, **counted)
            return _claim(connection.execute(taken.returning(QUEUE)).mappings().one())

    def renew(self, ask: Ask, assets: Collection[str]) -> frozenset[tuple[str, int]]:
        """What of these this worker does, it goes on doing; assets and tokens of those that are still its own."""
        with self._transaction() as connection:
            leased = (QUEUE.c.worker == ask.worker, QUEUE.c.state == "leased", QUEUE.c.asset.in_(assets))
            ours = QUEUE.update().where(*leased)
            rows = (
                connection.execute(ours.values(until=now(connection) + ask.seconds).returning(QUEUE)).mappings().all()
            )
        return frozenset((claim.asset, claim.token) for claim in map(_claim, rows))

    def give_back(self, claim: Claim) -> None:
        """Let somebody else do it; it does not count as begun."""
        with self._transaction() as connection:
            back = _ours(claim).values(state="ready", worker="", until=0.0, tries=QUEUE.c.tries - 1)
            connection.execute(back)

    def record(self, claim: Claim, done: Done, *, silently: bool) -> None:
        """It has ended: what is to be remembered of it, in one transaction with that. Raises LeaseLost."""
        with self._transaction() as connection:
            if connection.execute(_ours(claim).values(state="done", task=done.task.as_dict())).rowcount != 1:
                what = f"somebody else has taken over {claim.asset}, as this worker was silent for too long"
                raise LeaseLost(what, where=claim.asset, fix="nothing is lost: the other one makes it")
            if not silently:
                self._remember(connection, claim.run_id, [done])

    def ended(self, run_id: str, heard: Collection[str]) -> tuple[Task, ...]:
        """Tasks that have ended. Those heard of already are taken out."""
        done = (QUEUE.c.run_id == run_id, QUEUE.c.state == "done")
        with self._transaction() as connection:
            if heard:
                connection.execute(QUEUE.delete().where(*done, QUEUE.c.asset.in_(heard)))
            found = connection.execute(sa.select(QUEUE.c.task).where(*done).order_by(QUEUE.c.seq)).scalars().all()
        return tuple(Task.from_dict(task) for task in found)

    def given_up(self, run_id: str) -> tuple[str, ...]:
        """Assets whose workers were lost each time; they are taken out of the queue."""
        with self._transaction() as connection:
            lost = QUEUE.delete().where(
                QUEUE.c.run_id == run_id,
                QUEUE.c.state == "leased",
                QUEUE.c.tries >= MOST_TRIES,
                QUEUE.c.until < now(connection),
            )
            return tuple(connection.execute(lost.returning(QUEUE.c.asset)).scalars())

    def close(self, run_id: str) -> None:
        """The run is over: nothing of it is to be begun."""
        with self._transaction() as connection:
            connection.execute(QUEUE.delete().where(QUEUE.c.run_id == run_id))

    def size(self) -> int:
        """How many tasks wait or are being done."""
        with self._transaction() as connection:
            count = sa.select(sa.func.count()).select_from(QUEUE).where(QUEUE.c.state != "done")
            return int(connection.execute(count).scalar_one())


def _free(ask: Ask, moment: sa.ColumnElement[float]) -> sa.Select[Any]:
    """What nobody does, and this worker can."""
    dead = has_run_out(QUEUE.c.until, moment, ask.seconds)
    free = (QUEUE.c.state == "ready") | ((QUEUE.c.state == "leased") & dead)
    query = sa.select(QUEUE.c.seq).where(free, QUEUE.c.tries < MOST_TRIES, QUEUE.c.only.in_(("", ask.worker)))
    return query.where(QUEUE.c.asset.not_in(ask.without)) if ask.without else query


def _full(connection: sa.Connection, ask: Ask) -> tuple[str, ...]:
    """The pools in which all places are taken; nobody else takes one until this transaction is over."""
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_POOLS_LOCK)))
    taken = (
        sa.select(QUEUE.c.pool, sa.func.count())
        .where(QUEUE.c.pool.is_not(None), QUEUE.c.state == "leased", QUEUE.c.until >= now(connection))
        .group_by(QUEUE.c.pool)
    )
    return tuple(pool for pool, count in connection.execute(taken) if count >= ask.pools.get(pool, 1))


def _ours(claim: Claim) -> sa.Update:
    return QUEUE.update().where(
        QUEUE.c.asset == claim.asset,
        QUEUE.c.run_id == claim.run_id,
        QUEUE.c.run_token == claim.run_token,
        QUEUE.c.takes == claim.takes,
        QUEUE.c.state == "leased",
    )


def _claim(row: Any) -> Claim:
    names = ("run_id", "run_token", "asset", "version", "anew", "takes")
    return Claim(**{name: row[name] for name in names})
