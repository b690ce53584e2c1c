"""The conformance suite that every connector passes, in this package or in somebody else's.

```python
class TestShopConnector(ConnectorConformance):
    @pytest.fixture
    def source(self, tmp_path):  # a SourceUnderTest: how the tests put rows where the connector finds them
        return ShopUnderTest(tmp_path)
```
Beside `source` the suite asks for a fixture `engine`, a real `ports.engine.Engine`. pytest is needed to run it only.
"""

import datetime as dt
import decimal
import traceback
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from jusante.core.cursor import Cursor
from jusante.core.names import quote
from jusante.core.schema import Column, Schema
from jusante.core.source import SourceTable
from jusante.errors import SourceError
from jusante.ports.connector import Connector, Reading, Request
from jusante.ports.engine import Engine
from jusante.ports.relation import Batches

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, Any]
"""Values by column name. Every table of the suite has a column `id`, a long, unique and not null."""

TABLE = "conformance"
MANY_ROWS = 30_000
_READ = "conformance.rows"

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
        with self._engine.session({_READ: reading.relation}) as session:
            casts = ", ".join(f"cast({quote(c.name)} as {session.sql_type(c.type)}) as {quote(c.name)}" for c in schema)
            found = session.rows(f"select {casts} from {_READ}")
        rows = [dict(zip(schema.names, map(plain, values), strict=True)) for values in found]
        return sorted(rows, key=lambda row: repr(row.get("id")))

    def columns(self, reading: Reading) -> tuple[str, ...]:
        """The names of the columns that a reading brings."""
        with self._engine.session({_READ: reading.relation}) as session:
            return session.schema(f"select * from {_READ}").names

    def first_batch(self, reading: Reading) -> "pa.RecordBatch":
        """The first rows of a reading, which is then dropped."""
        with self._engine.session({_READ: reading.relation}) as session:
            reader = session.reader(f"select * from {_READ}", 1_000)
            batch = reader.read_next_batch()
            reader.close()
            return batch


