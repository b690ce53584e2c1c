"""A metadata database is the memory of one project in one environment, and of no other."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from jusante.errors import StorageError
from jusante.storage.sql_metadata import Identity, SqlMetadata
from servers.postgres import Postgres

SHOP, OTHER, PROD = Identity("shop", "dev"), Identity("other", "dev"), Identity("shop", "prod")


def opened(url: str, identity: Identity | None) -> bool:
    try:
        SqlMetadata(url, identity=identity).close()
    except StorageError as error:
        return _refuses_well(error)
    return True


def _refuses_well(error: StorageError) -> bool:
    assert "belongs to" in error.what
    assert error.where
    assert "jusante migrate --adopt" in error.fix
    return False


def test_who_opens_it_first_has_it_until_it_is_taken_over(url: str) -> None:
    assert [opened(url, each) for each in (None, SHOP, OTHER, PROD, SHOP)] == [True, True, False, False, True]
    store = SqlMetadata(url, actor="me")
    assert store.adopt(PROD) == SHOP
    (told,) = store.latest("database.adopted", 9)
    store.close()
    assert told.payload["before"] == {"project": "shop", "environment": "dev"}
    assert [opened(url, each) for each in (SHOP, PROD)] == [False, True]


def test_of_many_projects_that_open_an_empty_one_at_once_one_has_it(url: str) -> None:
    together = threading.Barrier(6)

    def first(number: int) -> bool:
        together.wait()
        return opened(url, Identity(f"p{number}", "dev"))

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(first, range(6))) == 1


def test_a_password_is_not_told(postgres_server: Postgres) -> None:
    postgres_server.run("create database identity")
    url = postgres_server.url("identity", password="hunter2").replace("postgresql", "postgresql+psycopg", 1)
    assert opened(url, SHOP)
    with pytest.raises(StorageError) as refused:
        SqlMetadata(url, identity=OTHER)
    assert "hunter2" not in str(refused.value)
