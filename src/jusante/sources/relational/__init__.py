"""Relational databases: PostgreSQL, MySQL and MariaDB, SQLite, DuckDB."""

from pathlib import Path

from jusante.core.noun import Noun
from jusante.core.source import Source
from jusante.ports.connector import Connector, ConnectorKind
from jusante.ports.engine import Engine
from jusante.sources.relational.dialect import Database


def _kind(name: Database) -> ConnectorKind:
    def open_source(source: Source, folder: Path, engine: Engine) -> Connector:
        from jusante.sources.relational.connector import RelationalConnector
        from jusante.sources.relational.dialects import dialect

        return RelationalConnector(source, engine, dialect(name, source, folder))

    return ConnectorKind(source_options=Noun, table_options=Noun, open=open_source)


postgres = _kind("postgres")
mysql = _kind("mysql")
sqlite = _kind("sqlite")
duckdb = _kind("duckdb")

__all__ = ["duckdb", "mysql", "postgres", "sqlite"]
