"""From pyiceberg's tables to ours."""

import dataclasses
import datetime as dt
from typing import Any

from pyiceberg.table import Table as IcebergTable
from pyiceberg.types import DecimalType, ListType, MapType, NestedField, StructType

from jusante.core.names import quote
from jusante.core.schema import Column, Schema
from jusante.errors import StorageError
from jusante.ports.relation import FilePlan
from jusante.ports.table_store import Snapshot, Table
from jusante.storage.iceberg.layout import is_uniform


def table_of(name: str, table: IcebergTable, files: FilePlan | None = None) -> Table:
    """A table as it stands, read from its manifests unless its `files` are known.

    Raises StorageError where it has delete files, which a plan of files cannot express.
    """
    snapshot = table.current_snapshot()
    assert snapshot is not None, "every table of ours is born with a snapshot"
    schema, summary, plan = schema_of(table), summary_of(snapshot), files or _plan_of(name, table)
    return Table(
        name=name,
        pointer=table.metadata_location,
        snapshot_id=snapshot.snapshot_id,
        plan=dataclasses.replace(plan, schema=schema, uniform=is_uniform(schema, summary)),
        ids=dict(table.schema()._name_to_id),
        last_id=table.metadata.last_column_id,
        summary=summary,
    )


def table_at(name: str, table: IcebergTable, data_id: int) -> Table | None:
    """A table with the rows of that snapshot: its own, or a compacted one of the same rows. None where both are gone."""
    said = {each.snapshot_id: summary_of(each) for each in table.metadata.snapshots}
    same = (number for number, summary in said.items() if summary.get("jusante.same-as") == str(data_id))
    number = data_id if data_id in said else next(same, None)
    if number is None:
        return None
    snapshot = table.snapshot_by_id(number)
    assert snapshot is not None
    schema = schema_of(table, snapshot.schema_id)
    plan = _plan_of(name, table, number)
    return Table(
        name=name,
        pointer=table.metadata_location,
        snapshot_id=number,
        plan=dataclasses.replace(plan, schema=schema, uniform=is_uniform(schema, said[number])),
        ids=dict(table.schemas()[snapshot.schema_id or 0]._name_to_id),
        last_id=table.metadata.last_column_id,
        summary=said[number],
    )


def _plan_of(name: str, table: IcebergTable, snapshot_id: int | None = None) -> FilePlan:
    tasks = list(table.scan(snapshot_id=snapshot_id).plan_files())
    if any(task.delete_files for task in tasks):
        raise StorageError(
            f"{name} has delete files, written by another tool",
            where=name,
            fix=f"rewrite it there, or jusante run {name}",
        )
    return FilePlan(
        files=tuple(_local(task.file.file_path) for task in tasks),
        schema=schema_of(table),
        rows=sum(task.file.record_count for task in tasks),
        bytes=sum(task.file.file_size_in_bytes for task in tasks),
    )


def schema_of(table: IcebergTable, schema_id: int | None = None) -> Schema:
    """The columns of a table, now or under an earlier schema, with their field ids."""
    schema = table.schema() if schema_id is None else table.schemas()[schema_id]
    return Schema(tuple(_column(field) for field in schema.fields))


def summary_of(snapshot: Any) -> dict[str, str]:
    """What the commit of a snapshot said of itself, without Iceberg's own counts."""
    properties = snapshot.summary.additional_properties if snapshot.summary else {}
    return {key: value for key, value in properties.items() if key.startswith("jusante.")}


def history_of(table: IcebergTable) -> tuple[Snapshot, ...]:
    """The snapshots that can still be read, oldest first."""
    current = table.current_snapshot()
    return tuple(
        _snapshot(snapshot, is_current=bool(current and snapshot.snapshot_id == current.snapshot_id))
        for snapshot in sorted(table.metadata.snapshots, key=lambda s: (s.timestamp_ms, s.sequence_number or 0))
    )


def _snapshot(snapshot: Any, *, is_current: bool) -> Snapshot:
    counts = snapshot.summary.additional_properties
    return Snapshot(
        id=snapshot.snapshot_id,
        at=dt.datetime.fromtimestamp(snapshot.timestamp_ms / 1000, dt.UTC),
        operation=snapshot.summary.operation.value,
        rows=int(counts.get("total-records", 0)),
        files=int(counts.get("total-data-files", 0)),
        bytes=int(counts.get("total-files-size", 0)),
        summary=summary_of(snapshot),
        is_current=is_current,
        added_rows=int(counts.get("added-records", 0)),
        added_bytes=int(counts.get("added-files-size", 0)),
    )


def _column(field: NestedField) -> Column:
    return Column(field.name, type_name(field.field_type), nullable=not field.required, id=field.field_id)


def type_name(kind: Any) -> str:
    """The name of an Iceberg type as `core.schema` writes it."""
    match kind:
        case DecimalType():
            return f"decimal({kind.precision},{kind.scale})"
        case ListType():
            return f"list<{type_name(kind.element_type)}>"
        case MapType():
            return f"map<{type_name(kind.key_type)}, {type_name(kind.value_type)}>"
        case StructType():
            return "struct<" + ", ".join(f"{quote(f.name)}: {type_name(f.field_type)}" for f in kind.fields) + ">"
    return str(kind)


def _local(path: str) -> str:
    return path.removeprefix("file://")
