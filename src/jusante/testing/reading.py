"""How the suite reads: as a load does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jusante.core.names import quote
from jusante.core.schema import Schema
from jusante.core.source import SourceTable
from jusante.errors import SourceError
from jusante.ports.connector import Connector, Reading, Request
from jusante.ports.engine import Engine
from jusante.testing.rows import READ, TABLE, plain
from jusante.testing.source import SourceUnderTest

if TYPE_CHECKING:
    import pyarrow as pa


class Opened:
    """A connector with its table, read as a load reads it."""

    def __init__(self, source: SourceUnderTest, engine: Engine, **settings: Any) -> None:
        self.table = source.table(**settings)
        self.connector = source.connector()
        self._engine = engine

    def schema(self) -> Schema:
        """The table at the source."""
        return self.connector.schema(TABLE, self.table)

    def request(self, columns: tuple[str, ...] | None = None, **wanted: Any) -> Request:
        """A request for columns; all where none are named."""
        return Request(TABLE, self.table, columns or self.schema().names, **wanted)

    def reading(self, columns: tuple[str, ...] | None = None, **wanted: Any) -> Reading:
        """Start a reading."""
        return self.connector.read(self.request(columns, **wanted))

    def rows(self, reading: Reading, schema: Schema) -> list[dict[str, Any]]:
        """All rows of a reading, as values of the types in `schema`, by `id`."""
        with self._engine.session({READ: reading.relation}) as session:
            casts = ", ".join(f"cast({quote(c.name)} as {session.sql_type(c.type)}) as {quote(c.name)}" for c in schema)
            found = session.rows(f"select {casts} from {READ}")
        rows = [dict(zip(schema.names, map(plain, values), strict=True)) for values in found]
        return sorted(rows, key=lambda row: repr(row.get("id")))

    def columns(self, reading: Reading) -> tuple[str, ...]:
        """The names of the columns that a reading brings."""
        with self._engine.session({READ: reading.relation}) as session:
            return session.schema(f"select * from {READ}").names

    def first_batch(self, reading: Reading) -> "pa.RecordBatch":
        """The first rows of a reading, which is then dropped."""
        with self._engine.session({READ: reading.relation}) as session:
            reader = session.reader(f"select * from {READ}", 1_000)
            batch = reader.read_next_batch()
            reader.close()
            return batch


@contextmanager
def opened(source: SourceUnderTest, engine: Engine, **settings: Any) -> Iterator[Opened]:
    """The source's connector, closed at the end."""
    it = Opened(source, engine, **settings)
    try:
        yield it
    finally:
        it.connector.close()


def refusal(connector: Connector, table: SourceTable, engine: Engine) -> SourceError:
    """The SourceError that a connector raises on the way to a table's rows, at whichever step."""
    try:
        names = connector.schema(TABLE, table).names
        reading = connector.read(Request(TABLE, table, names))
        with engine.session({READ: reading.relation}) as session:
            session.rows(f"select count(*) from {READ}")
            session.rows(f"select * from {READ}")
    except SourceError as error:
        return error
    raise AssertionError("the source could be read")
