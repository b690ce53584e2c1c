"""A dozen kills at random moments, on SQLite and on PostgreSQL; hundreds of them in `make bench-kills`."""

import time
from pathlib import Path

import pytest

import killing
from servers.fixtures import postgres_server
from servers.postgres import Postgres

__all__ = ["postgres_server"]

KILLS = 8


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_whoever_is_killed_nothing_is_lost_and_nothing_published_twice(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = None
    if kind == "postgres":
        server: Postgres = request.getfixturevalue("postgres_server")
        name = f"k{time.time_ns()}"
        server.run(f"create database {name}")
        url = server.url(name)
    found = killing.suite(tmp_path, 4, KILLS, database=url)

    assert found.kills.total() == KILLS
    assert found.rows == killing.expected(found.orders)
    assert found.published_twice == []
    assert found.made_twice == []
    assert found.published, "what was published was seen"
    assert found.unfinished == 0
    assert found.faults == 0
