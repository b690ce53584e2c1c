"""Fences: a publish is refused in the very transaction in which it would happen, where somebody newer has taken over.

A process that was stopped and goes on knows nothing of the time that has passed, so asking before a commit proves nothing.
Here the question is part of the commit: on PostgreSQL it holds the fence's row until the commit is done, so that whoever
raises the fence waits for it.
"""

import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa

from jusante.errors import LeaseLost
from jusante.ports.table_store import EVERY_TABLE

_METADATA = sa.MetaData()
_FENCES = sa.Table(
    "jusante_fences",
    _METADATA,
    sa.Column("name", sa.String(400), primary_key=True),
    sa.Column("token", sa.BigInteger, nullable=False),
)


class Fences:
    """The fences in a catalogue's database, and which tokens this process has."""

    def __init__(self, database: sa.Engine) -> None:
        self._database = database
        self._tokens: dict[str, int] = {}
        self._thread = threading.local()
        self._made = False
        sa.event.listen(database, "commit", self._check)

    def raise_to(self, name: str, token: int) -> None:
        """From now on nobody else publishes behind this fence. Raises LeaseLost where somebody has this token, or a higher one."""
        self._tokens.pop(name, None)
        self._raise(name, token, _FENCES.c.token < token)
        self._tokens[name] = token

    def height(self, name: str) -> int:
        """The highest token that was ever told at this fence; 0 for none."""
        self._make()
        with self._database.connect() as connection:
            query = sa.select(_FENCES.c.token).where(_FENCES.c.name == name)
            return connection.execute(query).scalar_one_or_none() or 0

    @contextmanager
    def within(self, tokens: Mapping[str, int]) -> Iterator[None]:
        """Raise these fences, but for the one around all; what this thread publishes in the block, it does by these tokens."""
        for name, token in tokens.items():
            if name != EVERY_TABLE:  # whoever began the run has raised it
                self._raise(name, token, _FENCES.c.token <= token)
        self._thread.tokens = tokens
        self._thread.mark = secrets.token_hex(4)
        try:
            yield
        finally:
            self._thread.tokens = {}
            self._thread.mark = ""

    @property
    def mark(self) -> str:
        """What tells this try at a task from others of the same run, in the names of its files; empty outside of `within`."""
        return getattr(self._thread, "mark", "")

    def _make(self) -> None:
        if not self._made:
            _METADATA.create_all(self._database, checkfirst=True)
            self._made = True

    def _raise(self, name: str, token: int, can: sa.ColumnElement[bool]) -> None:
        self._make()
        with self._database.begin() as connection:
            higher = _FENCES.update().where(_FENCES.c.name == name, can).values(token=token)
            if not connection.execute(higher).rowcount:
                try:
                    with connection.begin_nested():
                        connection.execute(_FENCES.insert().values(name=name, token=token))
                except sa.exc.IntegrityError:
                    raise _lost(name) from None

    def forget(self, name: str) -> None:
        """This process publishes no more behind this fence by a token of its own."""
        self._tokens.pop(name, None)

    @contextmanager
    def committing(self, table: str) -> Iterator[None]:
        """What this thread commits is of this table."""
        self._thread.table = table
        try:
            yield
        finally:
            self._thread.table = None

    def _check(self, connection: sa.Connection) -> None:
        table = getattr(self._thread, "table", None)
        tokens = {**self._tokens, **getattr(self._thread, "tokens", {})}
        ours = {name: tokens[name] for name in (EVERY_TABLE, table) if name in tokens}
        if not ours:
            return
        query = sa.select(_FENCES.c.name, _FENCES.c.token).where(_FENCES.c.name.in_(ours))
        for name, token in connection.execute(query.with_for_update(read=True)):
            if token > ours[name]:
                # What raises here is taken to be committed by SQLAlchemy, which would keep the transaction open in its pool.
                connection.connection.rollback()
                raise _lost(table or name)


def _lost(name: str) -> LeaseLost:
    what = "another process has taken over meanwhile, as this one was silent for too long. Nothing of it is published"
    return LeaseLost(
        what, where="the project" if name == EVERY_TABLE else name, fix="nothing is lost: the other one makes it"
    )
