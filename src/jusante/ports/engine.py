"""What runs queries."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from jusante.core.schema import Schema
from jusante.ports.relation import FilePlan, Relation

if TYPE_CHECKING:
    import pyarrow as pa

TextFunction = Callable[..., list[str | None]]
"""From columns of texts to one of the same length: one list of texts or nulls for each argument."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where staged files go: a folder of their own, and the ids that columns have in the table, by name.

    Columns without an id yet get new ones, above `last_id`. `file_bytes` is about how large a file may become, where the
    engine's own choice is not wanted.
    """

    folder: str
    ids: Mapping[str, int]
    last_id: int
    file_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not be read: where it stood, why, and its text as it was."""

    file: str
    line: int
    column: str
    reason: str
    text: str


OperatorKind = Literal["scan", "filter", "join", "aggregate", "window", "sort", "union", "project", "write", "other"]


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of a query that has been run: the rows it gave, and the seconds of all cores that it took by itself.

    `about` says what a join compares; `table` is what a scan read, where that is one of the session's relations. `inputs`
    are the operators that it got its rows from.
    """

    kind: OperatorKind
    about: str
    rows: int
    seconds: float
    inputs: tuple["Operator", ...] = ()
    table: str | None = None


class Session(Protocol):
    """One piece of work: relations under names, and SQL over them. Errors are `EngineError`s or the source's own."""

    def sql_type(self, type_name: str) -> str:
        """A type, named as `core.schema` names it, as this engine's SQL writes it."""

    def schema(self, sql: str) -> Schema:
        """The columns that a query gives, in storable types, without running it."""

    def stage(self, sql: str, target: Target) -> FilePlan:
        """Run a query into Parquet files in the target's folder. Out-of-core: memory is bounded by the engine's limit."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """A small result as Python values."""

    def table(self, sql: str) -> "pa.Table":
        """A result in memory, as Arrow."""

    def reader(self, sql: str, batch_rows: int = 65_536) -> "pa.RecordBatchReader":
        """A result as a stream of Arrow batches, valid while the session is open."""

    def add(self, name: str, relation: Relation) -> None:
        """One more relation, under a table's name (`namespace.table`)."""

    def add_view(self, name: str, sql: str) -> None:
        """A query under a table's name, over relations already there."""

    def keyed_hash(self, name: str, key: bytes) -> Callable[[str], str]:
        """Gives SQL for the HMAC-SHA-256 of the bytes that an expression gives, in hexadecimal digits.

        `name` tells keys of this session apart. The key itself stands in no SQL text.
        """

    def function(self, name: str, work: TextFunction, arguments: int) -> Callable[..., str]:
        """Gives SQL that calls a function of ours with one argument or two, on many rows at once, while the session is open."""

    def profile(self) -> list[Operator]:
        """Profile the next query that is staged: when it has been, the list holds its last operator, and so all of them."""

    def rejects(self, name: str) -> list[Reject]:
        """The rows of a `FileScan` with `set_aside` that could not be read, after it was read; at most 10,000."""

    @property
    def cancelled(self) -> bool:
        """Whether somebody has told it to stop: what works for it beside its queries, looks here."""

    def cancel(self) -> None:
        """Stop what runs now, from another thread; it raises `EngineError` where it ran."""


class Engine(Protocol):
    """A query engine. Sessions are independent and may be open at once in several threads."""

    def session(
        self, relations: Mapping[str, Relation] | None = None, *, locked: bool = False
    ) -> AbstractContextManager[Session]:
        """A session over relations by table name. `locked`: it can read these and nothing else, and write nothing."""

    def close(self) -> None:
        """Let go of memory and spill files."""
