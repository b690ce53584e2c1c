"""Loads from PostgreSQL: what is new, what changed meanwhile, what the limits allow, what goes wrong."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from reading import Opened

from jusante.core.cursor import Cursor
from jusante.errors import JusanteError, SourceDenied, SourceError, SourceUnavailable
from jusante.ports.connector import Request
from jusante.ports.relation import Batches, DatabaseScan
from servers import Postgres

Shop = Callable[..., Opened]
BY_TIME = {"ingest": {"mode": "incremental", "cursor": "at"}}
DATABASE = "loads"
EMPTY = """
do $$ declare s text; begin
  for s in select nspname from pg_namespace where nspname !~ '^(pg_|information_schema)' loop
    execute format('drop schema %I cascade', s);
  end loop;
end $$;
create schema public; grant usage on schema public to public;
"""


def noon(minute: int = 0) -> dt.datetime:
    return dt.datetime(2024, 6, 1, 12, minute, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def server(postgres_server: Postgres) -> Iterator[Postgres]:
    postgres_server.run(f"create database {DATABASE}")
    yield postgres_server
    postgres_server.run(f"drop database {DATABASE} with (force)")


@pytest.fixture
def run(server: Postgres) -> Callable[[str], str]:
    return lambda sql: server.run(sql, DATABASE)


@pytest.fixture
def shop(server: Postgres, open_source: Shop) -> Opened:
    server.run(EMPTY, DATABASE)
    return open_source("postgres", server.url(DATABASE))


@pytest.fixture
def events(shop: Opened, run: Callable[[str], str]) -> Opened:
    run(
        "create table events (id int primary key, at timestamptz);"
        "insert into events select g, '2024-06-01 12:00+00'::timestamptz + g * interval '1 min'"
        " from generate_series(0, 9) g;"
        "insert into events values (10, '2024-06-01 12:09+00'), (11, null)"
    )
    return shop


# -- what is new -----------------------------------------------------------------------------------------------------


def test_an_incremental_read_brings_ties_on_the_cursor_and_rows_without_one(events: Opened) -> None:
    rows = events.rows("events", since=Cursor("at", noon(9)), **BY_TIME)
    assert sorted(row["id"] for row in rows) == [9, 10, 11]


@pytest.mark.parametrize(
    ("kind", "values", "since"),
    [
        ("int", "1, 2, 3", 2),
        ("bigint", "1, 2, 3000000000", 2),
        ("numeric(9,2)", "1.10, 2.20, 3.30", __import__("decimal").Decimal("2.20")),
        ("double precision", "0.1, 0.2, 0.3", 0.2),
        ("date", "'2024-01-01', '2024-01-02', '2024-01-03'", dt.date(2024, 1, 2)),
        ("timestamp", "'2024-01-01', '2024-01-02', '2024-01-03'", dt.datetime(2024, 1, 2)),  # noqa: DTZ001
        ("text", "'A', 'a', 'é'", "a"),
    ],
)
def test_a_cursor_of_any_type_is_compared_as_it_is_here(
    shop: Opened, run: Callable[[str], str], kind: str, values: str, since: object
) -> None:
    run(f"create table t (c {kind}); insert into t select unnest(array[{values}]::{kind}[])")
    wanted = {"ingest": {"mode": "incremental", "cursor": "c"}}
    assert len(shop.rows("t", since=Cursor("c", since), **wanted)) == 2


def test_a_full_read_is_complete_and_an_incremental_one_is_not(events: Opened) -> None:
    assert events.start("events").complete
    assert not events.start("events", since=Cursor("at", noon()), **BY_TIME).complete


def test_a_full_read_of_a_table_goes_by_ranges_in_parallel(events: Opened) -> None:
    relation = events.start("events").relation
    assert isinstance(relation, DatabaseScan)
    assert relation.table == ("public", "events")


# -- what changed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "insert into events values (12, '2024-06-01 13:00+00')",
        "update events set at = at + interval '1 s' where id = 3",
        "update events set at = at where id = 3",
        "delete from events where id = 3",
        "truncate events",
        "alter table events add column more int default 5",
        "alter table events alter column id type bigint",
    ],
)
def test_any_change_is_seen_by_a_full_load(events: Opened, run: Callable[[str], str], change: str) -> None:
    marker = events.start("events").marker
    assert events.connector.unchanged(events.request("events", marker=marker))
    run(change)
    assert not events.connector.unchanged(events.request("events", marker=marker))


@pytest.mark.parametrize(
    ("change", "is_seen"),
    [
        ("insert into events values (12, '2024-06-01 13:00+00')", True),
        ("insert into events values (12, '2024-06-01 12:09+00')", True),
        ("insert into events values (12, null)", True),
        ("update events set id = 20 where id = 10", True),
        ("insert into events values (12, '2024-06-01 12:07+00')", False),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_an_incremental_load_sees_what_lies_at_the_cursor_or_after_it(
    events: Opened, run: Callable[[str], str], change: str, is_seen: bool, first: bool
) -> None:
    before = None if first else Cursor("at", noon(9))
    marker = events.start("events", since=before, **BY_TIME).marker
    run(change)
    request = events.request("events", since=Cursor("at", noon(9)), marker=marker, **BY_TIME)
    assert events.connector.unchanged(request) is not is_seen


def test_a_late_row_within_the_lookback_is_seen_after_the_first_load(events: Opened, run: Callable[[str], str]) -> None:
    late = {"ingest": {"mode": "incremental", "cursor": "at", "lookback": "5m"}}
    marker = events.start("events", **late).marker
    run("insert into events values (12, '2024-06-01 12:07+00')")
    assert not events.connector.unchanged(events.request("events", since=Cursor("at", noon(4)), marker=marker, **late))


def test_a_change_during_the_read_is_seen_next_time(events: Opened, run: Callable[[str], str]) -> None:
    reading = events.start("events")
    run("insert into events values (12, null)")
    events.table(reading)
    assert not events.connector.unchanged(events.request("events", marker=reading.marker))


def test_a_view_has_no_marker_and_is_read_each_time(events: Opened, run: Callable[[str], str]) -> None:
    run("create view recent as select * from events")
    reading = events.start("recent")
    assert reading.marker is None
    assert events.table(reading).num_rows == 12


def test_the_marker_of_another_kind_of_source_is_no_marker(events: Opened) -> None:
    assert not events.connector.unchanged(events.request("events", marker="files of 2024"))


# -- names and shapes ------------------------------------------------------------------------------------------------


def test_names_with_spaces_quotes_dots_capitals_and_reserved_words(shop: Opened, run: Callable[[str], str]) -> None:
    run(
        'create schema "Odd ""S"; create table "Odd ""S"."Select ""t.x" ("Group" int primary key, "a ""b" numeric,'
        ' "c\'d" numeric(9,2), "{e}" int[]); '
        'insert into "Odd ""S"."Select ""t.x" values (1, 2.5, 3.25, \'{4}\')'
    )
    names = [name for name in shop.connector.tables() if "Select" in name]
    assert names == ['"Odd ""S"."Select ""t.x"']
    wanted = {"from": names[0]}
    assert shop.values("orders", **wanted) == {
        "Group": 1,
        'a "b': __import__("decimal").Decimal("2.5"),
        "c'd": __import__("decimal").Decimal("3.25"),
        "{e}": [4],
    }
    since = Cursor("Group", 1)
    assert len(shop.rows("orders", since=since, ingest={"mode": "incremental", "cursor": "Group"}, **wanted)) == 1


def test_an_empty_table_and_one_of_500_columns(shop: Opened, run: Callable[[str], str]) -> None:
    columns = ", ".join(f"c{n} {'numeric(9,2)' if n % 2 else 'text'}" for n in range(500))
    run(f"create table wide ({columns})")
    assert shop.rows("wide") == []
    run("insert into wide (c1, c498) values (1.25, 'x')")
    row = shop.values("wide")
    assert (len(row), str(row["c1"]), row["c498"]) == (500, "1.25", "x")


def test_a_partitioned_table_is_one_table(shop: Opened, run: Callable[[str], str]) -> None:
    run(
        "create table parts (id int, v numeric(9,2)) partition by range (id); "
        "create table parts_1 partition of parts for values from (0) to (10); "
        "create table parts_2 partition of parts for values from (10) to (20);"
        " insert into parts select g, g from generate_series(0, 19) g"
    )
    assert shop.connector.tables() == ("parts",)
    reading = shop.start("parts")
    assert shop.table(reading).num_rows == 20
    run("update parts set v = 7 where id = 13")
    assert not shop.connector.unchanged(shop.request("parts", marker=reading.marker))


@pytest.mark.parametrize(
    ("ddl", "key", "enforced"),
    [
        ("create table k (a int primary key, b int)", ["a"], True),
        ("create table k (a int, b int, primary key (b, a))", ["a", "b"], True),
        ("create table k (a int not null unique, b int)", ["a"], True),
        ("create table k (a int unique, b int)", ["a"], False),
        ("create table k (a int not null, b int); create unique index on k (a) where b > 0", ["a"], False),
        ("create table k (a int not null, b int); create unique index on k (a) include (b)", ["a"], True),
        ("create table k (a int, b int)", ["a"], False),
        ("create table k (a int, b int, primary key (b, a))", ["a"], False),
    ],
)
def test_a_key_is_enforced_only_by_a_constraint_of_just_its_columns(
    shop: Opened, run: Callable[[str], str], ddl: str, key: list[str], enforced: bool
) -> None:
    run(ddl)
    assert shop.start("k", key=key).key_is_enforced is enforced


@pytest.mark.parametrize(
    ("wanted", "fix"),
    [("evnts", "'events'"), ("elsewhere", "write `from: other.elsewhere`"), ("qqq", "those there: events")],
)
def test_a_table_that_is_not_there_names_the_nearest(
    events: Opened, run: Callable[[str], str], wanted: str, fix: str
) -> None:
    run("create schema other; create table other.elsewhere (a int)")
    with pytest.raises(SourceError, match="no table") as caught:
        events.schema(wanted)
    assert fix in caught.value.fix


def test_a_column_that_is_not_there_names_the_nearest(events: Opened) -> None:
    with pytest.raises(SourceError, match="no column 'idd'") as caught:
        events.start("events", only=("idd",))
    assert caught.value.fix == "did you mean 'id'?"


def test_a_table_that_vanishes_before_the_read_is_an_error_of_the_source(
    events: Opened, run: Callable[[str], str]
) -> None:
    reading = events.start("events")
    run("drop table events")
    with pytest.raises(SourceError):
        events.table(reading)


# -- limits ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def large(shop: Opened, run: Callable[[str], str]) -> Opened:
    run(
        "create table large (id int, v numeric(12,2), t text);"
        "insert into large select g, g * 1.5, repeat('x', 100) from generate_series(1, 300000) g; analyze large"
    )
    return shop


def test_no_more_connections_are_open_than_the_limit_allows(large: Opened, server: Postgres, open_source: Shop) -> None:
    source = open_source("postgres", server.url(DATABASE) + "?application_name=counted", limits={"connections": 2})
    readings = [source.start("large") for _ in range(3)]
    sums: list[int] = []
    threads = [
        threading.Thread(
            target=lambda r=r: sums.append(source.table(r, "select sum(id) as s from it.rows")["s"][0].as_py())
        )
        for r in readings
    ]
    for thread in threads:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in threads):
        most = max(most, int(server.run("select count(*) from pg_stat_activity where application_name = 'counted'")))
    assert sums == [45000150000] * 3
    assert 1 <= most <= 2


def test_connections_are_let_go_of_after_each_piece_of_work(
    events: Opened, server: Postgres, open_source: Shop
) -> None:
    source = open_source("postgres", server.url(DATABASE) + "?application_name=gone")
    source.rows("events")
    deadline = time.monotonic() + 5
    while (left := server.run("select count(*) from pg_stat_activity where application_name = 'gone'")) != "0":
        assert time.monotonic() < deadline, f"{left} connections are still open"


def test_rows_come_no_faster_than_the_limit(
    events: Opened, server: Postgres, open_source: Shop, run: Callable[[str], str]
) -> None:
    source = open_source("postgres", server.url(DATABASE), limits={"rows_per_second": 10})
    run("insert into events select g, null from generate_series(100, 117) g")
    reading = source.start("events")
    assert isinstance(reading.relation, Batches)
    begun = time.monotonic()
    assert source.table(reading).num_rows == 30
    assert time.monotonic() - begun > 0.9  # 10 at once, the rest at 10 a second but for the last batch


def test_a_paced_read_that_is_dropped_lets_go_of_its_connection(
    events: Opened, server: Postgres, open_source: Shop
) -> None:
    source = open_source("postgres", server.url(DATABASE) + "?application_name=dropped", limits={"rows_per_second": 2})
    reading = source.start("events")
    assert isinstance(reading.relation, Batches)
    assert next(reading.relation.batches).num_rows >= 1
    del reading
    deadline = time.monotonic() + 5
    while server.run("select count(*) from pg_stat_activity where application_name = 'dropped'") != "0":
        assert time.monotonic() < deadline


# -- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_wrong_password_is_denied_and_not_told(server: Postgres, open_source: Shop) -> None:
    server.run("drop role if exists clerk; create role clerk login password 'right'")
    for connection in (
        server.url(DATABASE, "clerk", "wr ong/pa'ss"),
        f"host=127.0.0.1 port={server.port} user=clerk password='wr ong/pa\\'ss' dbname={DATABASE}",
    ):
        with pytest.raises(SourceDenied, match="clerk") as caught:
            open_source("postgres", connection).schema("events")
        assert "ong" not in str(caught.value)


def test_a_missing_right_is_denied(events: Opened, server: Postgres, open_source: Shop) -> None:
    server.run("drop role if exists clerk; create role clerk login password 'right'")
    source = open_source("postgres", server.url(DATABASE, "clerk", "right"))
    with pytest.raises(SourceDenied, match="events"):
        source.rows("events")


def test_too_many_connections_are_worth_another_try(events: Opened, server: Postgres, open_source: Shop) -> None:
    server.run("drop role if exists few; create role few login password 'right' connection limit 0")
    source = open_source("postgres", server.url(DATABASE, "few", "right"), limits={"attempts": 2})
    with pytest.raises(SourceUnavailable):
        source.schema("events")


def test_a_server_that_comes_back_within_the_attempts_is_read(
    server: Postgres, open_source: Shop, events: Opened
) -> None:
    source = open_source("postgres", server.url(DATABASE), limits={"attempts": 8})
    server.run("checkpoint")
    server.stop()
    back = threading.Timer(0.5, server.start)
    back.start()
    assert source.schema("events") == {"id": "int", "at": "timestamptz"}
    back.join()


def test_a_server_that_is_down_is_told_after_the_attempts(server: Postgres, open_source: Shop) -> None:
    source = open_source("postgres", f"postgresql://bob:geheim@127.0.0.1:1/{DATABASE}", limits={"attempts": 2})
    with pytest.raises(SourceUnavailable, match="refused") as caught:
        source.schema("events")
    assert "geheim" not in str(caught.value)


def test_a_locked_table_is_given_up_after_the_time_out(events: Opened, server: Postgres, open_source: Shop) -> None:
    source = open_source("postgres", server.url(DATABASE), limits={"timeout_seconds": 0.3, "attempts": 1})
    request = source.request("events")
    holder = threading.Thread(
        target=lambda: server.run("begin; lock table events in access exclusive mode; select pg_sleep(3)", DATABASE)
    )
    holder.start()
    time.sleep(0.5)
    with pytest.raises(SourceUnavailable, match="timeout"):
        source.connector.read(request)
    holder.join()


@pytest.mark.parametrize("rate", [None, 50_000])
def test_a_connection_that_is_cut_midway_is_worth_another_try(
    large: Opened, server: Postgres, open_source: Shop, rate: int | None
) -> None:
    url = server.url(DATABASE) + "?application_name=cut"
    source = open_source("postgres", url, limits={"rows_per_second": rate} if rate else {})
    server.run(
        "create or replace view slow as select id, t, "
        "case when id % 1000 = 0 then pg_sleep(0.02)::text end as s from large",
        DATABASE,
    )
    reading = source.start("slow")
    cut = threading.Timer(
        0.5,
        lambda: server.run("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cut'"),
    )
    cut.start()
    with pytest.raises(JusanteError) as caught:
        source.table(reading)
    cut.join()
    assert caught.value.retryable or rate  # through a stream, the error passes the engine on its way


def test_the_request_for_a_known_table_needs_no_schema_first(
    events: Opened, server: Postgres, open_source: Shop
) -> None:
    fresh = open_source("postgres", server.url(DATABASE))
    request = Request("events", events.request("events").table, ("id",))
    assert fresh.table(fresh.connector.read(request)).num_rows == 12
