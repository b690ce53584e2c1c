"""The key store in a SQL database: SQLite by default, in a file that only its owner can read."""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from jusante.errors import StorageError
from jusante.storage.databases import bounded, engine_of, failures, place

ASKED_AT_ONCE = 500
CACHE_KIB = 64 * 1024
_MENDED = "put back a copy from before: what is encrypted with the keys in it cannot be read without them"

_metadata = sa.MetaData()
_keys = sa.Table(
    "subject_keys",
    _metadata,
    sa.Column("pseudonym", sa.LargeBinary(16), primary_key=True),
    sa.Column("wrapped", sa.LargeBinary(96), nullable=False),
    sqlite_with_rowid=False,
)
_erased = sa.Table(
    "erased_subjects",
    _metadata,
    sa.Column("kind", sa.String(400), primary_key=True),
    sa.Column("pseudonym", sa.LargeBinary(16), primary_key=True),
)


class SqlKeys:
    """The key store on a SQL database."""

    def __init__(self, url: str) -> None:
        if url.startswith("sqlite:///"):
            _private(Path(url.removeprefix("sqlite:///")))
        self._where = place(url)
        self._engine = engine_of(bounded(url), pool_pre_ping=not url.startswith("sqlite"))
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _pragmas)
        try:
            with self._transaction() as connection:
                _metadata.create_all(connection)
        except StorageError:
            self.close()
            raise

    def keys(self, pseudonyms: Collection[bytes]) -> Mapping[bytes, bytes]:
        """The wrapped keys of those who have one."""
        with self._transaction() as connection:
            return self._found(connection, list(pseudonyms))

    def add(self, wrapped: Mapping[bytes, bytes]) -> Mapping[bytes, bytes]:
        """Keep keys, but for those who have one; the keys that hold now."""
        try:
            with self._transaction() as connection:
                connection.execute(_keys.insert(), _rows(wrapped))
        except sa.exc.IntegrityError:  # somebody was faster with one of them
            with self._transaction() as connection:
                there = self._found(connection, list(wrapped))
                if fresh := {name: key for name, key in wrapped.items() if name not in there}:
                    connection.execute(_keys.insert(), _rows(fresh))
            return {**wrapped, **there}
        return wrapped

    def forget(self, pseudonym: bytes) -> bool:
        """Destroy a key. SQLite writes zeros over it (`secure_delete`); a server does so when it vacuums."""
        with self._transaction() as connection:
            gone = connection.execute(_keys.delete().where(_keys.c.pseudonym == pseudonym)).rowcount
        return bool(gone)

    def bury(self, kind: str, pseudonym: bytes) -> None:
        """Remember that a person is erased."""
        with self._transaction() as connection:
            known = (_erased.c.kind == kind) & (_erased.c.pseudonym == pseudonym)
            connection.execute(_erased.delete().where(known))
            connection.execute(_erased.insert().values(kind=kind, pseudonym=pseudonym))

    def buried(self, kind: str) -> frozenset[bytes]:
        """The erased of a kind of person."""
        with self._transaction() as connection:
            return frozenset(connection.execute(sa.select(_erased.c.pseudonym).where(_erased.c.kind == kind)).scalars())

    def close(self) -> None:
        """Let go of connections."""
        self._engine.dispose()

    def _found(self, connection: sa.Connection, names: list[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for start in range(0, len(names), ASKED_AT_ONCE):
            some = names[start : start + ASKED_AT_ONCE]
            query = sa.select(_keys.c.pseudonym, _keys.c.wrapped).where(_keys.c.pseudonym.in_(some))
            found |= {row.pseudonym: row.wrapped for row in connection.execute(query)}
        return found

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with failures("the store of persons' keys", self._where, _MENDED), self._engine.begin() as connection:
            yield connection


def _rows(wrapped: Mapping[bytes, bytes]) -> list[dict[str, bytes]]:
    # In order, so that a page of the database is written once.
    return [{"pseudonym": name, "wrapped": wrapped[name]} for name in sorted(wrapped)]


def _private(path: Path) -> None:
    """The database's file, made before SQLite makes it for all to read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _pragmas(connection: Any, _record: object) -> None:
    # No write-ahead log: what is deleted must not stand in a file beside.
    connection.execute("pragma journal_mode = delete")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma secure_delete = on")
    connection.execute(f"pragma cache_size = -{CACHE_KIB}")
