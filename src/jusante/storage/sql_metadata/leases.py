"""Leases as rows of the metadata database, by its clock: that of a machine may jump, and no two are the same."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import sqlalchemy as sa

from jusante.core.lease import Lease
from jusante.errors import LeaseLost
from jusante.storage.sql_metadata.tables import LEASES

LONGEST_LEASES = 100
"""Leases of one project are not more than so many times as long as each other."""

Transaction = Callable[[], AbstractContextManager[sa.Connection]]


class SqlLeases:
    """The leases in a database, each one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def take(self, name: str, holder: str, seconds: float) -> Lease | None:
        """A lease that nobody has or that has run out; None where somebody has it."""
        with self._transaction() as connection:
            free = LEASES.update().where(LEASES.c.name == name, has_run_out(LEASES.c.until, now(connection), seconds))
            taken = free.values(holder=holder, token=LEASES.c.token + 1, until=now(connection) + seconds)
            if token := connection.execute(taken.returning(LEASES.c.token)).scalar_one_or_none():
                return Lease(name, holder, token)
            if connection.execute(sa.select(LEASES.c.name).where(LEASES.c.name == name)).first():
                return None
            row = {"name": name, "holder": holder, "token": 1, "until": now(connection) + seconds}
            try:
                with connection.begin_nested():
                    connection.execute(LEASES.insert().values(row))
            except sa.exc.IntegrityError:  # somebody else was first, just now
                return None
            return Lease(name, holder, 1)

    def renew(self, lease: Lease, seconds: float) -> bool:
        """Have it for so long from now on; False where it has gone to somebody else."""
        with self._transaction() as connection:
            change = _ours(lease).values(until=now(connection) + seconds)
            return connection.execute(change).rowcount == 1

    def raise_to(self, lease: Lease, token: int, seconds: float) -> Lease | None:
        """Have it under a higher token; None where it has gone to somebody else. Whoever is next has a higher one still."""
        with self._transaction() as connection:
            change = _ours(lease).values(token=token, until=now(connection) + seconds)
            return Lease(lease.name, lease.holder, token) if connection.execute(change).rowcount == 1 else None

    def release(self, lease: Lease) -> None:
        """Give it back, if it is still ours. Its token stays: the next one is higher."""
        with self._transaction() as connection:
            connection.execute(_ours(lease).values(until=0.0, holder=""))

    def holder(self, name: str) -> str | None:
        """Who has it; None where nobody has."""
        with self._transaction() as connection:
            held = sa.select(LEASES.c.holder).where(LEASES.c.name == name, LEASES.c.until >= now(connection))
            return connection.execute(held).scalar_one_or_none()


def check(connection: sa.Connection, lease: Lease) -> None:
    """Raise LeaseLost where it has gone to somebody else; where it has not, it cannot until this transaction is over."""
    query = sa.select(LEASES.c.token).where(LEASES.c.name == lease.name).with_for_update(read=True)
    if connection.execute(query).scalar_one_or_none() != lease.token:
        what = "another process has taken over meanwhile, as this one was silent for too long"
        raise LeaseLost(what, where="the project", fix="nothing is lost: the other one goes on")


def _ours(lease: Lease) -> sa.Update:
    return LEASES.update().where(
        LEASES.c.name == lease.name, LEASES.c.token == lease.token, LEASES.c.holder == lease.holder
    )


def has_run_out(
    until: sa.ColumnElement[float], moment: sa.ColumnElement[float], seconds: float
) -> sa.ColumnElement[bool]:
    """Whether its time is over. A time far beyond what a lease is good for is one from before the clock was set back."""
    return (until < moment) | (until > moment + seconds * LONGEST_LEASES)


def now(connection: sa.Connection) -> sa.ColumnElement[float]:
    """The database's time, in seconds since 1970."""
    if connection.dialect.name == "postgresql":
        return sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()), sa.Float)
    return sa.literal_column("((julianday('now') - 2440587.5) * 86400.0)", sa.Float)
