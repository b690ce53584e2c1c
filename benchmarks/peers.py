"""The peers, each in a virtual environment of its own, with versions that are known to work together."""

from pathlib import Path

import measure

DUCKDB = "1.5.5"


def dbt() -> Path:
    """dbt on DuckDB."""
    return measure.environment("dbt", "dbt-core==1.11.16", "dbt-duckdb==1.11.1", f"duckdb=={DUCKDB}")


def sqlmesh() -> Path:
    """SQLMesh, which pins its own sqlglot."""
    return measure.environment("sqlmesh", "sqlmesh==0.236.4", f"duckdb=={DUCKDB}")


def dlt() -> Path:
    """dlt with what it needs to read PostgreSQL in bulk and to write Parquet files and Iceberg tables."""
    return measure.environment(
        "dlt",
        "dlt[filesystem,parquet,pyiceberg]==1.31.0",
        "connectorx==0.4.6",
        "psycopg2-binary==2.9.13",
        "pyarrow==26.0.1",
        "pyiceberg[sql-sqlite]==0.12.0",
        "sqlalchemy==2.1.9",
        "sqlglot==30.30.0",
    )


def dbos() -> Path:
    """DBOS, which keeps its workflows in SQLite here."""
    return measure.environment("dbos", "dbos==3.4.0")


def dagster() -> Path:
    """Dagster, which keeps its runs and events in SQLite."""
    return measure.environment("dagster", "dagster==1.13.29")


def tpch() -> Path:
    """DuckDB with its TPC-H generator."""
    return measure.environment("tpch", f"duckdb=={DUCKDB}", f"duckdb-extension-tpch=={DUCKDB}")


def told() -> str:
    """The versions of the peers."""
    return "; ".join(
        (
            measure.versions(dbt(), "dbt-core", "dbt-duckdb", "duckdb"),
            measure.versions(sqlmesh(), "sqlmesh", "duckdb", "sqlglot"),
            measure.versions(dlt(), "dlt", "connectorx", "pyarrow", "pyiceberg"),
        )
    )
