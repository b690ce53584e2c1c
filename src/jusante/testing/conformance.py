"""What every connector must do."""

import traceback
from collections.abc import Callable

from jusante.core.cursor import Cursor
from jusante.core.schema import Column, Schema
from jusante.ports.engine import Engine
from jusante.ports.relation import Batches
from jusante.testing.reading import opened, refusal
from jusante.testing.rows import (
    BY_VERSION,
    MANY_ROWS,
    NUMBERED,
    READ,
    TABLE,
    UNICODE,
    Row,
    numbered,
    sorted_plain,
)
from jusante.testing.source import SourceUnderTest, every_type


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
            with engine.session({READ: sample}) as session:
                ids = session.rows(f"select id from {READ} limit 20")
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


def needs(condition: bool, reason: str) -> None:
    """Skip the test, with the reason, unless the condition holds."""
    if not condition:
        import pytest

        pytest.skip(reason)
