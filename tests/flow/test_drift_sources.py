"""Made-up changes with known answers, in a real source of each kind: all are found, and no other."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from drifting import (
    OPERATIONS,
    Case,
    Store,
    cases,
    duckdb_source,
    files_source,
    followed_wrongly,
    found_in,
    http_source,
    server_source,
    sqlite_source,
)
from jusante.app import Lake
from servers import MariaDB, Postgres
from servers.fixtures import mariadb_server, postgres_server  # noqa: F401

EVOLVE = ", drift: {rename: evolve}"
TYPED = tuple(operation for operation in OPERATIONS if "retype" not in operation)
"""A CSV file has no types: digits in text are digits."""


def played(folder: Path, tables: Sequence[Case], opened: AbstractContextManager[Store]) -> None:
    """Load the tables, change them, ask what changed."""
    with opened as store:
        store(tables, False)
        with Lake.open(folder) as lake:
            report = lake.run()
        assert report.status == "succeeded", [task.error for task in report.tasks if task.error]
        store(tables, True)
        found = found_in(folder)
        for case in tables:
            extra = {("reordered", "", None)} - case.answers  # a column that was replaced may stand elsewhere
            assert found.get(case.table, set()) - extra == case.answers, (case.table, case.operations)
        assert followed_wrongly(folder, tables) == []


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("sqlite", sqlite_source),
        ("duckdb", duckdb_source),
        ("json", lambda folder, some, drift: files_source(folder, some, "json", drift=drift)),
        ("parquet", lambda folder, some, drift: files_source(folder, some, "parquet", drift=drift)),
        ("csv", lambda folder, some, drift: files_source(folder, some, "csv", drift=drift)),
    ],
)
def test_all_changes_are_found_in_files(kind: str, make: Callable[..., Store], tmp_path: Path) -> None:
    tables = cases(5, 6, TYPED if kind == "csv" else OPERATIONS)
    played(tmp_path, tables, nullcontext(make(tmp_path, tables, drift=EVOLVE)))


def test_all_changes_are_found_in_a_web_api(tmp_path: Path) -> None:
    tables = cases(6, 6, OPERATIONS)
    played(tmp_path, tables, http_source(tmp_path, tables, drift=EVOLVE))


def test_all_changes_are_found_in_postgres(tmp_path: Path, postgres_server: Postgres) -> None:  # noqa: F811
    tables = cases(7, 6, OPERATIONS)
    postgres_server.run("create database drifting")
    url = postgres_server.url("drifting")
    store = server_source(tmp_path, tables, "postgres", url, lambda s: postgres_server.run(s, "drifting"), drift=EVOLVE)
    played(tmp_path, tables, nullcontext(store))


def test_all_changes_are_found_in_mariadb(tmp_path: Path, mariadb_server: MariaDB) -> None:  # noqa: F811
    tables = cases(8, 6, OPERATIONS)
    mariadb_server.run("create database drifting")
    url = mariadb_server.url("drifting")
    store = server_source(tmp_path, tables, "mysql", url, lambda s: mariadb_server.run(s, "drifting"), drift=EVOLVE)
    played(tmp_path, tables, nullcontext(store))