class ConnectorConformance:
    """What every connector must do. Subclass it as `Test…`, and give it the fixtures `source` and `engine`."""

    # -- shape and values ----------------------------------------------------------------------------------------------

    def test_the_schema_is_that_of_what_was_loaded(self, source: SourceUnderTest, engine: Engine) -> None:
        """Names, order and types."""
        rows, schema = every_type(source)
        source.load(rows, schema)
        with opened(source, engine) as it:
            found = {column.name: column.type for column in it.schema()}
        assert list(found) == list(schema.names)
        assert found == {column.name: source.types[column.type] for column in schema}

    def test_every_value_comes_as_it_was_loaded(self, source: SourceUnderTest, engine: Engine) -> None:
        """Of every type, nulls included."""
        rows, schema = every_type(source)
        source.load(rows, schema)
        with opened(source, engine) as it:
            assert it.rows(it.reading(), schema) == sorted_plain(rows)

    def test_every_row_comes_once(self, source: SourceUnderTest, engine: Engine) -> None:
        """More rows than one page or batch holds."""
        source.load([numbered(key) for key in range(MANY_ROWS)], NUMBERED)
        with opened(source, engine) as it:
            reading = it.reading()
            keys = sorted(row["id"] for row in it.rows(reading, NUMBERED.select(("id",))))
        assert reading.complete
        assert keys == list(range(MANY_ROWS))

    def test_a_reading_brings_only_the_columns_asked_for(self, source: SourceUnderTest, engine: Engine) -> None:
        """A column that is not named does not leave the source, whatever it holds."""
        source.load([numbered(1)], NUMBERED)
        with opened(source, engine) as it:
            reading = it.reading(("id",))
            found = it.columns(reading)
            assert it.rows(it.reading(("id",)), NUMBERED.select(("id",))) == [{"id": 1}]
        assert found == ("id", *source.own_columns) if source.cuts_columns else "id" in found

    def test_a_sample_brings_some_rows_with_the_columns_asked_for(
        self, source: SourceUnderTest, engine: Engine
    ) -> None:
        """Enough to tell what is in a column, and no other column of it; a load that follows brings all."""
        source.load([numbered(i) for i in range(50)], NUMBERED)
        with opened(source, engine) as it:
            it.schema()
            sample = it.connector.sample(it.request(("id",)), 20)
            with engine.session({_READ: sample}) as session:
                ids = session.rows(f"select id from {_READ} limit 20")
            assert len({row[0] for row in ids} & set(range(50))) == 20
            assert len(it.rows(it.reading(), NUMBERED)) == 50

    def test_an_empty_table_has_no_rows(self, source: SourceUnderTest, engine: Engine) -> None:
        """And it still has columns, where the source can tell."""
        source.load([], NUMBERED)
        with opened(source, engine) as it:
            names = it.schema().names
            if source.describes_empty:
                assert names == NUMBERED.names
                assert it.rows(it.reading(), NUMBERED) == []
            else:
                assert it.rows(it.reading(("id",)), NUMBERED.select(("id",))) == []

    def test_texts_come_in_all_scripts(self, source: SourceUnderTest, engine: Engine) -> None:
        """Right to left, composed of several code points, outside the basic plane."""
        schema = Schema((Column("id", "long"), Column("name", "string")))
        rows = [{"id": key, "name": text} for key, text in enumerate(UNICODE)]
        source.load(rows, schema)
        with opened(source, engine) as it:
            assert it.rows(it.reading(), schema) == sorted_plain(rows)

    def test_columns_with_odd_names_come(self, source: SourceUnderTest, engine: Engine) -> None:
        """Reserved words, spaces, quotes and dots."""
        schema = Schema((Column("id", "long"), *(Column(name, "string") for name in source.odd_names)))
        rows: list[Row] = [{"id": key, **{name: f"{name} {key}" for name in source.odd_names}} for key in (1, 2)]
        source.load(rows, schema)
        with opened(source, engine) as it:
            assert it.schema().names == schema.names
            assert it.rows(it.reading(), schema) == sorted_plain(rows)

    def test_reading_twice_gives_the_same(self, source: SourceUnderTest, engine: Engine) -> None:
        """From one connector and from another."""
        source.load([numbered(key) for key in range(100)], NUMBERED)
        with opened(source, engine) as it:
            first, second = (it.rows(it.reading(), NUMBERED) for _ in range(2))
        with opened(source, engine) as other:
            assert first == second == other.rows(other.reading(), NUMBERED)
        assert len(first) == 100

    def test_a_source_that_lists_tables_names_the_loaded_one(self, source: SourceUnderTest, engine: Engine) -> None:
        """As `from:` takes it."""
        source.load([numbered(1)], NUMBERED)
        with opened(source, engine) as it:
            named = [name for name in it.connector.tables() if name.split(".")[-1] == TABLE]
        assert len(named) == int(source.lists_tables)

    # -- what is new ---------------------------------------------------------------------------------------------------

    def test_rows_at_and_after_the_cursor_come_and_none_before(self, source: SourceUnderTest, engine: Engine) -> None:
        """Ties on the cursor come, and rows without one."""
        needs(source.reads_since, "this source has no cursor")
        keys = [1, 2, 3, 4]
        rows = [{**numbered(key), "version": version} for key, version in zip(keys, (5, 6, 6, 7), strict=True)]
        rows += [{**numbered(9), "version": None}] if source.holds_null_cursors else []
        source.load(rows, NUMBERED)
        with opened(source, engine, **BY_VERSION) as it:
            reading = it.reading(since=Cursor("version", 6))
            found = [row["id"] for row in it.rows(reading, NUMBERED)]
        assert not reading.complete
        assert found == ([2, 3, 4, 9] if source.holds_null_cursors else [2, 3, 4])

    def test_rows_that_come_late_are_read(self, source: SourceUnderTest, engine: Engine) -> None:
        """Rows written after the last load, at the cursor of the last load and after it."""
        needs(source.reads_since, "this source has no cursor")
        source.load([{**numbered(1), "version": 5}], NUMBERED)
        with opened(source, engine, **BY_VERSION) as it:
            marker = it.reading().marker
            source.add([{**numbered(2), "version": 5}, {**numbered(3), "version": 6}])
            request = it.request(since=Cursor("version", 5), marker=marker)
            assert not it.connector.unchanged(request)
            assert [row["id"] for row in it.rows(it.connector.read(request), NUMBERED)] == [1, 2, 3]

    def test_nothing_has_changed_since_a_reading_until_something_does(
        self, source: SourceUnderTest, engine: Engine
    ) -> None:
        """A row added, changed, deleted."""
        source.load([numbered(key) for key in range(10)], NUMBERED)
        changes: list[Callable[[], None]] = [
            lambda: source.add([numbered(10)]),
            lambda: source.change(3, {**numbered(3), "name": "other"}),
        ]
        changes += [lambda: source.delete(4)] if source.sees_deletes else []
        with opened(source, engine) as it:
            assert not it.connector.unchanged(it.request())
            for change in changes:
                reading = it.reading()
                it.rows(reading, NUMBERED)
                assert it.connector.unchanged(it.request(marker=reading.marker)) == source.tells_unchanged
                change()
                assert not it.connector.unchanged(it.request(marker=reading.marker))

    # -- ends and errors -----------------------------------------------------------------------------------------------

    def test_a_reading_that_is_dropped_midway_leaves_nothing_open(
        self, source: SourceUnderTest, engine: Engine
    ) -> None:
        """No connection, no file."""
        source.load([numbered(key) for key in range(MANY_ROWS)], NUMBERED)
        before = source.still_open()
        with opened(source, engine) as it:
            assert it.first_batch(it.reading()).num_rows
        assert source.still_open() == before

    def test_rows_are_fetched_when_they_are_asked_for(self, source: SourceUnderTest, engine: Engine) -> None:
        """A connector that makes batches itself never holds all of the rows."""
        source.load([numbered(key) for key in range(MANY_ROWS)], NUMBERED)
        with opened(source, engine) as it:
            relation = it.reading().relation
            needs(isinstance(relation, Batches), "the engine reads this source, within its own memory limit")
            assert isinstance(relation, Batches)
            sizes = [batch.num_rows for batch in relation.batches]
        assert sum(sizes) == MANY_ROWS
        assert max(sizes) <= MANY_ROWS // 2

    def test_closing_twice_is_no_error(self, source: SourceUnderTest, engine: Engine) -> None:
        """`close` never raises."""
        source.load([numbered(1)], NUMBERED)
        with opened(source, engine) as it:
            it.rows(it.reading(), NUMBERED)
            it.connector.close()

    def test_a_table_that_is_not_there_is_named_with_the_fix(self, source: SourceUnderTest, engine: Engine) -> None:
        """The error says what, where and how to put it right."""
        source.load([numbered(1)], NUMBERED)
        connector = source.connector()
        try:
            error = refusal(connector, source.missing(), engine)
        finally:
            connector.close()
        assert error.what
        assert error.where
        assert error.fix

    def test_no_message_holds_the_secret(self, source: SourceUnderTest, engine: Engine) -> None:
        """Not the error, not what it was raised from."""
        source.load([numbered(1)], NUMBERED)
        connector = source.broken()
        try:
            error = refusal(connector, source.table(), engine)
        finally:
            connector.close()
        told = "".join([str(error), repr(error), *error.as_dict().values(), *traceback.format_exception(error)])
        told += repr(connector)
        assert not source.secret or source.secret not in told


