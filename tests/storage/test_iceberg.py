"""Tables at rest: what another Iceberg reader sees, columns that come and go, expiry, sweeping, rollback, conflicts."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from jusante.core.evolution import kept_ids, merged
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.errors import CommitConflict, StorageError
from jusante.ports.relation import Batches
from jusante.ports.table_store import Commit, Table
from jusante.storage.iceberg.store import IcebergStore

NAME = "sales.orders"
NOW = dt.timedelta(0)


class House:
    """A store and an engine that stages into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = IcebergStore(str(folder / "warehouse"), f"sqlite:///{folder / 'catalog.db'}", folder / "plans")
        self.engine = DuckDBEngine(EngineSettings(memory="200MB", threads=1))

    def publish(self, rows: pa.Table, *, anew: bool = True, **summary: str) -> Table:
        """Publish rows, in place of all others or beside them."""
        commit = self.staged(rows, anew=anew, **summary)
        return self.store.commit(commit)

    def staged(self, rows: pa.Table, *, anew: bool = True, **summary: str) -> Commit:
        """Rows staged, and the commit that would publish them."""
        current = self.store.table(NAME)
        with self.engine.session({"in.rows": Batches(rows.schema, iter(rows.to_batches()))}) as session:
            from jusante.management.publish import stage_into

            folder = self.store.staging(NAME, f"r{len(list(self.folder.rglob('*.parquet')))}")
            plan = stage_into(session, 'select * from "in".rows', folder, current)
        schema = plan.schema if current is None or anew else merged(current.schema, plan.schema)
        remove = current.plan.files if current and anew else ()
        return Commit(NAME, plan, schema, remove, current.snapshot_id if current else None, summary)

    def rows(self) -> list[dict[str, object]]:
        """The table's rows as the engine reads them."""
        table = self.store.table(NAME)
        assert table is not None
        with self.engine.session({NAME: table.plan}) as session:
            return session.table(f"select * from {NAME} order by id").to_pylist()

    def files(self) -> set[str]:
        """All data files on disk."""
        return {str(path) for path in (self.folder / "warehouse").rglob("data/**/*.parquet")}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty house."""
    house = House(tmp_path)
    yield house
    house.engine.close()
    house.store.close()


def some(**columns: list[object]) -> pa.Table:
    return pa.table(columns)


def test_another_iceberg_reader_sees_the_same(house: House) -> None:
    from pyiceberg.catalog.sql import SqlCatalog

    rows = pa.table({"id": [1, 2], "at": pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * 2), "tags": [["a"], None]})
    house.publish(rows)
    catalog = SqlCatalog("jusante", uri=f"sqlite:///{house.folder / 'catalog.db'}")
    table = catalog.load_table(NAME)
    assert table.scan().to_arrow().to_pylist() == rows.to_pylist() == house.rows()
    assert table.scan(row_filter="id = 2").to_arrow().num_rows == 1
    catalog.engine.dispose()


def test_columns_that_come_and_go_keep_their_ids(house: House) -> None:
    first = house.publish(some(id=[1], a=["x"]))
    second = house.publish(some(b=[2.5], id=[2]), anew=False)
    assert [column.name for column in second.schema] == ["id", "a", "b"]
    assert second.ids["id"] == first.ids["id"]
    assert second.ids["b"] not in first.ids.values()
    assert house.rows() == [{"id": 1, "a": "x", "b": None}, {"id": 2, "a": None, "b": 2.5}]
    third = house.publish(some(id=[3]))
    assert list(third.schema.names) == ["id"]
    fourth = house.publish(some(id=[3], a=["new"]))
    assert fourth.ids["a"] not in set(second.ids.values()), "a column that comes back is not the one that went"


def test_a_type_that_widens_keeps_its_column_and_one_that_does_not_gets_another() -> None:
    from jusante.core.schema import Column, Schema

    before = Schema((Column("a", "int", 1), Column("b", "string", 2)))
    assert kept_ids({"a": 1, "b": 2}, before, Schema((Column("a", "long"), Column("b", "long")))) == {"a": 1}


def test_a_commit_on_a_table_that_moved_on_is_refused_and_changes_nothing(house: House) -> None:
    house.publish(some(id=[1]))
    late = house.staged(some(id=[2]))
    house.publish(some(id=[3]))
    with pytest.raises(CommitConflict) as conflict:
        house.store.commit(late)
    assert conflict.value.where == NAME
    assert house.rows() == [{"id": 3}]


def test_a_table_that_somebody_else_made_meanwhile_is_not_overwritten(house: House) -> None:
    first, second = house.staged(some(id=[1])), house.staged(some(id=[2]))
    house.store.commit(first)
    with pytest.raises(CommitConflict):
        house.store.commit(second)
    assert house.rows() == [{"id": 1}]


def test_unstaging_leaves_what_is_published(house: House) -> None:
    house.publish(some(id=[1]))
    published = house.files()
    house.staged(some(id=[2]))
    assert len(house.files()) == 2
    house.store.unstage(NAME, "r1")
    assert house.files() == published
    house.store.unstage(NAME, "r0")
    assert house.files() == published, "the files of the current snapshot are not leftovers"


def test_an_earlier_snapshot_comes_back(house: House) -> None:
    first = house.publish(some(id=[1], a=["x"]), **{"jusante.run": "one"})
    house.publish(some(id=[2]), **{"jusante.run": "two"})
    back = house.store.rollback(NAME, first.snapshot_id)
    assert back.summary["jusante.run"] == "one"
    assert house.rows() == [{"id": 1, "a": "x"}]
    with pytest.raises(StorageError) as unknown:
        house.store.rollback(NAME, 12345)
    assert "12345" in str(unknown.value)


def test_maintenance_expires_and_sweeps_and_readers_keep_what_is_current(house: House) -> None:
    for number in range(5):
        house.publish(some(id=[number]))
    stray = next((house.folder / "warehouse").rglob("data")) / "stray.parquet"
    stray.write_bytes(b"left by nobody")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    swept = house.store.maintain(NAME, NOW, older_than=later)
    assert swept.snapshots_expired == 4
    assert swept.orphans_removed >= 5
    assert swept.bytes_freed > 0
    assert len(house.files()) == 1
    assert house.rows() == [{"id": 4}]
    assert len(house.store.history(NAME)) == 1


def test_maintenance_leaves_what_is_young(house: House) -> None:
    house.publish(some(id=[1]))
    house.publish(some(id=[2]))
    house.staged(some(id=[3]))
    before = house.files()
    past = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    assert house.store.maintain(NAME, dt.timedelta(days=7), older_than=past).orphans_removed == 0
    assert house.files() == before


def test_a_dropped_table_is_gone_with_its_files(house: House) -> None:
    house.publish(some(id=[1]))
    house.store.drop(NAME)
    assert house.store.table(NAME) is None
    assert house.files() == set()
    assert NAME not in house.store.pointers()


def test_an_old_pointer_names_the_old_state(house: House) -> None:
    first = house.publish(some(id=[1]))
    house.publish(some(id=[2]))
    before = house.store.table(NAME, first.pointer)
    assert before is not None
    assert before.plan.files == first.plan.files
    assert before.snapshot_id == first.snapshot_id


def test_many_commits_do_not_make_metadata_grow_for_ever(house: House) -> None:
    """Metadata files are few, however often a table is published."""
    for number in range(30):
        house.publish(some(id=[number]), anew=False)
    metadata = list((house.folder / "warehouse").rglob("metadata/*.metadata.json"))
    assert len(metadata) <= 25, len(metadata)
    assert len(house.rows()) == 30


def test_many_commits_do_not_make_the_next_one_slower(house: House) -> None:
    """A commit reads each manifest of the table: those of files that are gone are let go of, many of few files become one."""
    for number in range(6):
        house.publish(some(id=[number]), anew=True)
    assert len(_manifests(house)) <= 2
    assert house.rows() == [{"id": 5}]
    for number in range(6, 30):
        house.publish(some(id=[number]), anew=False)
        assert len(_manifests(house)) <= 20
    table = house.store.table(NAME)
    assert table is not None
    commit = house.staged(some(id=[99]), anew=False)
    house.store.commit(replace(commit, remove=table.plan.files[10:15]))
    seen = house.store._load(NAME).scan().to_arrow()["id"].to_pylist()
    assert sorted(seen) == [row["id"] for row in house.rows()]
    assert len(seen) == 25 - 5 + 1
    assert len(_manifests(house)) <= 20


def _manifests(house: House) -> list[str]:
    table = house.store._load(NAME)
    snapshot = table.current_snapshot()
    assert snapshot is not None
    return [manifest.manifest_path for manifest in snapshot.manifests(table.io)]


def test_files_are_read_as_they_are_only_while_all_have_the_tables_columns(house: House) -> None:
    """By id, so that a column that went and came back does not show what it held before."""
    assert house.publish(some(id=[1], a=["x"])).plan.uniform
    assert house.publish(some(id=[2], a=["y"]), anew=False).plan.uniform
    assert not house.publish(some(id=[3]), anew=False).plan.uniform
    assert house.rows() == [{"id": 1, "a": "x"}, {"id": 2, "a": "y"}, {"id": 3, "a": None}]
    assert not house.publish(some(id=[4], a=["z"]), anew=False).plan.uniform
    assert house.publish(some(id=[5])).plan.uniform
    assert house.publish(some(id=[6], a=["new"]), anew=False).plan.uniform is False
    assert house.rows() == [{"id": 5, "a": None}, {"id": 6, "a": "new"}]
    kept = house.store.table(NAME)
    assert kept is not None
    assert house.store.rollback(NAME, kept.snapshot_id).plan.uniform is False
