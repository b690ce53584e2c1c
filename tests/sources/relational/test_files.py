"""SQLite and DuckDB, which are files."""

import datetime as dt
import decimal
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from reading import Opened

from jusante.core.cursor import Cursor
from jusante.errors import SourceError, SourceUnavailable

D = decimal.Decimal
Shop = Callable[..., Opened]


def sqlite_run(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(sql)
        database.commit()


def duckdb_run(path: Path, sql: str) -> None:
    with duckdb.connect(str(path)) as database:
        database.execute(sql)


@pytest.fixture(params=["sqlite", "duckdb"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def run(kind: str, tmp_path: Path) -> Callable[[str], None]:
    how = sqlite_run if kind == "sqlite" else duckdb_run
    return lambda sql: how(tmp_path / "shop.db", sql)


@pytest.fixture
def events(kind: str, run: Callable[[str], None], open_source: Shop) -> Opened:
    run(
        'create table events (id integer primary key, "at" timestamp, price decimal(9,2), name varchar);'
        "insert into events values (1, '2024-06-01 12:00:00', 0.1, 'A'), (2, '2024-06-01 12:01:00', 12345.35, 'a'),"
        " (3, '2024-06-01 12:01:00', null, 'é'), (4, null, 4, null)"
    )
    return open_source(kind, "shop.db")


BY_TIME = {"ingest": {"mode": "incremental", "cursor": "at"}}
LATEST = Cursor("at", dt.datetime(2024, 6, 1, 12, 1))  # noqa: DTZ001


def test_a_table_has_its_types_and_rows(events: Opened, kind: str) -> None:
    types = {"id": "long" if kind == "sqlite" else "int", "at": "timestamp", "price": "decimal(9,2)", "name": "string"}
    assert events.connector.tables() == ("events",)
    assert events.schema("events") == types
    reading = events.start("events", key=["id"])
    assert (reading.complete, reading.key_is_enforced) == (True, True)
    assert events.stored(reading) == types
    rows = sorted(events.table(reading).to_pylist(), key=lambda row: row["id"])
    assert [row["price"] for row in rows] == [D("0.10"), D("12345.35"), None, D(4)]
    assert rows[1]["at"] == dt.datetime(2024, 6, 1, 12, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("cursor", "ids"),
    [
        (LATEST, [2, 3, 4]),
        (Cursor("id", 3), [3, 4]),
        (Cursor("name", "a"), [2, 3, 4]),
        (Cursor("price", D("4.00")), [2, 3, 4]),
    ],
)
def test_an_incremental_read_brings_ties_and_rows_without_a_cursor(
    events: Opened, cursor: Cursor, ids: list[int]
) -> None:
    reading = events.start("events", since=cursor, ingest={"mode": "incremental", "cursor": cursor.column})
    assert not reading.complete
    assert sorted(events.table(reading)["id"].to_pylist()) == ids


def test_any_write_is_seen(events: Opened, run: Callable[[str], None]) -> None:
    marker = events.start("events").marker
    assert events.connector.unchanged(events.request("events", marker=marker))
    run("update events set price = 0.2 where id = 1")
    assert not events.connector.unchanged(events.request("events", marker=marker))


def test_columns_that_are_not_asked_for_stay_there(events: Opened) -> None:
    assert events.table(events.start("events", only=("name", "id"))).column_names == ["name", "id"]


def test_the_file_is_free_for_its_owner_between_reads(events: Opened, run: Callable[[str], None]) -> None:
    for number in range(5, 8):
        assert len(events.rows("events")) == number - 1
        run(f"insert into events (id) values ({number})")


def test_two_tables_of_a_file_are_read_at_once(events: Opened, run: Callable[[str], None]) -> None:
    run("create table more as select * from events")
    first, second = events.start("events"), events.start("more")
    with events.engine.session({"a.b": first.relation}) as one:
        with events.engine.session({"a.b": second.relation}) as two:
            assert two.rows("select count(*) from a.b") == [(4,)]
        assert one.rows("select count(*) from a.b") == [(4,)]


def test_odd_names_an_empty_table_and_500_columns(events: Opened, run: Callable[[str], None]) -> None:
    run('create table "Select ""t" ("Group" integer, "a ""b\'" integer); insert into "Select ""t" values (1, 2)')
    run(f"create table wide ({', '.join(f'c{n} integer' for n in range(500))})")
    assert events.values("t", **{"from": '"Select ""t"'}) == {"Group": 1, "a \"b'": 2}
    assert events.rows("wide") == []
    run("insert into wide (c499) values (7)")
    assert events.values("wide")["c499"] == 7


def test_what_is_not_there_names_the_nearest(events: Opened) -> None:
    with pytest.raises(SourceError, match="no table 'evnts'") as caught:
        events.schema("evnts")
    assert "'events'" in caught.value.fix
    with pytest.raises(SourceError, match="no column 'nam'"):
        events.start("events", only=("nam",))


def test_a_file_that_is_not_there_or_no_database_is_told(kind: str, open_source: Shop, tmp_path: Path) -> None:
    source = open_source(kind, "none.db", limits={"attempts": 1})
    with pytest.raises(SourceUnavailable, match=r"none\.db"):
        source.schema("t")
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_text("hello " * 1000)
    with pytest.raises(SourceError, match="database"):
        open_source(kind, "text.db", limits={"attempts": 1}).schema("t")


def test_a_paced_read_brings_all_rows(kind: str, events: Opened, open_source: Shop) -> None:
    assert len(open_source(kind, "shop.db", limits={"rows_per_second": 1000}).rows("events")) == 4


# -- SQLite's types are what each value says -------------------------------------------------------------------------

DECLARED = {
    "i": ("integer", "9223372036854775807", "long", 9223372036854775807),
    "t": ("text", "'ü 😀 ''' ", "string", "ü 😀 '"),
    "vc": ("varchar(9)", "5", "string", "5"),
    "r": ("real", "0.1", "double", 0.1),
    "big": ("double", "1e300", "double", 1e300),
    "n": ("numeric", "0.30000000000000004", "double", 0.30000000000000004),
    "d": ("decimal(12,2)", "12345678.12", "decimal(12,2)", D("12345678.12")),
    "sum": ("decimal(9,2)", "35 * 0.01", "decimal(9,2)", D("0.35")),
    "whole": ("decimal(10)", "9999999999", "decimal(10,0)", D(9999999999)),
    "b": ("boolean", "1", "boolean", True),
    "bl": ("blob", "x'00ff'", "binary", b"\x00\xff"),
    "dt": ("date", "'2024-02-29'", "date", dt.date(2024, 2, 29)),
    "ts": ("datetime", "'2024-01-01 10:00:00.123456'", "timestamp", dt.datetime(2024, 1, 1, 10, 0, 0, 123456)),  # noqa: DTZ001
    "iso": ("timestamp", "'2024-01-01T10:00:00Z'", "timestamp", dt.datetime(2024, 1, 1, 10)),  # noqa: DTZ001
    "unix": ("timestamp", "5", "timestamp", dt.datetime(1970, 1, 1, 0, 0, 5)),  # noqa: DTZ001
    "u": ("uuid", "123", "string", "123"),
    "any": ("", "1.5", "string", "1.5"),
    "bytes": ("text", "x'00ff'", "string", "X'00FF'"),
}


@pytest.mark.parametrize("name", DECLARED)
def test_a_value_in_sqlite_is_read_as_declared(tmp_path: Path, open_source: Shop, name: str) -> None:
    declared, value, kind, expected = DECLARED[name]
    sqlite_run(tmp_path / "shop.db", f'create table t ("{name}" {declared}); insert into t values ({value})')
    source = open_source("sqlite", "shop.db")
    assert source.schema("t") == {name: kind}
    assert source.values("t")[name] == expected


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("integer", "'seven'"), ("integer", "1.5"), ("real", "'x'"), ("decimal(9,2)", "0.125"), ("boolean", "2"),
        ("date", "'yesterday'"), ("date", "5"), ("datetime", "'soon'"), ("numeric", "9007199254740993"),
        ("decimal(9,2)", "'x\"y'"), ("decimal(3,1)", "12345"),
    ],
)  # fmt: skip
def test_a_value_in_sqlite_that_does_not_fit_stops_the_load_with_its_row(
    tmp_path: Path, open_source: Shop, declared: str, value: str
) -> None:
    sqlite_run(tmp_path / "shop.db", f"create table t (c {declared}); insert into t values (null), ({value})")
    source = open_source("sqlite", "shop.db")
    with pytest.raises(SourceError, match="column c") as caught:
        source.rows("t")
    assert "row 2" in caught.value.what or "12345" in caught.value.what
    assert "type: string" in caught.value.fix
    assert len(source.rows("t", columns={"c": {"type": "string"}})) == 2


def test_a_write_to_sqlite_in_the_same_moment_and_of_the_same_size_is_seen(tmp_path: Path, open_source: Shop) -> None:
    path = tmp_path / "shop.db"
    sqlite_run(path, "create table t (a integer); insert into t values (1)")
    source = open_source("sqlite", "shop.db")
    before = path.stat()
    marker = source.start("t").marker
    sqlite_run(path, "update t set a = 2")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert not source.connector.unchanged(source.request("t", marker=marker))


def test_a_write_that_lies_only_in_sqlites_log_is_seen_and_read(tmp_path: Path, open_source: Shop) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as owner:
        owner.executescript("pragma journal_mode = wal; create table t (a integer); insert into t values (1)")
        source = open_source("sqlite", "shop.db")
        marker = source.start("t").marker
        assert source.connector.unchanged(source.request("t", marker=marker))
        owner.execute("insert into t values (2)")
        assert not source.connector.unchanged(source.request("t", marker=marker))
        assert len(source.rows("t")) == 2


def test_duckdb_types_nested_ones_too_are_what_the_engine_says(tmp_path: Path, open_source: Shop) -> None:
    duckdb_run(
        tmp_path / "shop.db",
        "create schema s; create table s.t as select 1::hugeint as h, [1, 2] as l, {'a b': 1, 'c': 'x'} as st, "
        " map {'k': 1.5} as m,"
        " 'x'::enum('x', 'y') as e, interval 1 day as iv, '12:00'::time as ti, now() as tz, 1::utinyint as u",
    )
    source = open_source("duckdb", "shop.db")
    assert source.connector.tables() == ("s.t",)
    found = source.schema("s.t")
    assert found["h"] == "decimal(38,0)"
    assert found["l"] == "list<int>"
    assert found["m"] == "map<string, decimal(2,1)>"
    assert (found["e"], found["iv"], found["ti"], found["tz"], found["u"]) == (
        "string",
        "string",
        "time",
        "timestamptz",
        "int",
    )
    row = source.values("s.t")
    assert (row["st"], row["e"], row["iv"]) == ({"a b": 1, "c": "x"}, "x", "1 day")
