"""Checks on a real DuckDB: verdicts, words, and what is set aside."""

import datetime as dt
import math
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from jusante.core.check import Check
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.errors import AuditFailed
from jusante.management.quality import Hidden, aside_sql, audit, keep_sql, problems
from jusante.ports.engine import Session
from jusante.ports.relation import Batches

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
TABLE = '"t"."rows"'


def check(**short: Any) -> Check:
    made: Check = TypeAdapter(Check).validate_python(short)
    return made


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    made = DuckDBEngine(EngineSettings(memory="500MB"))
    yield made
    made.close()


def shown(session: Session, rows: dict[str, list[Any]] | pa.Table) -> None:
    table = rows if isinstance(rows, pa.Table) else pa.table(rows)
    session.add("t.once", Batches(table.schema, iter(table.to_batches())))
    session.rows("create table t.kept as from t.once")
    session.add_view("t.rows", "select * from t.kept")


def failed_rows(engine: DuckDBEngine, rows: Any, *checks: Check) -> list[int]:
    with engine.session() as session:
        shown(session, rows)
        schema = session.schema(f"select * from {TABLE}")
        return [result.failed_rows for result in audit(session, TABLE, checks, schema, NOW).results]


def test_each_check_counts_the_rows_that_fail_it(engine: DuckDBEngine) -> None:
    rows = {
        "id": [1, 2, 2, None],
        "price": [1.0, -1.0, math.nan, None],
        "state": ["open", "shut", "odd", None],
        "mail": ["a@b.c", "nope", "x@y.z", None],
    }
    counts = failed_rows(
        engine,
        rows,
        check(not_null=["id"]),
        check(unique="id"),
        check(positive="price"),
        check(range={"column": "price", "min": 0, "max": 5}),
        check(accepted_values={"column": "state", "values": ["open", "shut"]}),
        check(pattern={"column": "mail", "matches": ".+@.+"}),
        check(sql="select * from {table} where id = 2"),
    )
    assert counts == [1, 2, 2, 2, 1, 1, 2]


def test_an_empty_table_passes_all_but_a_least_count(engine: DuckDBEngine) -> None:
    rows = pa.table({"id": pa.array([], pa.int64())})
    with engine.session() as session:
        shown(session, rows)
        schema = session.schema(f"select * from {TABLE}")
        checks = (check(not_null="id"), check(unique="id"), check(row_count={"min": 1}))
        assert [result.passed for result in audit(session, TABLE, checks, schema, NOW).results] == [True, True, False]


def test_freshness_reads_dates_and_times(engine: DuckDBEngine) -> None:
    rows = {"day": [dt.date(2026, 11, 24)], "at": [dt.datetime(2026, 11, 20, tzinfo=dt.UTC)]}
    with engine.session() as session:
        shown(session, rows)
        schema = session.schema(f"select * from {TABLE}")
        checks = (
            check(freshness={"within": "26h", "column": "day"}),
            check(freshness={"within": "2d", "column": "at"}),
        )
        fresh, stale = audit(session, TABLE, checks, schema, NOW).results
    assert fresh.passed
    assert not stale.passed
    assert "2026-11-20 00:00 UTC" in stale.message


def test_relationships_fail_for_values_that_are_nowhere(engine: DuckDBEngine) -> None:
    with engine.session() as session:
        shown(session, {"sku": ["a", "b", None]})
        session.add_view("cat.products", "select 'a' as code")
        schema = session.schema(f"select * from {TABLE}")
        made = check(relationships={"column": "sku", "to": "cat.products.code"})
        assert audit(session, TABLE, (made,), schema, NOW).results[0].failed_rows == 1


def test_the_message_names_rows_by_key_and_hides_what_is_sensitive(engine: DuckDBEngine) -> None:
    with engine.session() as session:
        shown(session, {"id": [7], "phone": ["+55 11 99999"]})
        schema = session.schema(f"select * from {TABLE}")
        made = check(pattern={"column": "phone", "matches": "x"})
        found = audit(session, TABLE, (made,), schema, NOW, ("id",), lambda: Hidden(frozenset({"Phone"}))).results[0]
    assert "id=7" in found.message
    assert "•••" in found.message
    assert "99999" not in found.message


def test_what_a_free_query_gives_is_hidden_where_it_may_hold_what_is_sensitive(engine: DuckDBEngine) -> None:
    made = check(sql=f"select phone as other from {TABLE}")
    with engine.session() as session:
        shown(session, {"id": [7], "phone": ["+55 11 99999"]})
        schema = session.schema(f"select * from {TABLE}")
        plain = audit(session, TABLE, (made,), schema, NOW).results[0]
        discreet = audit(session, TABLE, (made,), schema, NOW, (), lambda: Hidden(queries=True)).results[0]
    assert "99999" in plain.message
    assert "other=•••" in discreet.message
    assert "99999" not in discreet.message


def test_a_check_of_a_column_that_is_not_there_names_the_nearest(engine: DuckDBEngine) -> None:
    with engine.session() as session:
        shown(session, {"revenue": [1]})
        schema = session.schema(f"select * from {TABLE}")
        with pytest.raises(AuditFailed) as caught:
            audit(session, TABLE, (check(positive="revenu"),), schema, NOW)
    assert "did you mean revenue?" in caught.value.fix


values = st.one_of(st.none(), st.integers(-3, 3).map(float), st.just(math.nan))


@given(st.lists(st.tuples(values, values), max_size=12))
@settings(max_examples=60, deadline=None)
def test_each_row_is_either_kept_or_set_aside(rows: list[tuple[float | None, float | None]]) -> None:
    engine = DuckDBEngine(EngineSettings(memory="200MB"))
    table = pa.table(
        {"a": pa.array([r[0] for r in rows], pa.float64()), "b": pa.array([r[1] for r in rows], pa.float64())}
    )
    checks = (
        check(positive="a"),
        check(range={"column": "b", "min": 0}),
        check(unique=["a", "b"]),
        check(not_null="b"),
    )
    with engine.session() as session:
        shown(session, table)
        kept = session.rows(f"select a, b from ({keep_sql(TABLE, checks)})")
        aside = session.rows(f"select a, b from ({aside_sql(TABLE, checks)})")
    engine.close()
    assert sorted(map(str, [*kept, *aside])) == sorted(map(str, rows))
    for a, b in kept:
        assert a is None or a > 0
        assert b is not None
        assert b >= 0
        assert kept.count((a, b)) == 1 or a is None


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (check(freshness="soon"), "is not a duration"),
        (check(relationships={"column": "a", "to": "b"}), "not of the form"),
        (check(range={"column": "a", "min": 2, "max": 1}), "greater than max"),
        (check(pattern={"column": "a", "matches": "("}), "no regular expression"),
        (check(row_count={"min": 1}, quarantine=True), "none can be set aside"),
    ],
)
def test_what_can_be_said_before_there_are_rows_is_said(made: Check, words: str) -> None:
    assert any(words in problem.what for problem in problems((made,), "x.sql:1"))
