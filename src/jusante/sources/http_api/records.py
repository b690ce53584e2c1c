"""Records as columns. Objects, and lists of them, become JSON text: a new key in them then changes no type.

A table's columns must be known before its first row is handed on, and a key may first appear on the last page. So all
pages are spooled to a file first, cut to the columns that may be read, and the types are found over all of them. The
source is done with before a commit begins, memory holds one page, and nothing is lost.
"""

import datetime as dt
import decimal
import functools
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import pyarrow as pa

from jusante.core.schema import Schema, decimal_of
from jusante.errors import SourceError
from jusante.sources.http_api.sealed import SealedLines

MOST_SPOOLED_BYTES = 20 * 1024**3
BATCH_ROWS = 10_000
_NUMBER, _TEXT = "\0n", "\0t"
NOTHING = ""
"""The kind of null, and of the items of an empty list: any other holds it."""


class Spool:
    """Records on disk, and the types of their columns as far as they have been seen."""

    def __init__(self, columns: Iterable[str], where: str) -> None:
        self._wanted = tuple(columns)
        self._where = where
        # Sealed, all of it: a page may hold what is to be masked, or is not to be read at all.
        self._file = SealedLines()
        self.kinds: dict[str, str] = {}
        """By column; NOTHING where all values were null."""
        self._sum = 0

    def add(self, records: list[dict[str, Any]]) -> None:
        """Keep a page of records."""
        for record in records:
            row = {name: flat(record[name]) for name in self._wanted or record if name in record}
            for name, value in row.items():
                self.kinds[name] = _wider(self.kinds.get(name, NOTHING), kind_of(value))
            marked = {name: _marked(value) for name, value in row.items()}
            line = json.dumps(marked, default=_as_text, ensure_ascii=False)
            self._sum += int.from_bytes(hashlib.blake2b(line.encode(), digest_size=16).digest())
            self._file.write(line + "\n")
        if self._file.tell() > MOST_SPOOLED_BYTES:
            raise SourceError(
                f"more than {MOST_SPOOLED_BYTES:,} bytes came", where=self._where, fix="load it incrementally"
            )

    @property
    def digest(self) -> str:
        """The same for the same records, in whatever order they came."""
        return f"{self._sum % 2**128:032x}"

    def batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The records, a batch at a time; the spool is gone afterwards."""
        with closing(self._file) as file:
            rows: list[dict[str, Any]] = []
            for line in file.lines():
                rows.append(json.loads(line, parse_float=decimal.Decimal))
                if len(rows) == BATCH_ROWS:
                    yield _batch(rows, schema, self._where)
                    rows = []
            if rows:
                yield _batch(rows, schema, self._where)

    def close(self) -> None:
        """Forget the records."""
        self._file.close()


def flat(value: Any) -> Any:
    """A value as a column can hold it."""
    nested = isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(item, dict | list) for item in value)
    )
    return json.dumps(value, default=_as_number, ensure_ascii=False) if nested else value


def _as_number(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


def _as_text(value: Any) -> str:
    assert isinstance(value, decimal.Decimal)
    return f"{_NUMBER}{value}"


def _marked(value: Any) -> Any:
    """A value whose texts cannot be taken for the marked ones, as decimals are spooled."""
    if isinstance(value, list):
        return [_marked(item) for item in value]
    return f"{_TEXT}{value}" if isinstance(value, str) and value.startswith("\0") else value


def _unmarked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    if not isinstance(value, str) or not value.startswith("\0"):
        return value
    return value.removeprefix(_TEXT) if value.startswith(_TEXT) else decimal.Decimal(value.removeprefix(_NUMBER))


def kind_of(value: Any) -> str:
    """The type of a value, as Iceberg names it; NOTHING for null."""
    match value:
        case None:
            return NOTHING
        case bool():
            return "boolean"
        case int():
            return "long" if -(2**63) <= value < 2**63 else "string"
        case float() | decimal.Decimal():
            return "double"
        case list():
            return f"list<{functools.reduce(_wider, map(kind_of, value), NOTHING)}>"
    return "string"


def _wider(known: str, now: str) -> str:
    """The type that holds both."""
    if known == now or not now:
        return known
    if not known:
        return now
    if {known, now} == {"long", "double"}:
        return "double"
    if known.startswith("list<") and now.startswith("list<"):
        return f"list<{_wider(known[5:-1], now[5:-1])}>"
    return "string"


def type_of(kind: str, known: str | None = None) -> str | None:
    """The type of a kind; where there was no value to tell it by, the known one, if any."""
    if kind == f"list<{NOTHING}>":
        return known if known and known.startswith("list<") else "list<string>"
    return kind or known


def arrow_schema(
    columns: Iterable[str], kinds: dict[str, str], declared: dict[str, str], known: Schema | None
) -> pa.Schema:
    """The types to hand on: exact for what is declared a decimal, the table's own where nothing was seen, else as found."""
    fields = []
    for name in columns:
        kept = known.find(name) if known else None
        kind = type_of(kinds.get(name, NOTHING), kept.type if kept else declared.get(name)) or "string"
        wish = declared.get(name) or (kept.type if kept and decimal_of(kept.type) else "")
        if decimal_of(wish) and kind in {"double", "long"}:
            kind = wish
        fields.append(pa.field(name, arrow_type(kind)))
    return pa.schema(fields)


def arrow_type(kind: str) -> pa.DataType:
    """Arrow's type for one of ours; times travel as text and are cast on arrival."""
    if kind.startswith("list<"):
        return pa.list_(arrow_type(kind[5:-1]))
    if parts := decimal_of(kind):
        return pa.decimal128(*parts)
    return {
        "boolean": pa.bool_(),
        "int": pa.int64(),
        "long": pa.int64(),
        "float": pa.float64(),
        "double": pa.float64(),
    }.get(kind, pa.string())


def _batch(rows: list[dict[str, Any]], schema: pa.Schema, where: str) -> pa.RecordBatch:
    arrays = []
    for field in schema:
        values = [_fitted(_unmarked(row.get(field.name)), field.type) for row in rows]
        try:
            arrays.append(pa.array(values, field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise SourceError(
                f"{field.name} does not fit {field.type}: {error}",
                unquoted=f"{field.name} does not fit {field.type}",
                where=where,
                fix=f"declare its type: columns: {{{field.name}: {{type: string}}}}",
            ) from None
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _fitted(value: Any, kind: pa.DataType) -> Any:
    if value is None or isinstance(value, dt.datetime):
        return value
    if pa.types.is_string(kind) and not isinstance(value, str):
        return (
            json.dumps(value, default=_as_number, ensure_ascii=False) if isinstance(value, bool | list) else str(value)
        )
    if pa.types.is_floating(kind) and isinstance(value, decimal.Decimal | int):
        return float(value)
    if pa.types.is_decimal(kind):
        return (
            decimal.Decimal(value).quantize(decimal.Decimal(1).scaleb(-kind.scale)) if isinstance(value, int) else value
        )
    if pa.types.is_list(kind):
        return [_fitted(item, kind.value_type) for item in value]
    return value
