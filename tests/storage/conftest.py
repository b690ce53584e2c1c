"""The servers that tests of storage use, and databases in them."""

from pathlib import Path

import pytest

from servers.fixtures import postgres_server
from servers.postgres import Postgres

__all__ = ["postgres_server"]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database to remember in."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'metadata.db'}"
    server: Postgres = request.getfixturevalue("postgres_server")
    name = f"m{abs(hash(str(tmp_path))) % 10**10}"
    server.run(f"create database {name}")
    return f"postgresql+psycopg://postgres@127.0.0.1:{server.port}/{name}"
