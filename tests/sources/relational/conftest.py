"""What the tests of relational sources share: real servers, the real engine, and a way to read a table."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # for `servers`, where pytest does not know the tests' folder

from reading import Opened

from jusante.core.secret import Secret
from jusante.core.source import Source, SourceTable
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.ports.connector import ConnectorKind
from jusante.sources import relational
from servers.fixtures import mariadb_server, postgres_server  # noqa: F401  the fixtures of all tests here


@pytest.fixture(scope="session")
def engine() -> Iterator[DuckDBEngine]:
    """One engine for the session; sources attach to it and detach from it."""
    opened = DuckDBEngine(EngineSettings(memory="1GB", threads=4))
    yield opened
    opened.close()


@pytest.fixture
def open_source(engine: DuckDBEngine, tmp_path: Path) -> Callable[..., Opened]:
    """Opens a source of a kind: `open_source("postgres", url, tables={...}, limits={...})`."""

    def opening(kind: str, connection: str, **settings: Any) -> Opened:
        tables = {name: SourceTable.model_validate(table) for name, table in settings.pop("tables", {}).items()}
        source = Source(source="shop", kind=kind, connection=Secret(connection), tables=tables, **settings)
        connector_kind: ConnectorKind = getattr(relational, kind)
        return Opened(connector_kind.open(source, tmp_path, engine), engine)

    return opening