NUMBERED = Schema(
    (Column("id", "long"), Column("name", "string"), Column("amount", "double"), Column("version", "long"))
)
BY_VERSION: Mapping[str, Any] = {"ingest": {"mode": "incremental", "cursor": "version"}}


def numbered(key: int) -> dict[str, Any]:
    """A row of NUMBERED."""
    return {"id": key, "name": f"row {key}", "amount": key / 4 + 0.125, "version": key + 1}


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


def refusal(connector: Connector, table: SourceTable, engine: Engine) -> SourceError:
    """The SourceError that a connector raises on the way to a table's rows, at whichever step."""
    try:
        names = connector.schema(TABLE, table).names
        reading = connector.read(Request(TABLE, table, names))
        with engine.session({_READ: reading.relation}) as session:
            session.rows(f"select count(*) from {_READ}")
            session.rows(f"select * from {_READ}")
    except SourceError as error:
        return error
    raise AssertionError("the source could be read")


def needs(condition: bool, reason: str) -> None:
    """Skip the test, with the reason, unless the condition holds."""
    if not condition:
        import pytest

        pytest.skip(reason)


@contextmanager
def opened(source: SourceUnderTest, engine: Engine, **settings: Any) -> Iterator[Opened]:
    """The source's connector, closed at the end."""
    it = Opened(source, engine, **settings)
    try:
        yield it
    finally:
        it.connector.close()
