"""What type a CSV column has: told from all its values, and never one that would change them."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from shelf import Shelf

UTC = dt.UTC
NOTE = "x" * 5_000
FAR = 2_000
"""So many rows with such a note make a file whose types are told from its first part."""


def moment(*parts: int, zone: dt.tzinfo | None = None) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=zone)


@pytest.mark.parametrize(
    ("texts", "kind", "values"),
    [
        (["0", "-7", "9223372036854775807"], "long", [0, -7, 2**63 - 1]),
        (["00123", "4"], "string", ["00123", "4"]),
        (["+351 21", "4"], "string", ["+351 21", "4"]),
        (["+351", "4"], "string", ["+351", "4"]),
        (["9223372036854775808"], "string", ["9223372036854775808"]),
        (["12345678901234567890", "1"], "string", ["12345678901234567890", "1"]),
        (["0x1F", "1"], "string", ["0x1F", "1"]),
        (["1_000", "1"], "string", ["1_000", "1"]),
        (["1.5", "2"], "double", [1.5, 2.0]),
        (["1e3", "-.5", "7."], "double", [1000.0, -0.5, 7.0]),
        (["1,5", "2"], "string", ["1,5", "2"]),
        (["0.1234567890123456789012345", "1"], "string", ["0.1234567890123456789012345", "1"]),
        (["01.5", "1"], "string", ["01.5", "1"]),
        (["nan", "1.5"], "string", ["nan", "1.5"]),
        (["inf", "1.5"], "string", ["inf", "1.5"]),
        (["true", "False", "TRUE"], "boolean", [True, False, True]),
        (["true", "1"], "string", ["true", "1"]),
        (["t", "f"], "string", ["t", "f"]),
        (["yes", "no"], "string", ["yes", "no"]),
        (["2026-02-28", "1969-12-31"], "date", [dt.date(2026, 2, 28), dt.date(1969, 12, 31)]),
        (["2026-02-30", "2026-02-28"], "string", ["2026-02-30", "2026-02-28"]),
        (["28/02/2026"], "string", ["28/02/2026"]),
        (["2026-2-8"], "string", ["2026-2-8"]),
        (["20260228"], "long", [20260228]),
        (["2026-03-29 02:30:00", "2026-03-29T02:30"], "timestamp", [moment(2026, 3, 29, 2, 30)] * 2),
        (["2026-03-29 02:30:00.123456", "2026-03-29"], "timestamp",
         [moment(2026, 3, 29, 2, 30, 0, 123456), moment(2026, 3, 29)]),
        (["2026-03-29T02:30:00Z", "2026-03-29 04:30:00+02:00", "2026-03-29 04:30:00+02"], "timestamptz",
         [moment(2026, 3, 29, 2, 30, zone=UTC)] * 3),
        (["2026-03-29T02:30:00Z", "2026-03-29T02:30:00"], "string", ["2026-03-29T02:30:00Z", "2026-03-29T02:30:00"]),
        (["2026-03-29", "2026-03-29T02:30:00Z"], "string", ["2026-03-29", "2026-03-29T02:30:00Z"]),
        (["23:59:59", "00:00:00"], "time", [dt.time(23, 59, 59), dt.time(0, 0)]),
        (["10:30", "11:00"], "string", ["10:30", "11:00"]),
        (["24:00:01"], "string", ["24:00:01"]),
        (["1", "2026-01-01"], "string", ["1", "2026-01-01"]),
        (["", "1"], "long", [None, 1]),
        (["", ""], "string", [None, None]),
        (["null", "1"], "string", ["null", "1"]),
        ([" 7", "8 "], "long", [7, 8]),
        (["a ", " b"], "string", ["a ", " b"]),
    ],
)  # fmt: skip
def test_a_type_holds_every_value_as_it_was_written(
    texts: list[str], kind: str, values: list[Any], shelf: Shelf
) -> None:
    shelf.put("a.csv", "n,value\n" + "".join(f'{n},"{text}"\n' for n, text in enumerate(texts)))
    found = shelf.load("a.csv")
    assert found.types["value"] == kind
    assert found.column("value") == values


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("1", "2.5", "double"),
        ("2.5", "1", "double"),
        ("1", "007", "string"),
        ("007", "1", "string"),
        ("2026-01-01", "2026-01-01 10:00:00", "timestamp"),
        ("", "1", "long"),
        ("true", "x", "string"),
    ],
)
def test_a_type_is_told_from_all_files_whatever_their_order(first: str, second: str, kind: str, shelf: Shelf) -> None:
    shelf.put("a.csv", f"id,value\n1,{first}\n")
    shelf.put("b.csv", f"id,value\n2,{second}\n")
    assert shelf.schema("*.csv")["value"] == kind
    assert len(shelf.load("*.csv").rows) == 2


def test_texts_that_mean_nothing_are_null(shelf: Shelf) -> None:
    shelf.put("a.csv", 'id,price,name\n1,NA,n/a\n2,-,"NA"\n3,1.5,"it\'s"\n')
    found = shelf.load("a.csv", null_values=["NA", "n/a", "-", "it's"])
    assert found.types["price"] == "double"
    assert found.rows == [(1, None, None), (2, None, None), (3, 1.5, None)]


def test_declared_types_are_kept_to(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,code,price,at\n1,7,1.50,2026-01-01\n")
    columns = {"Code": {"type": "string"}, "price": {"type": "decimal(12,2)"}, "at": {"type": "timestamptz"}}
    found = shelf.load("a.csv", columns=columns)
    assert found.types == {"id": "long", "code": "string", "price": "decimal(12,2)", "at": "timestamptz"}
    assert found.row == {"id": 1, "code": "7", "price": Decimal("1.50"), "at": moment(2026, 1, 1, zone=UTC)}


def test_a_declared_type_that_does_not_hold_a_value_fails_by_line(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,price\n1,1.50\n2,x\n")
    error = shelf.refusal("a.csv", columns={"price": {"type": "decimal(12,2)"}})
    assert error.where == "a.csv:3"
    assert error.what == 'column price: "x" is no decimal(12,2)'


@pytest.mark.parametrize(
    ("ordinary", "odd"),
    [
        ("5", "007"),
        ("5", "+5"),
        ("5", "1.5"),
        ("5", "1e3"),
        ("5", "1_000"),
        ("5", "0x10"),
        ("1.5", "01.5"),
        ("1.5", "0.12345678901234567890123"),
        ("1.5", "nan"),
        ("true", "1"),
        ("true", "yes"),
        ("2026-01-01", "2026-01-01 10:00:00"),
        ("2026-01-01 10:00:00", "2026-01-01 10:00:00+02"),
        ("2026-01-01 10:00:00Z", "2026-01-01 10:00:00"),
        ("10:00:00", "2026-01-01 10:00:00"),
    ],
)
def test_what_a_type_told_from_the_first_part_would_change_is_refused(ordinary: str, odd: str, shelf: Shelf) -> None:
    """Silently, 1.5 would become 2, and a time would lose its zone."""
    shelf.put("a.csv", "value,note\n" + f"{ordinary},{NOTE}\n" * FAR + f"{odd},x\n")
    error = shelf.refusal("a.csv")
    assert error.where == "a.csv"
    assert "declare `columns: {value: {type: string}}`" in error.fix
    found = shelf.load("a.csv", columns={"value": {"type": "string"}}, only=("value",))
    assert sorted(found.column("value")) == sorted([ordinary] * FAR + [odd])


def test_what_the_type_holds_further_down_too_is_read(shelf: Shelf) -> None:
    row = f"5,1.5,true,2026-01-01,2026-01-01 10:00:00,2026-01-01 10:00:00Z,10:00:00,{NOTE}\n"
    last = "-9,-1e3,FALSE,1969-12-31,2026-01-01T10:00:00.123,2026-01-01 10:00:00.5 +02:00,23:59:59.5,12\n"
    shelf.put("a.csv", "a,b,c,d,e,f,g,h\n" + row * FAR + last)
    found = shelf.load("a.csv")
    kinds = ["long", "double", "boolean", "date", "timestamp", "timestamptz", "time", "string"]
    assert list(found.types.values()) == kinds
    assert len(found.rows) == FAR + 1
    assert found.rows[0][:3] == (-9, -1000.0, False)
