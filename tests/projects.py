"""Small projects in folders, made for one test each."""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jusante.app import Lake, Report
from jusante.core.run import Task

SHOP: Mapping[str, str] = {
    "jusante.yaml": "name: small\n",
    "sources/shop.yaml": (
        "source: shop\nkind: sqlite\nconnection: shop.db\nowner: shop@b.example\n"
        "tables:\n  orders: {key: [id], ingest: {mode: incremental, cursor: changed}}\n"
    ),
    "sources/files.yaml": (
        "source: files\nkind: files\nowner: files@b.example\ntables:\n  prices: {path: 'prices*.csv', key: [product]}\n"
    ),
    "models/marts/priced.sql": (
        "/* jusante\ngrain: [id]\nchecks:\n  - positive: quantity\n*/\n"
        "select o.id, o.product, o.quantity, p.price from shop.orders as o join files.prices as p using (product)"
    ),
    "models/marts/by_product.sql": (
        "select product, sum(quantity * price) as revenue from marts.priced group by product"
    ),
    "models/marts/dear.sql": "/* jusante\nkind: view\n*/\nselect * from marts.by_product where revenue > 20",
    "models/marts/names.py": (
        "from jusante import model\n\n\n@model()\ndef names(prices='files.prices'):\n    return prices.select(['product'])\n"
    ),
    "prices.csv": "product,price\ntea,4.50\ncoffee,9.90\nmug,7.25\n",
}
"""A database read by cursor, a file, two SQL tables, a view and a Python model."""

ORDERS = [(1, "tea", 2, 1), (2, "coffee", 1, 2), (3, "mug", 4, 3), (4, "tea", 1, 4)]


def write(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write files into a project's folder."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def write_shop(folder: Path) -> Path:
    """The SHOP project with its database."""
    write(folder, SHOP)
    sql(
        folder / "shop.db",
        "create table orders (id integer primary key, product text, quantity integer, changed integer)",
    )
    insert(folder, ORDERS)
    return folder


def sql(database: Path, statement: str, rows: Iterable[tuple[Any, ...]] | None = None) -> None:
    """Run a statement in a SQLite database; with rows, once for each."""
    connection = sqlite3.connect(database)
    with connection:
        connection.executemany(statement, rows) if rows is not None else connection.execute(statement)
    connection.close()


def insert(folder: Path, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write orders into the SHOP's database; a known id is overwritten."""
    sql(folder / "shop.db", "insert or replace into orders values (?, ?, ?, ?)", rows)


def run(folder: Path, *wishes: str, anew: bool = False) -> Report:
    """Run a project in this process."""
    with Lake.open(folder) as lake:
        return lake.run(wishes, anew=anew)


def made(report: Report) -> set[str]:
    """The assets that a run made."""
    return {task.asset for task in report.tasks if task.status == "succeeded"}


def task(report: Report, name: str) -> Task:
    """What a run did about one asset."""
    return next(task for task in report.tasks if task.asset == name)


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query on a project's lakehouse gives."""
    with Lake.open(folder) as lake:
        return [tuple(row.values()) for row in lake.query(query).to_pylist()]
