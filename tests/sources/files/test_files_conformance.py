"""The conformance suite of `jusante.testing`, passed by each format of files."""

import csv
import datetime as dt
import io
import json
import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shelf import Shelf, gz, table, zst

from jusante.core.schema import Schema
from jusante.core.source import SourceTable
from jusante.ports.connector import Connector
from jusante.testing import SAMPLES, ConnectorConformance, Row, SourceUnderTest

AS_TEXT: Mapping[str, str] = {
    **{name: name for name in SAMPLES if name != "binary"},
    "int": "long",
    "float": "double",
    "decimal(12,2)": "double",
    "uuid": "string",
}
"""What text can hold, and what it is taken for."""


class FilesUnderTest(SourceUnderTest):
    """Rows that were loaded lie in one file, rows that came later each in one of their own."""

    reads_since = False
    own_columns = ("_file",)
    ending: ClassVar[str]

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.schema = Schema(())
        self.files: list[list[Row]] = []

    @abstractmethod
    def written(self, rows: Sequence[Row]) -> bytes:
        """Rows as a file holds them."""

    @abstractmethod
    def damaged(self) -> bytes:
        """A file that nobody can read."""

    def load(self, rows: Sequence[Row], schema: Schema) -> None:
        self.schema, self.files = schema, [list(rows)]
        self.write()

    def add(self, rows: Sequence[Row]) -> None:
        self.files.append(list(rows))
        self.write(len(self.files) - 1)

    def change(self, key: int, row: Row) -> None:
        self.files[0] = [row if each["id"] == key else each for each in self.files[0]]
        self.write()

    def delete(self, key: int) -> None:
        self.files[0] = [each for each in self.files[0] if each["id"] != key]
        self.write()

    def write(self, number: int = 0) -> None:
        self.shelf.put(f"rows/{number}{self.ending}", self.written(self.files[number]))

    def connector(self) -> Connector:
        return self.shelf.connector()

    def table(self, **settings: Any) -> SourceTable:
        return table(f"rows/*{self.ending}", **settings)

    def missing(self) -> SourceTable:
        return table(f"raws/*{self.ending}")

    def broken(self) -> Connector:
        self.shelf.put(f"rows/0{self.ending}", self.damaged())
        return self.connector()

    def still_open(self) -> int:
        links = Path("/proc/self/fd")
        if not links.is_dir():
            pytest.skip("open files can be counted on Linux only")
        return sum(os.path.realpath(link).startswith(str(self.shelf.folder)) for link in links.iterdir())


class CsvUnderTest(FilesUnderTest):
    types = AS_TEXT
    ending = ".csv"

    def written(self, rows: Sequence[Row]) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self.schema.names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: plain(value) for name, value in row.items()} for row in rows)
        return text.getvalue().encode()

    def damaged(self) -> bytes:
        return b'id,name\n1,"never closed\n2,x\n'


class GzippedCsvUnderTest(CsvUnderTest):
    ending = ".csv.gz"

    def written(self, rows: Sequence[Row]) -> bytes:
        return gz(super().written(rows))

    def damaged(self) -> bytes:
        return self.written(self.files[0])[:-9]


class JsonUnderTest(FilesUnderTest):
    types: ClassVar[Mapping[str, str]] = {**AS_TEXT, "time": "string"}
    ending = ".json"

    def written(self, rows: Sequence[Row]) -> bytes:
        return json.dumps([as_json(row) for row in rows], ensure_ascii=False).encode()

    def damaged(self) -> bytes:
        return self.written(self.files[0])[:-5]

    def table(self, **settings: Any) -> SourceTable:
        """Where there are no records nothing says what they are, so that the columns are declared."""
        declared = {column.name: {"type": column.type} for column in self.schema}
        return super().table(**settings if any(self.files) else {"columns": declared, **settings})


class PackedNdjsonUnderTest(JsonUnderTest):
    ending = ".ndjson.zst"

    def written(self, rows: Sequence[Row]) -> bytes:
        return zst("".join(json.dumps(as_json(row)) + "\n" for row in rows))


class ParquetUnderTest(FilesUnderTest):
    types: ClassVar[Mapping[str, str]] = {**{name: name for name in SAMPLES}, "uuid": "string"}
    ending = ".parquet"
    arrow: ClassVar[Mapping[str, pa.DataType]] = {
        "boolean": pa.bool_(), "int": pa.int32(), "long": pa.int64(), "float": pa.float32(), "double": pa.float64(),
        "decimal(12,2)": pa.decimal128(12, 2), "date": pa.date32(), "time": pa.time64("us"), "string": pa.string(),
        "timestamp": pa.timestamp("us"), "timestamptz": pa.timestamp("us", "UTC"), "binary": pa.binary(),
        "uuid": pa.string(),
    }  # fmt: skip

    def written(self, rows: Sequence[Row]) -> bytes:
        names = {column.name: column.type for column in self.schema}
        values = {
            name: pa.array([str(row[name]) if kind == "uuid" and row[name] else row[name] for row in rows], self.arrow[kind])
            for name, kind in names.items()
        }  # fmt: skip
        target = pa.BufferOutputStream()
        pq.write_table(pa.table(values), target)
        return bytes(target.getvalue())

    def damaged(self) -> bytes:
        return self.written(self.files[0])[:-9]


def plain(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat(" ") if isinstance(value, dt.datetime) else value


def as_json(row: Row) -> dict[str, Any]:
    simple = bool | int | float | str | None
    return {name: value if isinstance(value, simple) else written(value) for name, value in row.items()}


def written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date | dt.datetime | dt.time) else number(value)


def number(value: Any) -> Any:
    return float(value) if hasattr(value, "as_tuple") else str(value)


class TestCsv(ConnectorConformance):
    @pytest.fixture
    def source(self, shelf: Shelf) -> SourceUnderTest:
        return CsvUnderTest(shelf)


class TestGzippedCsv(ConnectorConformance):
    @pytest.fixture
    def source(self, shelf: Shelf) -> SourceUnderTest:
        return GzippedCsvUnderTest(shelf)


class TestJson(ConnectorConformance):
    @pytest.fixture
    def source(self, shelf: Shelf) -> SourceUnderTest:
        return JsonUnderTest(shelf)


class TestPackedNdjson(ConnectorConformance):
    @pytest.fixture
    def source(self, shelf: Shelf) -> SourceUnderTest:
        return PackedNdjsonUnderTest(shelf)


class TestParquet(ConnectorConformance):
    @pytest.fixture
    def source(self, shelf: Shelf) -> SourceUnderTest:
        return ParquetUnderTest(shelf)
