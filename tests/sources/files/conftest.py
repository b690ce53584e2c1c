"""What the tests of files share: the real engine, and a folder of files."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `shelf`, which lies beside the tests

from shelf import Shelf

from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings


@pytest.fixture(scope="session")
def engine() -> Iterator[DuckDBEngine]:
    """One engine for the session."""
    made = DuckDBEngine(EngineSettings(memory="500MB", threads=2))
    yield made
    made.close()


@pytest.fixture
def shelf(tmp_path: Path, engine: DuckDBEngine) -> Iterator[Shelf]:
    """An empty folder whose files are read."""
    folder = tmp_path / "project"
    folder.mkdir()
    made = Shelf(folder, engine)
    yield made
    made.close()
