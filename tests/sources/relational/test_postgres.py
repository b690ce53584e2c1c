"""PostgreSQL, against a real server."""

import datetime as dt
import decimal
import uuid
from collections.abc import Callable, Iterator

import pytest
from reading import Opened

from jusante.errors import SourceError
from servers import Postgres

D = decimal.Decimal
Shop = Callable[..., Opened]

EVERY_TYPE = """
create schema if not exists odd;
create type odd.mood as enum ('glad', 'so so');
create domain odd.money2 as numeric(12,2);
create domain odd.price as odd.money2 check (value >= 0);
create type odd.pair as (x int, y text);
create table odd.everything (
  id bigint primary key, b bool, s smallint, i int, r real, d double precision, n122 numeric(12,2), n numeric,
  nneg numeric(5,-2),
  nsmall numeric(3,5), n45 numeric(45,3), vc varchar(5), ch char(5), tx text, dt date, ts timestamp,
  tz timestamptz, ti time,
  titz timetz, iv interval, u uuid, by bytea, js json, jb jsonb, e odd.mood, dom odd.price, ints int[],
  texts text[], moods odd.mood[],
  nums numeric[], nums2 numeric(9,2)[], deep text[][], jbs jsonb[], pr odd.pair, pt point, rng tstzrange, ip inet,
  bits bit(3), m money,
  o oid, gen int generated always as (i * 2) stored);
insert into odd.everything values (
  9223372036854775807, true, -5, 7, 1.5, 0.1, 1234567890.12, 12345678901234567890.123456789, 12300, 0.00123, 5.125,
  'abc', 'ab',
  'ü € 😀 \\ ''', '2024-02-29', '2024-01-01 10:00:00.123456', '2024-01-01 10:00:00.123456+02', '23:59:59.999999',
  '12:00+02',
  '1 mon 2 days 03:00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\\x00ff', '{"a":  1}', '{"b": [1, 2]}', 'so so',
  3.5, '{1,null,3}',
  '{a,"b c"}', '{glad}', '{1.5,2.25,null}', '{1.10,2}', '{{a,b},{c,d}}', array['{"a":1}'::jsonb], '(1,x)', '(1,2)',
  '[2024-01-01,2024-02-01)', '1.2.3.4/8', '101', '1.50', 77);
"""


@pytest.fixture(scope="module")
def server(postgres_server: Postgres) -> Iterator[Postgres]:
    postgres_server.run("create database shop")
    postgres_server.run(EVERY_TYPE, "shop")
    yield postgres_server
    postgres_server.run("drop database shop with (force)")


@pytest.fixture
def shop(server: Postgres, open_source: Shop) -> Opened:
    return open_source("postgres", server.url("shop"))


EVERY_SCHEMA = {
    "id": "long", "b": "boolean", "s": "int", "i": "int", "r": "float", "d": "double", "n122": "decimal(12,2)",
    "n": "decimal(38,9)", "nneg": "decimal(7,0)", "nsmall": "decimal(5,5)", "n45": "decimal(38,3)", "vc": "string",
    "ch": "string", "tx": "string", "dt": "date", "ts": "timestamp", "tz": "timestamptz", "ti": "time",
    "titz": "string",
    "iv": "string", "u": "uuid", "by": "binary", "js": "string", "jb": "string", "e": "string", "dom": "decimal(12,2)",
    "ints": "list<int>", "texts": "list<string>", "moods": "list<string>", "nums": "list<decimal(38,9)>",
    "nums2": "list<decimal(9,2)>", "deep": "string", "jbs": "list<string>", "pr": "string", "pt": "string",
    "rng": "string",
    "ip": "string", "bits": "string", "m": "decimal(21,4)", "o": "long", "gen": "int",
}  # fmt: skip
EVERY_VALUE = {
    "id": 9223372036854775807, "b": True, "s": -5, "i": 7, "r": 1.5, "d": 0.1, "n122": D("1234567890.12"),
    "n": D("12345678901234567890.123456789"), "nneg": D(12300), "nsmall": D("0.00123"), "n45": D("5.125"), "vc": "abc",
    "ch": "ab", "tx": "ü € 😀 \\ '", "dt": dt.date(2024, 2, 29),
    "ts": dt.datetime(2024, 1, 1, 10, 0, 0, 123456),  # noqa: DTZ001
    "tz": dt.datetime(2024, 1, 1, 8, 0, 0, 123456, tzinfo=dt.UTC), "ti": dt.time(23, 59, 59, 999999),
    "titz": "12:00:00+02",
    "iv": "1 mon 2 days 03:00:00", "u": uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), "by": b"\x00\xff",
    "js": '{"a":  1}', "jb": '{"b": [1, 2]}', "e": "so so", "dom": D("3.50"), "ints": [1, None, 3],
    "texts": ["a", "b c"],
    "moods": ["glad"], "nums": [D("1.5"), D("2.25"), None], "nums2": [D("1.10"), D(2)],
    "deep": '[["a", "b"], ["c", "d"]]',
    "jbs": ['{"a": 1}'], "pr": "(1,x)", "pt": "(1,2)", "ip": "1.2.3.4/8", "bits": "101", "m": D("1.5"), "o": 77,
    "gen": 14,
}  # fmt: skip


