"""pyiceberg's transactions and overwrites, without what makes them slower with each commit.

Their transactions apply all changes anew, and copy all metadata, whenever they are looked at: 17 times for a table's first
commit. Their overwrites list for ever each manifest that tells of nothing but files taken out, and read them all each time.
"""

from collections.abc import Mapping

from pyiceberg.catalog import Catalog
from pyiceberg.manifest import ManifestContent, ManifestFile
from pyiceberg.schema import Schema as IcebergSchema
from pyiceberg.table import CreateTableTransaction, StagedTable, TableProperties, Transaction
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _ManifestMergeManager, _OverwriteFiles
from pyiceberg.typedef import Identifier


class _MadeOnce(Transaction):
    """Metadata kept until there are other changes, or another table, to make it of."""

    _made: tuple[object, object, TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        """The metadata with the changes so far."""
        before, changes = self._table.metadata, self._updates
        if self._made is None or self._made[0] is not before or self._made[1] is not changes:
            self._made = before, changes, super().table_metadata
        return self._made[2]


class _Creation(_MadeOnce, CreateTableTransaction):
    pass


def creation(
    catalog: Catalog, name: Identifier, schema: IcebergSchema, location: str, properties: dict[str, str]
) -> CreateTableTransaction:
    """A transaction at the end of which there is a new table."""
    begun = catalog.create_table_transaction(name, schema=schema, location=location, properties=properties)
    assert isinstance(begun._table, StagedTable)
    return _Creation(begun._table)


def change(table: IcebergTable) -> Transaction:
    """A transaction that changes a table."""
    return _MadeOnce(table)


class _Overwrite(_OverwriteFiles):
    """Manifests of files that are there stay listed, and those of what this snapshot took out; many become one."""

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        told = [manifest for manifest in manifests if self._tells(manifest)]
        data = [manifest for manifest in told if manifest.content == ManifestContent.DATA]
        others = [manifest for manifest in told if manifest.content != ManifestContent.DATA]
        properties = self._transaction.table_metadata.properties
        size = properties.get(
            TableProperties.MANIFEST_TARGET_SIZE_BYTES, TableProperties.MANIFEST_TARGET_SIZE_BYTES_DEFAULT
        )
        count = properties.get(
            TableProperties.MANIFEST_MIN_MERGE_COUNT, TableProperties.MANIFEST_MIN_MERGE_COUNT_DEFAULT
        )
        merging = _ManifestMergeManager(int(size), int(count), merge_enabled=True, snapshot_producer=self)
        return merging.merge_manifests(data) + others

    def _tells(self, manifest: ManifestFile) -> bool:
        is_live = manifest.has_added_files() or manifest.has_existing_files()
        return is_live or manifest.added_snapshot_id == self._snapshot_id


def overwrite(transaction: Transaction, summary: Mapping[str, str]) -> _Overwrite:
    """The change that takes files out of a table that has a snapshot, and puts others in."""
    return _Overwrite(Operation.OVERWRITE, transaction, transaction._table.io, snapshot_properties=dict(summary))
