"""A sensitive column without a purpose is not asked for: the source's own log says so, or a column that cannot be read."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from jusante.sources.http_api.sealed import SealedLines
from projects import rows, run, sql, task, write
from remains import holding
from servers.mariadb import MariaDB
from servers.postgres import Postgres

SECRET = "planted-{}@mail.example"
COUNT = 30
RULES = "    columns:\n      mail: {sensitive: email}\n      phone: {mask: drop}\n"


def project(folder: Path, kind: str, table: str, *, connection: str = "", more: str = "") -> Path:
    there = f"connection: {connection}\n" if connection else ""
    source = f"source: crm\nkind: {kind}\nowner: a@b.example\n{there}tables:\n  people:\n{table}{more}{RULES}"
    return write(folder, {"jusante.yaml": "name: people\n", "sources/crm.yaml": source})


def statements(log: str) -> list[str]:
    """The statements in which the table's rows are asked for."""
    return [
        line for line in log.splitlines() if "secretly" in line and ("select" in line.lower() or "copy" in line.lower())
    ]


def twice(folder: Path, change: Callable[[], object]) -> None:
    """Two loads, the second with something new; all of it comes but for the columns that may not."""
    assert run(folder).status == "succeeded"
    change()
    assert run(folder).status == "succeeded"
    assert rows(folder, "select count(*) from crm.people") == [(COUNT + 1,)]
    assert holding(folder / ".jusante", "planted", "@mail.example") == set()


