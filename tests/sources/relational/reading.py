"""Reads a table through its connector, as a load does."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from jusante.core.cursor import Cursor
from jusante.core.source import SourceTable
from jusante.engines.duckdb.engine import DuckDBEngine
from jusante.ports.connector import Connector, Reading, Request


@dataclass
class Opened:
    connector: Connector
    engine: DuckDBEngine

    def schema(self, name: str, **table: Any) -> dict[str, str]:
        found = self.connector.schema(name, SourceTable.model_validate(table))
        return {column.name: column.type for column in found}

    def request(
        self,
        name: str,
        only: tuple[str, ...] | None = None,
        since: Cursor | None = None,
        marker: str | None = None,
        **table: Any,
    ) -> Request:
        declared = SourceTable.model_validate(table)
        names = only or self.connector.schema(name, declared).names
        return Request(name, declared, names, since, marker)

    def start(self, name: str, **wanted: Any) -> Reading:
        return self.connector.read(self.request(name, **wanted))

    def table(self, reading: Reading, sql: str = "select * from it.rows") -> pa.Table:
        with self.engine.session({"it.rows": reading.relation}) as session:
            return session.table(sql)

    def stored(self, reading: Reading) -> dict[str, str]:
        """The types that would be stored."""
        with self.engine.session({"it.rows": reading.relation}) as session:
            return {column.name: column.type for column in session.schema("select * from it.rows")}

    def rows(self, name: str, **wanted: Any) -> list[dict[str, Any]]:
        return self.table(self.start(name, **wanted)).to_pylist()

    def values(self, name: str, **wanted: Any) -> dict[str, Any]:
        """The only row of a table."""
        (row,) = self.rows(name, **wanted)
        return row
