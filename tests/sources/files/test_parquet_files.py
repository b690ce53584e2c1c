"""Parquet files: types are in them, columns go by name, and files may differ."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shelf import Shelf

from jusante.testing import ODD_NAMES


def put(shelf: Shelf, path: str, /, **columns: Any) -> bytes:
    target = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), target)
    content = bytes(target.getvalue())
    shelf.put(path, content)
    return content


def test_types_are_those_of_the_file(shelf: Shelf) -> None:
    at = dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)
    put(
        shelf,
        "a.parquet",
        id=pa.array([1], pa.int32()),
        code=["007"],
        price=pa.array([Decimal("1.50")], pa.decimal128(12, 2)),
        at=pa.array([at], pa.timestamp("us", "Europe/Lisbon")),
        tags=pa.array([["a", None]], pa.list_(pa.string())),
    )
    found = shelf.load("a.parquet")
    kinds = ["int", "string", "decimal(12,2)", "timestamptz", "list<string>"]
    assert list(found.types.values()) == kinds
    assert found.rows == [(1, "007", Decimal("1.50"), at, ["a", None])]


def test_columns_go_by_name_and_a_file_may_lack_some(shelf: Shelf) -> None:
    put(shelf, "a.parquet", id=[1], name=["a"])
    put(shelf, "b.parquet", PRICE=[2.5], ID=[2])
    found = shelf.load("*.parquet")
    assert found.names == ("id", "name", "PRICE")
    assert found.rows == [(1, "a", None), (2, None, 2.5)]


def test_numbers_widen_over_all_files(shelf: Shelf) -> None:
    put(shelf, "a.parquet", id=pa.array([1], pa.int32()), price=pa.array([1], pa.int64()))
    put(shelf, "b.parquet", id=pa.array([2**40], pa.int64()), price=[2.5])
    found = shelf.load("*.parquet")
    assert found.types == {"id": "long", "price": "double"}
    assert found.rows == [(1, 1.0), (2**40, 2.5)]


def test_only_the_columns_asked_for_come(shelf: Shelf) -> None:
    put(shelf, "a.parquet", id=[1], name=["a"], price=[1.5])
    assert shelf.load("a.parquet", only=("price", "id")).row == {"price": 1.5, "id": 1}


def test_columns_may_have_odd_names(shelf: Shelf) -> None:
    names = [*ODD_NAMES, "filename", "two\nlines"]
    put(shelf, "a.parquet", **{name: [number] for number, name in enumerate(names)})
    assert shelf.load("a.parquet").row == {name: number for number, name in enumerate(names)}


def test_five_hundred_columns_come(shelf: Shelf) -> None:
    put(shelf, "a.parquet", **{f"c{number}": [number] for number in range(500)})
    assert shelf.load("a.parquet").rows == [tuple(range(500))]


def test_files_without_rows_or_bytes_are_no_fault(shelf: Shelf) -> None:
    put(shelf, "a.parquet", id=pa.array([], pa.int64()))
    shelf.put("b.parquet", "")
    found = shelf.load("*.parquet")
    assert (found.rows, found.types, found.notices) == ([], {"id": "long"}, ["b.parquet is empty"])


@pytest.mark.parametrize("others", [0, 1, 30])
@pytest.mark.parametrize("fault", ["cut", "start", "text", "middle"])
def test_a_damaged_file_is_named(fault: str, others: int, shelf: Shelf) -> None:
    for number in range(others):
        put(shelf, f"a{number}.parquet", id=[1], name=["x"])
    whole = put(shelf, "bad one.parquet", id=list(range(1000)), name=[f"n{number}" for number in range(1000)])
    faults = {
        "cut": whole[:-9],
        "start": whole[:100],
        "text": b"id,name\n1,x\n",
        "middle": whole[:4] + b"\xff" * 2000 + whole[2004:],
    }
    shelf.put("bad one.parquet", faults[fault])
    error = shelf.refusal("*.parquet")
    assert error.where == "bad one.parquet"
    assert str(shelf.folder) not in str(error)
    assert error.fix


def test_our_own_column_s_name_is_refused_by_its_file(shelf: Shelf) -> None:
    put(shelf, "a.parquet", id=[1])
    put(shelf, "b.parquet", _FILE=[1])
    assert shelf.refusal("*.parquet").where == "b.parquet"


def test_a_type_that_differs_from_file_to_file_becomes_text_and_loses_nothing(shelf: Shelf) -> None:
    put(shelf, "a.parquet", code=["007"])
    put(shelf, "b.parquet", code=[7])
    found = shelf.load("*.parquet")
    assert (found.types, found.rows) == ({"code": "string"}, [("007",), ("7",)])


def test_a_sensitive_value_that_is_damaged_is_in_no_error(shelf: Shelf) -> None:
    target = pa.BufferOutputStream()
    names = ["geheim4711", "geheim4712"]
    pq.write_table(pa.table({"id": [1, 2], "name": names}), target, compression="none", use_dictionary=False)
    shelf.put("a.parquet", bytes(target.getvalue()).replace(b"geheim", b"geh\xffim"))
    error = shelf.refusal("a.parquet", columns={"name": {"sensitive": "name", "purpose": ["support"]}})
    assert error.where == "a.parquet"
    assert not any(text in str(error) for text in ("4711", "4712"))
