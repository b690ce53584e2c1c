"""Questions through the gate: the tables they name are there, and nothing else of this machine is."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jusante.app import Lake
from jusante.errors import EngineError, JusanteError, UsageError
from projects import run, write_shop

SECRET = "the content of a file that nobody may read"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A shop that has been run, in a folder with a file that is not a table."""
    folder = write_shop(tmp_path_factory.mktemp("gate"))
    (folder / "secret.csv").write_text(f"a\n{SECRET}\n")
    run(folder)
    with Lake.open(folder) as opened:
        yield opened


def test_tables_views_and_ordinary_sql(lake: Lake) -> None:
    assert lake.query("select count(*) as n from shop.orders").to_pylist() == [{"n": 4}]
    assert lake.query("from marts.dear").num_rows == 1
    assert lake.query("with t as (select 1 as a) select a from t;").to_pylist() == [{"a": 1}]
    assert lake.query("select n, row_number() over (order by n) r from range(3) t(n)").num_rows == 3


def test_what_is_not_there_is_told_with_the_nearest_name(lake: Lake) -> None:
    with pytest.raises(UsageError, match=r"no table shop\.order") as error:
        lake.query("select * from shop.order_")
    assert error.value.fix == "did you mean shop.orders?"
    with pytest.raises(EngineError, match="produkt"):
        lake.query("select produkt from shop.orders")
    with pytest.raises(UsageError) as error:
        lake.query("select from where")
    assert error.value.where == "the query, line 1"


ATTACKS = [
    "select * from read_csv('{secret}')",
    "select * from read_text('{secret}')",
    "select * from read_blob('{secret}')",
    "select * from '{secret}'",
    'select * from "{secret}"',
    "select * from glob('{folder}/*')",
    "select * from parquet_metadata('{plan}')",
    "select * from read_parquet('{other}')",
    "select * from read_json('{folder}/.jusante/plans/*.json')",
    "copy (select 1) to '{folder}/out.csv'",
    "copy shop.orders to '{folder}/out.csv'",
    "export database '{folder}/out'",
    "attach '{folder}/shop.db' as s (type sqlite)",
    "attach '{folder}/.jusante/catalog.db' as s",
    "select * from sqlite_scan('{folder}/shop.db', 'orders')",
    "select * from postgres_scan('host=127.0.0.1', 'public', 'x')",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "set allowed_directories = ['/']",
    "reset all",
    "pragma database_list",
    "call pragma_version()",
    "select getenv('PATH')",
    "create table t as select 1",
    "create or replace view shop.orders as select 1",
    "drop view shop.orders",
    "insert into shop.orders values (1)",
    "delete from shop.orders",
    "update shop.orders set id = 1",
    "select 1; select * from read_text('{secret}')",
    "with hidden as (select * from read_text('{secret}')) select * from hidden",
    "select (select content from read_text('{secret}'))",
    "select * from shop.orders where product = (select content from read_text('{secret}'))",
    "select * from query('select * from read_text(''{secret}'')')",
    "select * from query_table('{secret}')",
    "from read_csv_auto('{secret}')",
    "select * from duckdb_secrets()",
    "select * from 'http://127.0.0.1:9/x.parquet'",
    "select * from read_parquet('s3://bucket/x.parquet')",
    "select * from lake",
    "explain analyze select * from read_text('{secret}')",
    "prepare x as select * from read_text('{secret}')",
    "vacuum",
    "checkpoint",
    "select * from summarize('{secret}')",
    "describe select * from read_csv('{secret}')",
    "select * from read_text(concat('{folder}', '/secret.csv'))",
    "select * from shop.orders union all select content, 'a', 1, 1 from read_text('{secret}')",
]


def told(lake: Lake, sql: str) -> str:
    """What somebody sees who asks this: rows, or why there are none."""
    try:
        return str(lake.query(sql).to_pylist())
    except JusanteError as error:
        return str(error)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_else_can_be_read_or_written(lake: Lake, attack: str) -> None:
    folder = lake.project.folder
    table = lake.store.table("files.prices")
    assert table is not None
    before = {path for path in folder.rglob("*") if path.is_file()}
    sql = attack.format(
        secret=folder / "secret.csv", folder=folder, plan=table.plan.files[0], other=table.plan.files[0]
    )
    shown = told(lake, sql)
    assert SECRET not in shown
    assert os.environ["PATH"] not in shown
    assert "tea" not in shown or "shop.orders" in sql
    assert {path for path in folder.rglob("*") if path.is_file()} == before
    assert lake.query("select count(*) as n from shop.orders").to_pylist() == [{"n": 4}]


def test_a_table_that_a_query_does_not_name_cannot_be_reached_from_within(lake: Lake) -> None:
    """`files.prices` is a table of the lake; but the session holds what the query names, and nothing else."""
    other = lake.store.table("files.prices")
    assert other is not None
    with pytest.raises(JusanteError):
        lake.query(f"select * from shop.orders, read_parquet('{other.plan.files[0]}')")


def test_two_questions_do_not_leave_traces_for_each_other(lake: Lake) -> None:
    lake.query("select * from shop.orders")
    with pytest.raises(JusanteError):
        lake.query("select * from temp.main.orders")


def test_odd_files_are_not_tables(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(JusanteError):
        lake.query(f"from '{tmp_path}/t.parquet'")


def test_a_question_after_one_that_failed_over_the_same_tables(lake: Lake) -> None:
    sql = "select 1 / (id - id) as n, cast(product as integer) from shop.orders"
    for _ in range(3):
        with pytest.raises(EngineError):
            lake.query(sql)
        assert lake.query("select count(*) as n from shop.orders").to_pylist() == [{"n": 4}]


def test_many_questions_at_once(lake: Lake) -> None:
    tables = ["shop.orders", "files.prices", "marts.priced", "marts.by_product", "marts.names", "shop.orders"]
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda name: lake.query(f"select count(*) as n from {name}").to_pylist()[0]["n"], tables * 8)
        )
    assert answers == [4, 3, 4, 3, 3, 4] * 8