@pytest.mark.parametrize("more", ["", "    ingest: {mode: incremental, cursor: n}\n"], ids=["full", "incremental"])
def test_postgres_never_sees_the_column_in_a_query(
    tmp_path: Path, postgres_server: Postgres, more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = postgres_server
    server.run(
        "drop table if exists secretly; create table secretly (id bigint primary key, n int, mail text, phone text)"
    )
    fill = "insert into secretly select i, i, 'planted-' || i || '@mail.example', '+44' from generate_series({}, {}) i"
    server.run(fill.format(1, COUNT))
    server.run("alter system set log_statement = 'all'")
    server.run("select pg_reload_conf()")
    monkeypatch.setenv("CRM", server.url())
    project(tmp_path, "postgres", "    from: secretly\n    key: [id]\n", connection="${env:CRM}", more=more)
    begin = (server.folder / "server.log").stat().st_size
    try:
        twice(tmp_path, lambda: server.run(fill.format(COUNT + 1, COUNT + 1)))
    finally:
        server.run("alter system reset log_statement")
        server.run("select pg_reload_conf()")
    log = (server.folder / "server.log").read_bytes()[begin:].decode(errors="replace")
    asked = [line for line in statements(log) if "insert into" not in line]
    assert any('"id"' in line for line in asked), log[-2000:]
    assert [line for line in asked if "mail" in line or "phone" in line or "* from" in line] == []


def test_mariadb_never_sees_the_column_in_a_query(
    tmp_path: Path, mariadb_server: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = mariadb_server
    server.run(
        "create or replace database people; use people; create table secretly (id bigint primary key, mail text, phone text)"
    )
    values = ", ".join(f"({i}, '{SECRET.format(i)}', '+44')" for i in range(1, COUNT + 1))
    server.run(f"insert into secretly values {values}", "people")
    log = tmp_path / "general.log"
    server.run(f"set global general_log_file = '{log}'; set global general_log = 1")
    monkeypatch.setenv("CRM", server.url("people"))
    project(tmp_path, "mysql", "    from: secretly\n    key: [id]\n", connection="${env:CRM}")
    try:
        twice(tmp_path, lambda: server.run(f"insert into secretly values ({COUNT + 1}, 'x', 'y')", "people"))
    finally:
        server.run("set global general_log = 0")
    asked = [line for line in statements(log.read_text(errors="replace")) if "insert into" not in line]
    assert any("id" in line for line in asked)
    assert [line for line in asked if "mail" in line or "phone" in line] == []


def test_sqlite_and_duckdb_do_not_touch_a_column_that_cannot_be_read(tmp_path: Path) -> None:
    trap = "create view people as select id, abs(-9223372036854775807 - 1) as mail, id / id as phone from ids"
    (tmp_path / "a").mkdir()
    sql(tmp_path / "a" / "crm.db", "create table ids (id integer)")
    sql(tmp_path / "a" / "crm.db", "insert into ids values (?)", [(i,) for i in range(1, COUNT + 1)])
    sql(tmp_path / "a" / "crm.db", trap)
    project(tmp_path / "a", "sqlite", "    key: [id]\n", connection="crm.db")
    twice(tmp_path / "a", lambda: sql(tmp_path / "a" / "crm.db", f"insert into ids values ({COUNT + 1})"))
    (tmp_path / "b").mkdir()
    with duckdb.connect(tmp_path / "b" / "crm.duckdb") as database:
        database.execute(f"create table ids as select range as id from range({COUNT})")
        database.execute(
            "create view people as select id, error('mail was read') as mail, error('so was phone') as phone from ids"
        )
    project(tmp_path / "b", "duckdb", "    key: [id]\n", connection="crm.duckdb")

    def more() -> None:
        with duckdb.connect(tmp_path / "b" / "crm.duckdb") as database:
            database.execute("insert into ids values (777)")

    twice(tmp_path / "b", more)


@pytest.mark.parametrize("form", ["csv", "ndjson", "latin"])
def test_what_stands_in_files_comes_no_further(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    suffix = "ndjson" if form == "ndjson" else "csv"

    def lines(ids: range) -> str:
        people = [{"id": i, "mail": SECRET.format(i), "phone": "+44 20", "city": "Köln"} for i in ids]
        if form == "ndjson":
            return "".join(json.dumps(person) + "\n" for person in people)
        return "id,mail,phone,city\n" + "".join(",".join(map(str, person.values())) + "\n" for person in people)

    encoding = "latin-1" if form == "latin" else "utf-8"
    more = "    bad_rows: quarantine\n"
    project(tmp_path, "files", f"    path: 'in_*.{suffix}'\n    key: [id]\n", more=more)
    (tmp_path / f"in_1.{suffix}").write_bytes((lines(range(COUNT)) + "broken{\n").encode(encoding))

    def change() -> None:
        (tmp_path / f"in_2.{suffix}").write_bytes((lines(range(COUNT, COUNT + 1)) + f"{SECRET}{{\n").encode(encoding))

    twice(tmp_path, change)
    assert holding(tmp_path / "tmp", "planted") == set()


def test_pages_of_a_web_api_rest_sealed() -> None:
    lines = SealedLines()
    for number in range(COUNT):
        lines.write(SECRET.format(number) + "\n")
    lines._file.flush()
    assert b"planted" not in os.pread(lines._file.fileno(), lines.tell(), 0)
    assert list(lines.lines()) == [SECRET.format(number) for number in range(COUNT)]
    lines.close()


def test_a_column_that_is_held_is_asked_for_once_as_a_sample_and_then_never(
    tmp_path: Path, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = postgres_server
    server.run("drop table if exists secretly; create table secretly (id bigint primary key, contact text)")
    server.run(f"insert into secretly select i, 'planted-' || i || '@mail.example' from generate_series(1, {COUNT}) i")
    server.run("alter system set log_statement = 'all'")
    server.run("select pg_reload_conf()")
    monkeypatch.setenv("CRM", server.url())
    source = "source: crm\nkind: postgres\nowner: a@b.example\nconnection: ${env:CRM}\ntables:\n  people: {from: secretly, key: [id]}\n"
    write(tmp_path, {"jusante.yaml": "name: people\n", "sources/crm.yaml": source})
    begin = (server.folder / "server.log").stat().st_size
    try:
        assert task(run(tmp_path), "crm.people").status == "succeeded"
        server.run("insert into secretly values (99, 'x')")
        assert task(run(tmp_path), "crm.people").status == "succeeded"
    finally:
        server.run("alter system reset log_statement")
        server.run("select pg_reload_conf()")
    log = (server.folder / "server.log").read_bytes()[begin:].decode(errors="replace")
    asked = [line for line in statements(log) if "contact" in line and "insert into" not in line]
    assert asked
    assert all("limit 1000" in line.lower() for line in asked)
    assert holding(tmp_path / ".jusante", "planted") == set()
