"""Data that crosses a port: Arrow batches, or a plan that says where to read them. Never rows one by one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from jusante.core.schema import Schema
from jusante.core.secret import Secret

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class FilePlan:
    """Parquet files of a table of ours; columns are matched by field id, so that files from before a rename still read.

    `schema` has an id on every column. `rows` and `bytes` are totals. With `file_column`, a column of that name says
    which file each row lies in; with `position_column`, the how many-th row of its file it is, counted from 0.
    `uniform`: every file has just these columns, so that nothing has to be matched.
    """

    files: tuple[str, ...]
    schema: Schema
    rows: int
    bytes: int
    file_column: str | None = None
    uniform: bool = False
    position_column: str | None = None


@dataclass(frozen=True, slots=True)
class FileScan:
    """Files that somebody else wrote, all of one format; columns are matched by name, and a file may lack some.

    `format` is csv, json (one document), ndjson or parquet. `options` go to the engine's reader of that format.
    `types` fixes the types of columns by name (Iceberg's names); others are found from the content.
    With `file_column`, a column of that name says which file each row came from.
    With `set_aside`, rows that cannot be read are kept for `Session.rejects` instead of failing the read.
    """

    format: Literal["csv", "json", "ndjson", "parquet"]
    files: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    file_column: str | None = None
    set_aside: bool = False


@dataclass(frozen=True, slots=True)
class DatabaseScan:
    """A table in another database, or a query in that database's own SQL, which the engine reads by itself.

    With `table` (schema and name; the schema may be empty) the engine may read ranges in parallel, up to `connections`.
    With `query` the text is sent as it is, on one connection: right for a few rows by an index. For the kind duckdb the
    query finds the tables under `"__attached__"`.
    `columns` are those to read, in order, each with its type here (Iceberg's names); no other column leaves the source.
    Empty: all, as the engine finds them. A query in SQLite gives binary columns as hexadecimal digits.
    `source` is what errors call it.
    """

    kind: Literal["postgres", "mysql", "sqlite", "duckdb"]
    connection: Secret
    table: tuple[str, str] | None = None
    query: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    connections: int = 2
    timeout_seconds: float = 60.0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Batches:
    """Arrow record batches, read once, in bounded memory: the next is asked for when the last is used."""

    schema: "pa.Schema"
    batches: "Iterator[pa.RecordBatch]"


Relation = FilePlan | FileScan | DatabaseScan | Batches
