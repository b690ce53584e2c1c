"""The profile of what has arrived: figures that are right, of columns of any kind, from a bounded part of large loads."""

import datetime as dt
import decimal
import math
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from jusante.core.profile import ColumnProfile
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.ingestion.data_drift.judging import judge
from jusante.ingestion.data_drift.measuring import Measured, measure
from jusante.ingestion.data_drift.sampling import scattered
from jusante.ports.engine import Session, Target
from jusante.ports.relation import Batches

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


@pytest.fixture
def session() -> Iterator[Session]:
    engine = DuckDBEngine(EngineSettings(memory="500MB", threads=1))
    with engine.session() as opened:
        yield opened
    engine.close()


def columns(session: Session, table: pa.Table, **more: object) -> dict[str, ColumnProfile]:
    session.add("t.once", Batches(table.schema, iter(table.to_batches())))
    session.rows("create table t.rows as from t.once")
    found = measure(session, "shop.rows", "t.rows", None, Measured(NOW, True, "", **more))
    assert not judge([found] * 9, found), "what is as it was is not spoken of"
    return dict(found.columns)


def test_numbers_texts_times_and_flags_are_measured_each_in_their_way(session: Session) -> None:
    found = columns(
        session,
        pa.table(
            {
                "price": [-1.5, 0.0, *(float(number) for number in range(1, 98)), None],
                "name": [f"name {number % 50:04}" for number in range(99)] + [" "],
                "at": [NOW - dt.timedelta(hours=number) for number in range(100)],
                "state": ["open", "shut"] * 50,
                "is_new": [True] * 90 + [False] * 10,
            }
        ),
        declared={"state": frozenset({"open"})},
    )
    price, at, state = found["price"], found["at"], found["state"]
    assert (price.rows, price.filled, price.distinct) == (100, 99, 99)
    assert price.marks == {"zero": 1, "negative": 1, "whole": 98}
    assert (price.quantiles[0], price.median, price.quantiles[-1]) == (-1.5, 48, 97)
    assert found["name"].marks == {"empty": 1}
    assert (found["name"].quantiles[0], found["name"].median) == (1, 9), "lengths, not values"
    assert found["name"].counts == {}
    assert (at.quantiles[0], at.quantiles[-1]) == (pytest.approx(-99 / 24, abs=1e-3), 0)
    assert sum(at.hours) == 100
    assert state.counts.pop("open") == 50
    assert all(key.startswith("#") for key in state.counts)
    assert found["is_new"].counts == {"true": 90, "false": 10}


def test_of_sensitive_columns_only_the_nulls_are_counted(session: Session) -> None:
    given = pa.table({"code": ["a", None] * 50, "email": ["x@y.example"] * 100, "ok": [1, 2] * 50})
    found = columns(session, given, hidden=frozenset({"code"}))
    assert found["code"] == ColumnProfile("other", 100, 50)
    assert found["email"] == ColumnProfile("other", 100, 100), "a name that tells is enough"
    assert found["ok"].counts == {"1": 50, "2": 50}


def test_odd_columns_are_no_trouble(session: Session) -> None:
    many = 30
    found = columns(
        session,
        pa.table(
            {
                "empty": pa.array([None] * many, pa.int32()),
                "blank": pa.array([None] * many, pa.string()),
                "constant": [7] * many,
                "odd": [math.nan, math.inf, -math.inf] * 10,
                "list": [[1, 2], None, []] * 10,
                "struct": [{"a": 1, "b": "x"}] * many,
                "map": pa.array([[("k", 1)]] * many, pa.map_(pa.string(), pa.int32())),
                "huge": pa.array([decimal.Decimal("9" * 38)] * many, pa.decimal128(38, 0)),
                "bytes": [b"\x00\xff"] * many,
                "clock": [dt.time(12)] * many,
                "day": [dt.date(1, 1, 1), dt.date(9999, 12, 31), None] * 10,
                'a "quoted", name': list(range(many)),
                "few": pa.array([1, 2] + [None] * (many - 2), pa.int32()),
            }
        ),
    )
    assert found["empty"].filled == 0
    assert found["odd"].filled == 0, "what is no number is none"
    assert found["constant"].counts == {"7": many}
    assert found["list"].kind == found["struct"].kind == found["map"].kind == found["bytes"].kind == "other"
    assert found["huge"].counts == {"9" * 38: many}
    assert found["day"].filled == 20
    assert found["few"].quantiles == ()
    assert found["few"].counts == {}, "two values would be shown as they are"
    assert found['a "quoted", name'].distinct == many


def test_nothing_at_all_has_no_columns(session: Session) -> None:
    assert columns(session, pa.table({"a": pa.array([], pa.int32())})) == {}


def test_large_loads_are_sampled_evenly_and_the_same_each_time(session: Session, tmp_path: Path) -> None:
    sql = "select i as id, i % 10 as digit, case when i % 4 = 0 then null else i end as holes from range(600000) r(i)"
    plan = session.stage(sql, Target(str(tmp_path / "staged"), {}, 0))
    session.add("t.rows", plan)
    one, other = (
        measure(session, "shop.rows", "t.rows", plan, Measured(NOW, True, str(tmp_path / landing), sample_rows=5_000))
        for landing in "ab"
    )
    assert one == other
    assert one.rows == 600_000
    digit, holes, ids = (one.columns[name] for name in ("digit", "holes", "id"))
    assert 2_500 <= digit.rows <= 5_500
    assert all(count / digit.rows == pytest.approx(0.1, abs=0.02) for count in digit.counts.values())
    assert 1 - holes.filled / holes.rows == pytest.approx(0.25, abs=0.02)
    assert ids.quantiles[1] < 120_000
    assert ids.quantiles[-2] > 480_000


def test_rows_that_are_grouped_otherwise_each_time_are_sampled_from_all_groups(
    session: Session, tmp_path: Path
) -> None:
    found = []
    for order in ("digit", "hash(digit)"):
        sql = f"select i, i % 30 as digit from range(90000) r(i) order by {order}"
        plan = session.stage(sql, Target(str(tmp_path / order), {}, 0))
        session.add(f"t.{order[:4]}", plan)
        about = Measured(NOW, True, str(tmp_path / f"landing {order}"), sample_rows=5_000, sampling=scattered)
        found.append(measure(session, "m.digits", f"t.{order[:4]}", plan, about).columns["digit"])
    for digits in found:
        assert 4_500 <= digits.rows <= 5_500
        assert set(digits.counts) == {str(digit) for digit in range(30)}
        assert min(digits.counts.values()) > 100


def test_what_is_no_file_is_sampled_by_its_rows(session: Session, tmp_path: Path) -> None:
    session.add_view("t.rows", "select i % 10 as digit, i as id from range(100000) r(i)")
    found = measure(session, "shop.rows", "t.rows", None, Measured(NOW, True, str(tmp_path), sample_rows=5_000))
    assert found.rows == 100_000
    assert 4_000 <= found.columns["digit"].rows <= 6_000


def test_wide_tables_are_asked_for_in_parts(session: Session) -> None:
    found = columns(session, pa.table({f"c{number}": [number, 2, 3] for number in range(100)}))
    assert len(found) == 100
    assert found["c99"].distinct == 3
