"""What the suite has to know of a source."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from jusante.core.schema import Column, Schema
from jusante.core.source import SourceTable
from jusante.ports.connector import Connector
from jusante.testing.rows import ODD_NAMES, SAMPLES, Row


class SourceUnderTest(ABC):
    """How the suite gets rows into a real source, and what the connector says it can do.

    `types` are the types the source can hold, each with the one that the connector reads it as.
    """

    types: ClassVar[Mapping[str, str]] = {name: name for name in SAMPLES}
    lists_tables: ClassVar[bool] = False
    """Whether `tables()` names the loaded table."""
    reads_since: ClassVar[bool] = True
    """Whether rows before `Request.since` stay at the source."""
    holds_null_cursors: ClassVar[bool] = True
    """Whether a row may be without a value in the cursor column, and comes all the same."""
    tells_unchanged: ClassVar[bool] = True
    """Whether `unchanged` is ever true."""
    sees_deletes: ClassVar[bool] = True
    """Whether `unchanged` is false after a row was deleted."""
    cuts_columns: ClassVar[bool] = True
    """Whether the relation holds no more than the columns that are asked for, and those in `own_columns`."""
    own_columns: ClassVar[tuple[str, ...]] = ()
    """Columns that the connector adds to every reading by itself."""
    describes_empty: ClassVar[bool] = True
    """Whether a table without rows still has its columns."""
    odd_names: ClassVar[Sequence[str]] = ODD_NAMES
    """Column names that the source can bear."""
    secret: ClassVar[str] = ""
    """A text that must be in no message (the password of `broken`)."""

    @abstractmethod
    def load(self, rows: Sequence[Row], schema: Schema) -> None:
        """Make a table of these columns with these rows, in place of the one there was."""

    @abstractmethod
    def add(self, rows: Sequence[Row]) -> None:
        """Put more rows into the loaded table."""

    @abstractmethod
    def change(self, key: int, row: Row) -> None:
        """Put `row` in place of the row with that `id`."""

    @abstractmethod
    def delete(self, key: int) -> None:
        """Remove the row with that `id`."""

    @abstractmethod
    def connector(self) -> Connector:
        """A connector opened anew. The suite closes it."""

    @abstractmethod
    def table(self, **settings: Any) -> SourceTable:
        """The loaded table as a project would declare it, with these settings (`ingest`, `columns` …) of its own."""

    @abstractmethod
    def missing(self) -> SourceTable:
        """A table that the source does not have."""

    @abstractmethod
    def broken(self) -> Connector:
        """A connector to something that cannot be read: nobody listens, or the file is damaged. It knows `secret`."""

    @abstractmethod
    def still_open(self) -> int:
        """How many connections to the source, or open files of it, this process holds."""


def every_type(source: SourceUnderTest) -> tuple[list[Row], Schema]:
    """Rows with the samples of every type that the source can hold, and one of nulls."""
    names = {f"c_{kind.split('(')[0]}": kind for kind in source.types}
    schema = Schema((Column("id", "long"), *(Column(name, kind) for name, kind in names.items())))
    count = max(len(SAMPLES[kind]) for kind in source.types)
    rows: list[Row] = [
        {"id": key, **{name: SAMPLES[kind][key % len(SAMPLES[kind])] for name, kind in names.items()}}
        for key in range(count)
    ]
    return [*rows, {"id": count, **dict.fromkeys(names)}], schema
