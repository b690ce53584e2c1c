"""Runs, tasks, states and the ledger in a SQL database: SQLite by default, in WAL mode, PostgreSQL by a setting."""

from jusante.storage.sql_metadata.identity import Identity
from jusante.storage.sql_metadata.store import SqlMetadata

__all__ = ["Identity", "SqlMetadata"]
