"""What databases on a server have in common that those in a file do not have: they can be away, and so can we.

A machine that is gone says nothing. So both sides stop waiting after a time: we for the server, and the server for us, whose
transaction may hold what everybody else waits for. Without that, Linux waits for an answer for a quarter of an hour, and
a server for a silent client for two hours.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from jusante.errors import DatabaseGone, ExtraMissing, StorageError, StorageFull

LONGEST_CONNECT_SECONDS = 10
LONGEST_PAUSE_SECONDS = 10
"""So long a transaction may rest between two of its statements; then the server takes it back."""
_WE_WAIT: Mapping[str, str] = {
    "tcp_user_timeout": "20000",  # ms: what was sent and is not taken
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
"""How long psycopg waits for a server that does not answer."""
_IT_WAITS: Mapping[str, str] = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""How long the server waits for us: nobody keeps a connection, or a lock, who cannot be reached."""
_KIND = 0xFF
"""The part of a code of SQLite that tells its kind; the rest tells more closely what."""
_FULL = "53100"
_CONNECTION, _INTERVENTION = "08", "57"
"""The classes of SQLSTATE for a connection that failed, and for a server that is stopped or started."""


def bounded(
    url: str, *, connect_seconds: int = LONGEST_CONNECT_SECONDS, pause_seconds: int = LONGEST_PAUSE_SECONDS
) -> str:
    """The address of a database, with how long each side waits for the other; that of a file as it is.

    What the address says about that itself holds.
    """
    found = sa.make_url(url)
    if found.get_backend_name() != "postgresql":
        return url
    settings = {**_IT_WAITS, "idle_in_transaction_session_timeout": f"{pause_seconds}s"}
    theirs = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = {name: value if isinstance(value, str) else value[-1] for name, value in found.query.items()}
    options = f"{theirs} {given.pop('options', '')}".strip()  # of two that say the same, the last one holds
    waits = {"connect_timeout": str(connect_seconds), **_WE_WAIT, **given, "options": options}
    return found.update_query_dict(waits).render_as_string(hide_password=False)


@contextmanager
def failures(whose: str, where: str, damaged: str) -> Iterator[None]:
    """What a database of the project refuses, in our words: `whose` names it, `damaged` is the fix where its file is.

    What is wrong with a statement, and not with the database, stays as it is.
    """
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
        raise failed(error, whose, where) from None
    except sa.exc.DatabaseError as error:
        if not is_damaged(error):
            raise
        raise StorageError(f"{whose} is damaged: {error.orig}", where=where, fix=damaged) from None


def engine_of(url: str, **settings: Any) -> sa.Engine:
    """SQLAlchemy's engine for a database. Raises ExtraMissing where the driver of its server is not installed."""
    try:
        return sa.create_engine(url, **settings)
    except ModuleNotFoundError as error:
        raise ExtraMissing(f"{error.name} is not installed", fix='pip install "jusante[postgres]"') from None


def failed(error: sa.exc.DBAPIError, whose: str, where: str = "") -> StorageError:
    """That a database of the project cannot be used, in our words; `whose` names it."""
    said = f"{whose} cannot be used: {error.orig}"
    if is_full(error):
        fix = "free some space there, then run again: nothing was lost"
        return StorageFull(f"the disk is full, and {said}", where=where, fix=fix)
    kind = DatabaseGone if is_gone(error) else StorageError
    return kind(said, where=where, fix="see that its database can be reached and written")


def place(url: str | sa.URL) -> str:
    """Where a database lies, without who may use it."""
    found = sa.make_url(url)
    port = f":{found.port}" if found.port else ""
    return f"{found.host}{port}/{found.database}" if found.host else str(found.database)


def is_gone(error: sa.exc.DBAPIError) -> bool:
    """Whether a server cannot be reached, or has cut the connection off; what it refuses is something else."""
    is_server = type(error.orig).__module__.startswith("psycopg")
    state = getattr(error.orig, "sqlstate", None) or _CONNECTION
    return is_server and (error.connection_invalidated or state[:2] in {_CONNECTION, _INTERVENTION})


def is_full(error: sa.exc.DBAPIError) -> bool:
    """Whether there is no room on the disk of a database."""
    is_file = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return is_file or getattr(error.orig, "sqlstate", None) == _FULL


def is_damaged(error: sa.exc.DatabaseError) -> bool:
    """Whether the file of a database is not, or no longer, one that SQLite can read."""
    code = getattr(error.orig, "sqlite_errorcode", None) or 0
    return code & _KIND in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
