"""DuckDB's extensions: from their wheels where installed, else by DuckDB's own INSTALL."""

import importlib.util
from pathlib import Path

import duckdb

from jusante.core.literals import text
from jusante.errors import ExtraMissing

EXTRAS = {"postgres_scanner": "postgres", "mysql_scanner": "mysql", "sqlite_scanner": "sqlite", "httpfs": "s3"}


def load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension into the instance of a connection; at once where it is there already.

    Raises ExtraMissing where it is neither installed as a wheel nor can be downloaded.
    """
    if _is_loaded(connection, name):
        return
    try:
        path = wheel(name)
        if path is None:
            connection.execute(f"install {name}")
        connection.execute(f"load {text(str(path)) if path else name}")
    except duckdb.Error as error:
        reason = str(error).split("\n", 1)[0]
        raise ExtraMissing(
            f"DuckDB's extension {name} is not installed: {reason}",
            fix=f'pip install "jusante[{EXTRAS.get(name, name)}]"',
        ) from None


def wheel(name: str) -> Path | None:
    """The extension's file in the wheel `duckdb-extension-<name>`, if that is installed for this very DuckDB."""
    found = importlib.util.find_spec(f"duckdb_extension_{name}")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if path.is_file():
            return path
    return None


def _is_loaded(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    sql = "select 1 from duckdb_extensions() where loaded and extension_name = $name"
    return connection.execute(sql, {"name": name}).fetchone() is not None
