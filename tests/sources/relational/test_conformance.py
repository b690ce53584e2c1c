"""The conformance suite of `jusante.testing`, passed by each kind of relational source."""

import datetime as dt
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pytest
from reading import Opened

from jusante.core.schema import Schema
from jusante.core.source import SourceTable
from jusante.ports.connector import Connector
from jusante.testing import SAMPLES, TABLE, ConnectorConformance, Row, SourceUnderTest
from servers import MariaDB, Postgres

Shop = Callable[..., Opened]


class Relational(SourceUnderTest):
    """A database that is filled by SQL."""

    lists_tables = True
    quotes: ClassVar[str] = '"'
    declared: ClassVar[Mapping[str, str]] = {}
    secret = "geheim"

    def __init__(self, opening: Callable[[], Connector], breaking: Callable[[], Connector], run: Callable[[str], Any]):
        self._opening, self._breaking, self._run = opening, breaking, run

    def load(self, rows: Sequence[Row], schema: Schema) -> None:
        columns = ", ".join(f"{self.quote(c.name)} {self.declared.get(c.type, c.type)}" for c in schema)
        self._run(f"drop table if exists {TABLE}; create table {TABLE} ({columns})")
        self.add(rows)

    def add(self, rows: Sequence[Row]) -> None:
        for start in range(0, len(rows), 5000):
            part = rows[start : start + 5000]
            names = ", ".join(map(self.quote, part[0]))
            values = ", ".join("(" + ", ".join(map(self.literal, row.values())) + ")" for row in part)
            self._run(f"insert into {TABLE} ({names}) values {values}")

    def change(self, key: int, row: Row) -> None:
        changes = ", ".join(f"{self.quote(name)} = {self.literal(value)}" for name, value in row.items())
        self._run(f"update {TABLE} set {changes} where id = {key}")

    def delete(self, key: int) -> None:
        self._run(f"delete from {TABLE} where id = {key}")

    def connector(self) -> Connector:
        return self._opening()

    def table(self, **settings: Any) -> SourceTable:
        return SourceTable.model_validate({"key": ["id"], **settings})

    def missing(self) -> SourceTable:
        return SourceTable.model_validate({"from": "nowhere"})

    def broken(self) -> Connector:
        return self._breaking()

    def quote(self, name: str) -> str:
        return self.quotes + name.replace(self.quotes, self.quotes * 2) + self.quotes

    def literal(self, value: Any) -> str:
        match value:
            case None:
                return "null"
            case bool():
                return str(value).lower()
            case bytes():
                return self.blob(value)
            case int() | float():
                return repr(value)
            case dt.datetime():
                return f"'{value.isoformat(' ')}'"
        return "'" + str(value).replace("'", "''") + "'"

    def blob(self, value: bytes) -> str:
        return f"x'{value.hex()}'"


class PostgresUnderTest(Relational):
    declared: ClassVar[Mapping[str, str]] = {
        "long": "bigint",
        "float": "real",
        "double": "double precision",
        "string": "text",
        "binary": "bytea",
    }

    def blob(self, value: bytes) -> str:
        return f"'\\x{value.hex()}'"

    def still_open(self) -> int:
        """At rest: the server notices a moment later that a connection has gone."""
        count = "select count(*) from pg_stat_activity where application_name = 'conformance'"
        deadline = time.monotonic() + 3
        while (found := int(self._run(count))) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found


class MySQLUnderTest(Relational):
    quotes = "`"
    types: ClassVar[Mapping[str, str]] = {
        **{name: name for name in SAMPLES},
        "time": "string",
        "uuid": "string",
    }
    declared: ClassVar[Mapping[str, str]] = {
        "boolean": "bit(1)", "long": "bigint", "string": "text", "binary": "blob", "uuid": "char(36)",
        "timestamp": "datetime(6)", "timestamptz": "timestamp(6) null", "time": "time(6)",
    }  # fmt: skip

    def literal(self, value: Any) -> str:
        return super().literal(value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value)

    def still_open(self) -> int:
        count = "select count(*) from information_schema.processlist where db = 'conformance' and id <> connection_id()"
        deadline = time.monotonic() + 3
        while (found := int(self._run(count))) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found


class FileUnderTest(Relational):
    secret = ""
    path: Path

    def still_open(self) -> int:
        links = Path("/proc/self/fd")
        if not links.is_dir():
            pytest.skip("open files can be counted on Linux only")
        return sum(os.path.realpath(link) == str(self.path) for link in links.iterdir())


class SQLiteUnderTest(FileUnderTest):
    types: ClassVar[Mapping[str, str]] = {
        **{n: n for n in SAMPLES},
        "int": "long",
        "float": "double",
        "time": "string",
        "uuid": "string",
    }
    declared: ClassVar[Mapping[str, str]] = {
        "long": "integer",
        "string": "text",
        "binary": "blob",
        "int": "integer",
        "float": "real",
    }


class DuckDBUnderTest(FileUnderTest):
    declared: ClassVar[Mapping[str, str]] = {"long": "bigint", "string": "varchar", "binary": "blob"}

    def blob(self, value: bytes) -> str:
        return f"unhex('{value.hex()}')"


class TestPostgres(ConnectorConformance):
    @pytest.fixture
    def source(self, postgres_server: Postgres, open_source: Shop) -> Iterator[SourceUnderTest]:
        postgres_server.run("create database conformance")
        url = postgres_server.url("conformance") + "?application_name=conformance"
        broken = "postgresql://me:geheim@127.0.0.1:1/x"
        yield PostgresUnderTest(
            lambda: open_source("postgres", url).connector,
            lambda: open_source("postgres", broken, limits={"attempts": 1}).connector,
            lambda sql: postgres_server.run(f"set timezone = 'UTC'; {sql}", "conformance"),
        )
        postgres_server.run("drop database conformance with (force)")


class TestMySQL(ConnectorConformance):
    @pytest.fixture
    def source(self, mariadb_server: MariaDB, open_source: Shop) -> Iterator[SourceUnderTest]:
        mariadb_server.run("create database conformance character set utf8mb4")
        broken = "mysql://me:geheim@127.0.0.1:1/x"
        yield MySQLUnderTest(
            lambda: open_source("mysql", mariadb_server.url("conformance")).connector,
            lambda: open_source("mysql", broken, limits={"attempts": 1}).connector,
            lambda sql: mariadb_server.run(f"set time_zone = '+00:00'; {sql}", "conformance"),
        )
        mariadb_server.run("drop database conformance")


def in_a_file(kind: type[FileUnderTest], name: str, folder: Path, open_source: Shop, run: Callable[[str], Any]) -> Any:
    (folder / "broken.db").write_text("no database " * 1000)
    source = kind(
        lambda: open_source(name, "shop.db").connector,
        lambda: open_source(name, "broken.db", limits={"attempts": 1}).connector,
        run,
    )
    source.path = folder / "shop.db"
    return source


class TestSQLite(ConnectorConformance):
    @pytest.fixture
    def source(self, tmp_path: Path, open_source: Shop) -> SourceUnderTest:
        def run(sql: str) -> None:
            with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
                database.executescript(sql)
                database.commit()

        return in_a_file(SQLiteUnderTest, "sqlite", tmp_path, open_source, run)


class TestDuckDB(ConnectorConformance):
    @pytest.fixture
    def source(self, tmp_path: Path, open_source: Shop) -> SourceUnderTest:
        def run(sql: str) -> None:
            with duckdb.connect(str(tmp_path / "shop.db")) as database:
                database.execute(sql)

        return in_a_file(DuckDBUnderTest, "duckdb", tmp_path, open_source, run)
