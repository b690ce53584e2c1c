"""The rows that a connector under test has to bring."""

import datetime as dt
import decimal
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from jusante.core.schema import Column, Schema

Row = Mapping[str, Any]
"""Values by column name. Every table of the suite has a column `id`, a long, unique and not null."""

TABLE = "conformance"
READ = "conformance.rows"
MANY_ROWS = 30_000

SAMPLES: Mapping[str, tuple[Any, ...]] = {
    "boolean": (True, False),
    "int": (0, 2**31 - 1, -(2**31)),
    "long": (0, 2**62, -(2**62)),
    "float": (0.5, -1.25),
    "double": (0.1, 1e300, -2.5),
    "decimal(12,2)": (decimal.Decimal("1234567890.12"), decimal.Decimal("-0.01")),
    "date": (dt.date(1969, 12, 31), dt.date(2026, 2, 28)),
    "time": (dt.time(0, 0), dt.time(23, 59, 59)),
    "timestamp": (dt.datetime(2026, 3, 29, 2, 30), dt.datetime(1999, 12, 31, 23, 59, 59)),  # noqa: DTZ001  no zone is meant
    "timestamptz": (dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC), dt.datetime(1999, 12, 31, 23, 59, tzinfo=dt.UTC)),
    "string": ("plain", "two\nlines", "say \"yes\", or 'no'"),
    "uuid": (uuid.UUID("12345678-1234-5678-1234-567812345678"), uuid.UUID(int=1)),
    "binary": (b"\x00\xff", b"bytes"),
}
"""Values of each type, among them those that are easily damaged."""

UNICODE = ("naïve", "日本語", "👩‍👩‍👧", "שלום", "a\u0301", "ﬁ", "Ω≈ç√")
ODD_NAMES = ("order", "Select", "two words", 'with "quotes"', "it's", "a.b", "ünï", "100%", "semi;colon")

NUMBERED = Schema(
    (Column("id", "long"), Column("name", "string"), Column("amount", "double"), Column("version", "long"))
)
BY_VERSION: Mapping[str, Any] = {"ingest": {"mode": "incremental", "cursor": "version"}}


def numbered(key: int) -> dict[str, Any]:
    """A row of NUMBERED."""
    return {"id": key, "name": f"row {key}", "amount": key / 4 + 0.125, "version": key + 1}


def sorted_plain(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows by `id`, their values as `Opened.rows` gives them."""
    values = [{name: plain(value) for name, value in row.items()} for row in rows]
    return sorted(values, key=lambda row: repr(row["id"]))


def plain(value: Any) -> Any:
    """A value without what differs between libraries: UUIDs as text, times with a zone in UTC."""
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dt.datetime) and value.tzinfo:
        return value.astimezone(dt.UTC)
    return value