def same(value: object) -> object:
    return uuid.UUID(value) if isinstance(value, str) and len(value) == 36 else value


def test_every_type_has_its_type_here(shop: Opened) -> None:
    assert shop.schema("odd.everything") == EVERY_SCHEMA


def test_what_is_read_has_the_types_that_the_schema_says(shop: Opened) -> None:
    assert shop.stored(shop.start("odd.everything")) == EVERY_SCHEMA


@pytest.mark.parametrize("name", EVERY_VALUE)
def test_a_value_alone_and_among_all_others_is_exact(shop: Opened, name: str) -> None:
    assert same(shop.values("odd.everything", only=(name,))[name]) == EVERY_VALUE[name]
    assert same(shop.values("odd.everything")[name]) == EVERY_VALUE[name]


def test_a_column_that_is_not_asked_for_stays_at_the_source(shop: Opened) -> None:
    reading = shop.start("odd.everything", only=("id", "tx"))
    assert shop.table(reading).column_names == ["id", "tx"]


def test_a_numeric_that_is_declared_as_string_keeps_every_digit(server: Postgres, shop: Opened) -> None:
    server.run("create table wide (n numeric); insert into wide values (1e60 + 0.1), ('NaN')", "shop")
    rules = {"columns": {"n": {"type": "string"}}}
    assert [row["n"] for row in shop.rows("wide", **rules)] == ["1" + "0" * 60 + ".1", "NaN"]


@pytest.mark.parametrize(
    ("name", "ddl", "named"),
    [
        ("nan_free", "create table nan_free (price numeric); insert into nan_free values (1), ('NaN')", "price"),
        ("inf_free", "create table inf_free (price numeric); insert into inf_free values ('Infinity')", "price"),
        ("nan_fixed", "create table nan_fixed (price numeric(9,2)); insert into nan_fixed values ('NaN')", "price"),
        ("nan_view", "create view nan_view as select 'NaN'::numeric(9,2) as price", "price"),
        (
            "nan_list",
            "create table nan_list (prices numeric(9,2)[]); insert into nan_list values ('{1,NaN}')",
            "prices",
        ),
        ("too_wide", "create table too_wide (price numeric); insert into too_wide values (1e37), (0.01)", "price"),
        ("deep", "create table deep (a int[]); insert into deep values ('{{1,2},{3,4}}')", "array"),
    ],
)
def test_a_value_that_cannot_be_exact_stops_the_load(
    server: Postgres, shop: Opened, name: str, ddl: str, named: str
) -> None:
    server.run(ddl, "shop")
    with pytest.raises(SourceError, match=named) as caught:
        shop.rows(name)
    assert "type: string" in caught.value.fix


def test_a_scale_that_grows_after_it_was_measured_is_not_rounded_off(server: Postgres, shop: Opened) -> None:
    server.run("create table growing (n numeric); insert into growing values (1.5)", "shop")
    request = shop.request("growing")
    server.run("insert into growing values (0.1234567890123)", "shop")
    with pytest.raises(SourceError, match=r"column n: 0\.1234567890123"):
        shop.table(shop.connector.read(request))


def test_infinite_and_ancient_times_pass(server: Postgres, shop: Opened) -> None:
    server.run("create table times (t timestamptz); insert into times values ('infinity'), ('4713-01-01 BC')", "shop")
    reading = shop.start("times")
    assert shop.table(reading, "select t::varchar as t from it.rows order by t")["t"].to_pylist()[-1] == "infinity"
