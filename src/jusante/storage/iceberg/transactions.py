"""pyiceberg's transactions, whose metadata is made once for each change to it.

Theirs apply all changes anew, and copy all metadata, whenever they are looked at: 17 times for a table's first commit.
"""

from pyiceberg.catalog import Catalog
from pyiceberg.schema import Schema as IcebergSchema
from pyiceberg.table import CreateTableTransaction, StagedTable, Transaction
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.metadata import TableMetadata
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
