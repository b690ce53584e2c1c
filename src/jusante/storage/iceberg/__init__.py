"""The lakehouse: Apache Iceberg tables through pyiceberg, their pointers in a SQL catalogue."""

from jusante.storage.iceberg.store import IcebergStore

__all__ = ["IcebergStore"]
