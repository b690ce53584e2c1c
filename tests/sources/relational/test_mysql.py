"""MySQL and MariaDB, against a real MariaDB."""

import datetime as dt
import decimal
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from reading import Opened

from jusante.core.cursor import Cursor
from jusante.errors import SourceDenied, SourceError, SourceUnavailable
from servers import MariaDB

D = decimal.Decimal
Shop = Callable[..., Opened]

EVERY_TYPE = """
set sql_mode = '';
create table everything (
  id bigint unsigned primary key, flag tinyint(1), ti tinyint unsigned, s smallint, m mediumint unsigned, i int,
  iu int unsigned,
  b1 bit(1), b5 bit(5), b64 bit(64), y year, d date, dt datetime(6), zero datetime, ts timestamp(3) null, t time(6),
  de decimal(20,4), wide decimal(65,10), whole decimal(10), f float, do double, ch char(5), vc varchar(20),
  bi binary(4),
  bl blob, tx longtext, js json, en enum('a', 'b c'), se set('x', 'y'), po point, uu uuid,
  latin varchar(9) character set latin1
) character set utf8mb4;
set time_zone = '+00:00';
insert into everything values (
  18446744073709551615, 2, 255, -3, 16777215, 1, 4294967295, b'1', b'101', 18446744073709551615, 2024, '2024-02-29',
  '2024-01-01 00:00:00.123456', '0000-00-00 00:00:00', '2024-06-01 12:00:00.5', '838:59:59', 1234567890123456.5678,
  1234567890123456789012345678.1234567891, 9999999999, 16777217, 0.1, 'ab', 'ü € 😀 \\\\ \\'', x'6162', x'00ff01',
  'long',
  '{"a": 1}', 'b c', 'x,y', point(1, 2), 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'é');
"""
EVERY_SCHEMA = {
    "id": "decimal(20,0)", "flag": "int", "ti": "int", "s": "int", "m": "int", "i": "int", "iu": "long",
    "b1": "boolean",
    "b5": "long", "b64": "decimal(20,0)", "y": "int", "d": "date", "dt": "timestamp", "zero": "timestamp",
    "ts": "timestamptz", "t": "string", "de": "decimal(20,4)", "wide": "decimal(38,10)", "whole": "decimal(10,0)",
    "f": "float", "do": "double", "ch": "string", "vc": "string", "bi": "binary", "bl": "binary", "tx": "string",
    "js": "string", "en": "string", "se": "string", "po": "string", "uu": "string", "latin": "string",
}  # fmt: skip
EVERY_VALUE = {
    "id": D(18446744073709551615), "flag": 2, "ti": 255, "s": -3, "m": 16777215, "i": 1, "iu": 4294967295, "b1": True,
    "b5": 5, "b64": D(18446744073709551615), "y": 2024, "d": dt.date(2024, 2, 29),
    "dt": dt.datetime(2024, 1, 1, 0, 0, 0, 123456),  # noqa: DTZ001
    "zero": None,
    "ts": dt.datetime(2024, 6, 1, 12, 0, 0, 500000, tzinfo=dt.UTC), "t": "838:59:59.000000",
    "de": D("1234567890123456.5678"), "wide": D("1234567890123456789012345678.1234567891"), "whole": D(9999999999),
    "f": 16777216.0, "do": 0.1, "ch": "ab", "vc": "ü € 😀 \\ '", "bi": b"ab\x00\x00", "bl": b"\x00\xff\x01",
    "tx": "long",
    "js": '{"a": 1}', "en": "b c", "se": "x,y", "po": "POINT(1 2)",
    "uu": str(uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
    "latin": "é",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(mariadb_server: MariaDB) -> Iterator[MariaDB]:
    mariadb_server.run("create database shop; set global time_zone = '+05:00'")
    mariadb_server.run(EVERY_TYPE, "shop")
    yield mariadb_server
    mariadb_server.run("drop database shop; set global time_zone = 'SYSTEM'")


@pytest.fixture
def shop(server: MariaDB, open_source: Shop) -> Opened:
    return open_source("mysql", server.url("shop"))


@pytest.fixture
def events(server: MariaDB, shop: Opened) -> Opened:
    server.run(
        "create or replace table events (id int primary key, at datetime null, name varchar(9)) character set utf8mb4;"
        "insert into events values (1, '2024-06-01 12:00', 'A'), (2, '2024-06-01 12:01', 'a'),"
        " (3, '2024-06-01 12:01', 'é'),"
        " (4, null, null)",
        "shop",
    )
    return shop


BY_TIME = {"ingest": {"mode": "incremental", "cursor": "at"}}
LATEST = Cursor("at", dt.datetime(2024, 6, 1, 12, 1))  # noqa: DTZ001


def test_every_type_has_its_type_here_and_is_read_as_it(shop: Opened) -> None:
    assert shop.schema("everything") == EVERY_SCHEMA
    assert shop.stored(shop.start("everything")) == EVERY_SCHEMA


def test_every_value_is_exact(shop: Opened) -> None:
    assert shop.values("everything") == EVERY_VALUE


@pytest.mark.parametrize(
    ("ddl", "value", "named"),
    [("d date", "'2024-00-10'", "2024-00-10"), ("d decimal(65,2)", "1e50", "column d")],
)
def test_a_value_that_no_type_here_holds_stops_the_load_unless_read_as_text(
    server: MariaDB, shop: Opened, ddl: str, value: str, named: str
) -> None:
    server.run(
        f"set sql_mode = ''; create or replace table strange ({ddl}); insert into strange values ({value})", "shop"
    )
    with pytest.raises(SourceError, match=named) as caught:
        shop.rows("strange")
    assert "type: string" in caught.value.fix
    assert len(shop.rows("strange", columns={"d": {"type": "string"}})) == 1


def test_an_incremental_read_brings_ties_and_rows_without_a_cursor(events: Opened) -> None:
    reading = events.start("events", since=LATEST, **BY_TIME)
    assert not reading.complete
    assert sorted(events.table(reading)["id"].to_pylist()) == [2, 3, 4]


@pytest.mark.parametrize(
    ("column", "value", "ids"),
    [("id", 3, [3, 4]), ("name", "a", [2, 3, 4]), ("at", dt.datetime(2025, 1, 1), [4])],  # noqa: DTZ001
)
def test_a_cursor_is_compared_as_it_is_here(events: Opened, column: str, value: object, ids: list[int]) -> None:
    wanted = {"ingest": {"mode": "incremental", "cursor": column}}
    rows = events.rows("events", since=Cursor(column, value), **wanted)
    assert sorted(row["id"] for row in rows) == ids


@pytest.mark.parametrize(
    "change",
    [
        "insert into events values (5, null, '')",
        "update events set name = 'b' where id = 1",
        "delete from events where id = 1",
    ],
)
def test_any_change_is_seen_by_a_full_load(events: Opened, server: MariaDB, change: str) -> None:
    marker = events.start("events").marker
    assert events.connector.unchanged(events.request("events", marker=marker))
    server.run(change, "shop")
    assert not events.connector.unchanged(events.request("events", marker=marker))


@pytest.mark.parametrize(
    ("change", "is_seen"),
    [
        ("insert into events values (5, '2024-06-01 12:01', '')", True),
        ("insert into events values (5, null, '')", True),
        ("update events set name = null where id = 3", True),
        ("insert into events values (5, '2024-06-01 11:00', '')", False),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_an_incremental_load_sees_what_lies_at_the_cursor_or_after_it(
    events: Opened, server: MariaDB, change: str, is_seen: bool, first: bool
) -> None:
    marker = events.start("events", since=None if first else LATEST, **BY_TIME).marker
    server.run(change, "shop")
    request = events.request("events", since=LATEST, marker=marker, **BY_TIME)
    assert events.connector.unchanged(request) is not is_seen


def test_names_with_spaces_quotes_capitals_and_reserved_words(server: MariaDB, open_source: Shop) -> None:
    server.run(
        'create database if not exists `odd ``db`; create or replace table `odd ``db`.`Select "t``` '
        '(`Group` int primary key, `a ``b"\'` int); replace into `odd ``db`.`Select "t``` values (1, 2)'
    )
    source = open_source("mysql", server.url("odd `db"))
    assert source.connector.tables()[0] == '"Select ""t`"'
    assert source.values("orders", **{"from": '"Select ""t`"'}) == {"Group": 1, "a `b\"'": 2}


def test_an_empty_table_and_one_of_500_columns(server: MariaDB, shop: Opened) -> None:
    server.run(f"create or replace table wide ({', '.join(f'c{n} int' for n in range(500))})", "shop")
    assert shop.rows("wide") == []
    server.run("insert into wide (c499) values (7)", "shop")
    assert shop.values("wide")["c499"] == 7


@pytest.mark.parametrize(
    ("ddl", "enforced"),
    [
        ("a int primary key", True),
        ("a int not null unique", True),
        ("a int unique", False),
        ("a varchar(9) not null, unique (a(2))", False),
        ("a int", False),
    ],
)
def test_a_key_is_enforced_only_by_a_constraint_of_its_columns(
    server: MariaDB, shop: Opened, ddl: str, enforced: bool
) -> None:
    server.run(f"create or replace table k ({ddl})", "shop")
    assert shop.start("k", key=["a"]).key_is_enforced is enforced


def test_what_is_not_there_names_the_nearest(events: Opened) -> None:
    with pytest.raises(SourceError, match="no table 'evnts'") as caught:
        events.schema("evnts")
    assert "'events'" in caught.value.fix


def test_a_wrong_password_is_denied_and_not_told(server: MariaDB, open_source: Shop) -> None:
    server.run("create or replace user clerk identified by 'right'")
    with pytest.raises(SourceDenied) as caught:
        open_source("mysql", server.url("shop", "clerk", "wr ong/pa'ss")).schema("events")
    assert "ong" not in str(caught.value)


def test_a_server_that_is_down_is_told_after_the_attempts(open_source: Shop) -> None:
    source = open_source("mysql", "mysql://bob:geheim@127.0.0.1:1/shop", limits={"attempts": 2})
    with pytest.raises(SourceUnavailable) as caught:
        source.schema("events")
    assert "geheim" not in str(caught.value)


def test_a_connection_that_is_cut_midway_is_worth_another_try(server: MariaDB, shop: Opened) -> None:
    server.run("create or replace view slow as select seq as id, sleep(0.005) as s from seq_1_to_1000", "shop")
    reading = shop.start("slow")

    def cut() -> None:
        time.sleep(0.6)
        found = "select id from information_schema.processlist where info like '%slow%' and id <> connection_id()"
        for thread in server.run(found).split():
            server.run(f"kill {thread}")

    cutter = threading.Thread(target=cut)
    cutter.start()
    with pytest.raises(SourceUnavailable):
        shop.table(reading)
    cutter.join()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(server: MariaDB, open_source: Shop) -> None:
    server.run("create or replace view endless as select sleep(5) as s, 1.5 as n", "shop")
    source = open_source("mysql", server.url("shop"), limits={"timeout_seconds": 0.5, "attempts": 1})
    request = source.request("endless", since=None, ingest={"mode": "incremental", "cursor": "s"})
    with pytest.raises(SourceUnavailable):
        source.connector.read(request)
