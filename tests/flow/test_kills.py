"""kill -9 at every named point of a run, then run again: what readers see is what a run without a kill would show."""

import signal
import sqlite3
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import jusante
from jusante.architecture.failure import POINTS
from killed_runs import run, unreferenced

ASSETS = ("shop.orders", "files.prices", "marts.priced", "marts.by_product", "marts.top")
TELLING = {
    ("after_commit", "shop.orders"),
    ("after_commit", "marts.priced"),
}
"""The points that leave something of their own behind; the others are tried with the slow ones."""


def write_project(folder: Path) -> None:
    """An incremental database, files with bad lines, and three models with checks, one of which sets rows aside."""
    texts = {
        "jusante.yaml": "name: kills\nenvironments:\n  dev: {parallel: 2}\n",
        "sources/shop.yaml": (
            "source: shop\nkind: sqlite\nconnection: shop.db\nowner: a@b.example\n"
            "tables:\n  orders: {key: [id], ingest: {mode: incremental, cursor: changed}}\n"
        ),
        "sources/files.yaml": (
            "source: files\nkind: files\nowner: a@b.example\n"
            "tables:\n  prices: {path: 'prices_*.csv', key: [product], bad_rows: quarantine, ingest: {mode: incremental},"
            " columns: {price: {type: 'decimal(8,2)'}}}\n"
        ),
        "models/marts/priced.sql": (
            "/* jusante\ngrain: [id]\nchecks:\n  - positive: quantity\n    quarantine: true\n*/\n"
            "select o.id, o.product, o.quantity, p.price from shop.orders as o join files.prices as p using (product)"
        ),
        "models/marts/by_product.sql": "select product, sum(quantity * price) as revenue from marts.priced group by product",
        "models/marts/top.sql": "select * from marts.by_product order by revenue desc limit 3",
        "prices_1.csv": "product,price\ntea,4.50\ncoffee,9.90\nbad\nmug,7.25\n",
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute(
            "create table orders (id integer primary key, product text, quantity integer, changed integer)"
        )
        rows = [(i, ("tea", "coffee", "mug")[i % 3], i % 5 if i % 40 else -1, i) for i in range(1, 201)]
        database.executemany("insert into orders values (?, ?, ?, ?)", rows)
    database.close()


def change_sources(folder: Path) -> None:
    with sqlite3.connect(folder / "shop.db") as database:
        database.executemany("insert into orders values (?, 'tea', 2, ?)", [(i, i) for i in range(201, 241)])
        database.execute("update orders set quantity = 9, changed = 241 where id = 7")
    database.close()
    (folder / "prices_2.csv").write_text("product,price\nmug,8.00\nworse\n")


def seen_by_readers(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, quarantines included, but for what a run's name and clock leave in them."""
    with jusante.open(folder) as lake:
        return {
            name: sorted(
                tuple(
                    sorted((key, str(value)) for key, value in row.items() if key not in {"_run_id", "_quarantined_at"})
                )
                for row in lake.table(name).to_pylist()
            )
            for name in lake.store.pointers()
        }


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """What a project shows that nobody ever killed."""
    folder = tmp_path_factory.mktemp("unharmed")
    write_project(folder)
    assert run(folder) == 0
    change_sources(folder)
    assert run(folder) == 0
    return seen_by_readers(folder)


def test_an_unharmed_project_shows_what_the_sources_say(expected: dict[str, list[tuple[Any, ...]]]) -> None:
    assert len(expected["shop.orders"]) == 240
    assert len(expected["files.prices"]) == 3
    assert len(expected["files.prices__quarantine"]) == 2
    assert len(expected["marts.priced"]) + len(expected["marts.priced__quarantine"]) == 240


@pytest.mark.parametrize(
    ("point", "asset"),
    [
        pytest.param(point, asset, marks=() if (point, asset) in TELLING else pytest.mark.slow)
        for point, asset in product(POINTS, ASSETS)
    ],
)
def test_a_kill_loses_nothing_and_doubles_nothing(
    point: str, asset: str, tmp_path: Path, expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    write_project(tmp_path)
    killed = [run(tmp_path, f"{point}:{asset}")]
    with_half = seen_by_readers(tmp_path) if (tmp_path / ".jusante" / "catalog.db").exists() else {}
    for name, rows in with_half.items():
        if not name.endswith("__quarantine"):
            assert rows, f"{name} is visible and empty after a kill"
    assert run(tmp_path) == 0
    change_sources(tmp_path)
    killed.append(run(tmp_path, f"{point}:{asset}"))
    assert killed == [-signal.SIGKILL, -signal.SIGKILL]
    assert run(tmp_path) == 0
    assert seen_by_readers(tmp_path) == expected
    assert unreferenced(tmp_path) == set()
