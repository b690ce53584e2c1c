"""The engine: what it stages and reads back, within its memory, in several threads, and shut off where it must be."""

import datetime as dt
import decimal
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jusante.core.schema import Column, Schema
from jusante.engines.duckdb import extensions
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.errors import EngineError, ExtraMissing
from jusante.ports.engine import Target
from jusante.ports.relation import Batches, FilePlan

BIG = "select i, md5(i::varchar) as text from range(4000000) as t(i) order by text"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    """An engine with little memory and a place to spill to."""
    engine = DuckDBEngine(EngineSettings(memory="80MB", threads=2, spill=tmp_path / "spill", spill_limit="2GB"))
    yield engine
    engine.close()


VALUES: list[tuple[str, Any]] = [
    ("true", True),
    ("42::integer", 42),
    ("(-9223372036854775808)::bigint", -(2**63)),
    ("1.5::float", 1.5),
    ("0.1::double", 0.1),
    ("123456789012345.6789::decimal(20,4)", decimal.Decimal("123456789012345.6789")),
    ("'naïve ✓'", "naïve ✓"),
    ("'ab'::blob", b"ab"),
    ("date '0001-01-01'", dt.date(1, 1, 1)),
    ("time '23:59:59.999999'", dt.time(23, 59, 59, 999999)),
    ("timestamp '2026-03-29 02:30:00.000001'", dt.datetime.fromisoformat("2026-03-29 02:30:00.000001")),
    ("timestamptz '2026-03-29 02:30:00+02'", dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC)),
    ("[1, null, 3]", [1, None, 3]),
    ("{'a': 1, 'b': 'x'}", {"a": 1, "b": "x"}),
    ("map {'k': 1.5::double}", [("k", 1.5)]),
    ("[{'a': [1]}]", [{"a": [1]}]),
    ("null::varchar", None),
    ("'11111111-2222-3333-4444-555555555555'::uuid", "11111111-2222-3333-4444-555555555555"),
    ("'{\"a\": 1}'::json", '{"a": 1}'),
    ("'b'::enum('a', 'b')", "b"),
    ("12::utinyint", 12),
    ("18446744073709551615::ubigint", decimal.Decimal(2**64 - 1)),
]


@pytest.mark.parametrize(("sql", "value"), VALUES, ids=[sql for sql, _ in VALUES])
def test_a_value_comes_back_as_it_was_staged(engine: DuckDBEngine, tmp_path: Path, sql: str, value: Any) -> None:
    with engine.session() as session:
        plan = session.stage(f"select {sql} as value", Target(str(tmp_path / "out"), {}, 0))
        session.add("t.staged", plan)
        found = session.table("select value from t.staged").column(0)[0].as_py()
    assert (str(found) if isinstance(found, uuid.UUID) else found) == value


def test_field_ids_are_those_of_the_table_and_new_ones_above(engine: DuckDBEngine, tmp_path: Path) -> None:
    with engine.session() as session:
        plan = session.stage("select 1 as new, 2 as old", Target(str(tmp_path / "out"), {"old": 3}, 7))
    assert [(column.name, column.id) for column in plan.schema] == [("new", 8), ("old", 3)]
    metadata = pq.read_schema(plan.files[0])
    assert [field.metadata[b"PARQUET:field_id"] for field in metadata] == [b"8", b"3"]


def test_columns_are_found_by_id_and_missing_ones_are_null(engine: DuckDBEngine, tmp_path: Path) -> None:
    with engine.session() as session:
        plan = session.stage("select 1 as a, 'x' as b", Target(str(tmp_path / "out"), {}, 0))
        later = Schema((Column("b renamed", "string", id=2), Column("c", "double", id=9)))
        session.add("t.later", FilePlan(plan.files, later, plan.rows, plan.bytes))
        assert session.rows("select * from t.later") == [("x", None)]


def test_a_sort_larger_than_memory_spills_and_cleans_up(tmp_path: Path) -> None:
    # As much as DuckDB asks for: with less for each thread it depends on how fast the disk takes what is spilled.
    settings = EngineSettings(memory="125MB", threads=1, spill=tmp_path / "spill", spill_limit="2GB")
    engine = DuckDBEngine(settings)
    with engine.session() as session:
        plan = session.stage(BIG, Target(str(tmp_path / "out"), {}, 0))
    assert plan.rows == 4_000_000
    engine.close()
    assert not list((tmp_path / "spill").rglob("*.tmp"))
    narrow = DuckDBEngine(replace(settings, spill_limit="1MB"))
    with narrow.session() as session, pytest.raises(EngineError, match="more disk to spill to"):
        session.stage(BIG, Target(str(tmp_path / "narrow"), {}, 0))
    narrow.close()


def test_what_does_not_fit_into_memory_is_told(engine: DuckDBEngine) -> None:
    with engine.session() as session, pytest.raises(EngineError, match="more memory than it may use") as error:
        session.rows("select length(list(md5(i::varchar))) from range(4000000) as t(i)")
    assert "memory" in error.value.fix


ODD_TIMES = ["timestamptz 'infinity'", "date '-infinity'", "timestamp '12000-01-01'", "date '0044-03-15 (BC)'"]


@pytest.mark.parametrize("odd", ODD_TIMES)
def test_times_that_no_reader_can_hold_are_refused(engine: DuckDBEngine, tmp_path: Path, odd: str) -> None:
    with engine.session() as session, pytest.raises(EngineError, match="years 1 to 9999") as error:
        session.stage(f"select {odd} as at union all select null", Target(str(tmp_path / "out"), {}, 0))
    assert error.value.where == "column at"


def test_a_stream_that_breaks_off_is_told(engine: DuckDBEngine) -> None:
    text = "case when i < 900000 then '1' else 'x' end"
    with engine.session() as session, pytest.raises(EngineError, match="Could not convert"):
        list(session.reader(f"select ({text})::integer as n from range(1000000) as t(i)", 1000))


def test_a_query_can_be_stopped(engine: DuckDBEngine) -> None:
    with engine.session() as session:
        timer = threading.Timer(0.3, session.cancel)
        timer.start()
        with pytest.raises(EngineError, match="cancelled"):
            session.rows("select count(*) from range(100000000000) as a(i) where i % 7 = 3")
        timer.join()


def test_sessions_in_threads_do_not_see_each_other(engine: DuckDBEngine) -> None:
    found: dict[int, list[tuple[Any, ...]]] = {}

    def work(number: int) -> None:
        rows = pa.table({"n": [number] * 1000})
        with engine.session({"t.rows": Batches(rows.schema, iter(rows.to_batches()))}) as session:
            found[number] = session.rows("select distinct n from t.rows")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [(number,)] for number in range(8)}


def test_an_error_says_what_and_shows_no_trace(engine: DuckDBEngine) -> None:
    with engine.session() as session, pytest.raises(EngineError) as error:
        session.rows("select nothing from (select 1 as something)")
    assert "nothing" in error.value.what
    assert "LINE" not in error.value.what


def test_an_extension_that_is_nowhere_says_which_extra_to_add() -> None:
    connection = duckdb.connect()
    with pytest.raises(ExtraMissing, match="extension no_such_extension is not installed") as error:
        extensions.load(connection, "no_such_extension")
    assert error.value.fix == 'pip install "jusante[no_such_extension]"'
    connection.close()


def test_extensions_come_from_their_wheels() -> None:
    for name in ("postgres_scanner", "mysql_scanner", "sqlite_scanner"):
        path = extensions.wheel(name)
        assert path is not None
        assert path.is_file()
