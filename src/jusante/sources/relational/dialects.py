"""Which dialect a kind of source speaks, and where its database is."""

import re
from pathlib import Path
from typing import assert_never

from jusante.core.secret import Secret
from jusante.core.source import Source
from jusante.errors import SourceError
from jusante.sources.relational.dialect import Database, Dialect
from jusante.sources.relational.duckdb_dialect import DuckDBDialect
from jusante.sources.relational.mysql_dialect import MySQLDialect
from jusante.sources.relational.postgres_dialect import PostgresDialect
from jusante.sources.relational.sqlite_dialect import SQLiteDialect


def dialect(kind: Database, source: Source, folder: Path) -> Dialect:
    """The dialect of a source. Raises SourceError where its connection is empty or not of the right form."""
    match kind:
        case "postgres":
            return PostgresDialect(_postgres(source))
        case "mysql":
            return MySQLDialect(_mysql(source))
        case "sqlite":
            return SQLiteDialect(_path(source, folder))
        case "duckdb":
            return DuckDBDialect(_path(source, folder))
        case _:
            assert_never(kind)


def _given(source: Source) -> str:
    given = source.secret().reveal().strip()
    if not given:
        raise SourceError(
            f"source {source.source} has no connection", where=f"source {source.source}", fix="write `connection: …`"
        )
    return given


def _postgres(source: Source) -> Secret:
    given = _given(source)
    # SQLAlchemy's spelling (postgresql+psycopg://) is common in the variables people have already.
    given = re.sub(r"^(postgres|postgresql)(\+\w+)?://", "postgresql://", given)
    if not given.startswith("postgresql://") and not re.search(r"\w\s*=", given):
        raise _form(source, "postgresql://user:password@host:5432/database")
    return Secret(given)


def _mysql(source: Source) -> Secret:
    given = re.sub(r"^(mysql|mariadb)(\+\w+)?://", "mysql://", _given(source))
    if not given.startswith("mysql://") and not re.search(r"\w\s*=", given):
        raise _form(source, "mysql://user:password@host:3306/database")
    return Secret(given)


def _path(source: Source, folder: Path) -> Secret:
    given = re.sub(r"^(sqlite|duckdb):/{3}", "", _given(source))
    path = Path(given).expanduser()
    return Secret(str(path if path.is_absolute() else (folder / path).absolute()))


def _form(source: Source, example: str) -> SourceError:
    return SourceError(
        f"the connection of source {source.source} is not of a form that is known",
        where=f"source {source.source}",
        fix=f"write it as {example}",
    )
