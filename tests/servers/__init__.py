"""Real database servers for tests, on free loopback ports, stopped when their user is done.

`with postgres() as server: server.run("create table t (a int)"); server.url()` works anywhere; in pytest, a conftest
imports the fixtures of `servers.fixtures`.
"""

from servers.mariadb import MariaDB, mariadb, mariadb_is_installed
from servers.postgres import Postgres, postgres

__all__ = ["MariaDB", "Postgres", "mariadb", "mariadb_is_installed", "postgres"]
