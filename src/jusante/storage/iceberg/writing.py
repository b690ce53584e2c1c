"""One commit: staged files in, replaced files out, the schema as it shall be, the summary, all in one transaction."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping

import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, NamespaceAlreadyExistsError, TableAlreadyExistsError
from pyiceberg.io.pyarrow import parquet_file_to_data_file, pyarrow_to_schema
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema as IcebergSchema
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table import Transaction
from pyiceberg.table.update import AddSchemaUpdate, SetCurrentSchemaUpdate
from pyiceberg.types import NestedField

from jusante.core.names import split
from jusante.errors import CommitConflict
from jusante.ports.table_store import Commit
from jusante.storage.iceberg.layout import described
from jusante.storage.iceberg.reading import summary_of
from jusante.storage.iceberg.transactions import change, creation, overwrite

# Metadata is copied whole at each commit: without these it grows, and commits slow down, with every snapshot kept.
PROPERTIES = {
    "format-version": "2",
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "20",  # each commit reads all of them
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    "write.parquet.compression-codec": "zstd",
}
SNAPSHOTS_KEPT = 20
SNAPSHOTS_BEFORE_EXPIRY = 40


def make_namespace(catalog: Catalog, name: str) -> None:
    """The namespace of a table, where it is not there yet."""
    with contextlib.suppress(NamespaceAlreadyExistsError):
        catalog.create_namespace(split(name)[0])


def create(catalog: Catalog, commit: Commit, location: str) -> IcebergTable:
    """A new table, born with its first snapshot. Raises CommitConflict if somebody made it meanwhile."""
    schema = _schema(None, commit)
    with _conflicts(commit.name):
        transaction = creation(catalog, split(commit.name), schema, location, PROPERTIES)
        given = {field.field_id: field.name for field in transaction.table_metadata.schema().fields}
        assert given == {field.field_id: field.name for field in schema.fields}, "ids differ from those in the files"
        _append(transaction, commit, None)
        made = transaction.commit_transaction()
        return IcebergTable(made.name(), made.metadata, made.metadata_location, made.io, catalog)


def replace(table: IcebergTable, commit: Commit) -> IcebergTable:
    """The next snapshot of a table. Raises CommitConflict if the table is not what the commit was computed from."""
    current = table.current_snapshot()
    if (current.snapshot_id if current else None) != commit.expected:
        raise CommitConflict(
            f"{commit.name} was changed by somebody else meanwhile", where=commit.name, fix="run again"
        )
    with _conflicts(commit.name):
        transaction = change(table)
        _evolve(transaction, _schema(table, commit))
        if commit.remove:
            _overwrite(transaction, table, commit)
        else:
            _append(transaction, commit, summary_of(current))
        transaction.commit_transaction()
    return _expired(table)


@contextlib.contextmanager
def _conflicts(name: str) -> Iterator[None]:
    try:
        yield
    except (CommitFailedException, TableAlreadyExistsError):
        raise CommitConflict(f"{name} was changed by somebody else meanwhile", where=name, fix="run again") from None


def _schema(table: IcebergTable | None, commit: Commit) -> IcebergSchema:
    """The columns of `commit.schema`, with types from the staged files, else from the table as it is."""
    fields = {field.field_id: field for field in table.schema().fields} if table else {}
    for file in commit.add.files[:1]:
        fields |= {field.field_id: field for field in pyarrow_to_schema(pq.read_schema(file)).fields}
    chosen = [fields[column.id] for column in commit.schema if column.id is not None]
    return IcebergSchema(
        *(NestedField(f.field_id, name, f.field_type, required=False) for f, name in _named(chosen, commit))
    )


def _named(fields: list[NestedField], commit: Commit) -> Iterable[tuple[NestedField, str]]:
    return zip(fields, commit.schema.names, strict=True)


def _evolve(transaction: Transaction, schema: IcebergSchema) -> None:
    metadata = transaction.table_metadata
    if metadata.schema().fields == schema.fields:
        return
    for known in metadata.schemas:
        if known.fields == schema.fields:
            transaction._apply((SetCurrentSchemaUpdate.model_validate({"schema-id": known.schema_id}),))
            return
    number = max(known.schema_id for known in metadata.schemas) + 1
    added = IcebergSchema(*schema.fields, schema_id=number)
    added_update = AddSchemaUpdate.model_validate({"schema": added})
    transaction._apply((added_update, SetCurrentSchemaUpdate.model_validate({"schema-id": number})))


def _append(transaction: Transaction, commit: Commit, kept: Mapping[str, str] | None) -> None:
    summary = described(commit.summary, commit.add.schema, kept)
    with transaction.update_snapshot(snapshot_properties=summary).merge_append() as update:
        for file in _data_files(transaction, commit):
            update.append_data_file(file)


def _overwrite(transaction: Transaction, table: IcebergTable, commit: Commit) -> None:
    removed = set(commit.remove)
    tasks = list(table.scan().plan_files())
    stay = any(task.file.file_path not in removed for task in tasks)
    summary = described(commit.summary, commit.add.schema, summary_of(table.current_snapshot()) if stay else None)
    with overwrite(transaction, summary) as update:
        for task in tasks:
            if task.file.file_path in removed:
                update.delete_data_file(task.file)
        for file in _data_files(transaction, commit):
            update.append_data_file(file)


def _data_files(transaction: Transaction, commit: Commit) -> Iterator[DataFile]:
    io, metadata = transaction._table.io, transaction.table_metadata
    return (parquet_file_to_data_file(io, metadata, file) for file in commit.add.files)


def _expired(table: IcebergTable) -> IcebergTable:
    """Keep the last snapshots only, once twice as many have gathered."""
    snapshots = sorted(table.metadata.snapshots, key=lambda snapshot: snapshot.timestamp_ms)
    if len(snapshots) < SNAPSHOTS_BEFORE_EXPIRY:
        return table
    current = table.current_snapshot()
    old = [s.snapshot_id for s in snapshots[:-SNAPSHOTS_KEPT] if not current or s.snapshot_id != current.snapshot_id]
    table.maintenance.expire_snapshots().by_ids(old).commit()
    return table.refresh()
