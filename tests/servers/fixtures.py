"""The servers as session-scoped pytest fixtures."""

from collections.abc import Iterator

import pytest

from servers.mariadb import MariaDB, mariadb, mariadb_is_installed
from servers.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL of this test session."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    """A MariaDB of this test session; tests that need it are skipped where it is not installed."""
    if not mariadb_is_installed():
        pytest.skip("mariadbd is not installed (Debian: apt-get install mariadb-server)")
    with mariadb() as server:
        yield server
