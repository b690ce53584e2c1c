"""kill -9 while a table is changed in part: no row is lost, none comes twice, and history has no gap."""

import shutil
import signal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import jusante
from jusante.architecture.failure import POINTS
from killed_runs import run, unreferenced
from projects import sql, write

PROJECT = {
    "jusante.yaml": "name: parts\n",
    "sources/shop.yaml": (
        "source: shop\nkind: sqlite\nconnection: shop.db\nowner: a@b.example\ntables:\n  orders: {key: [id]}\n"
    ),
    "models/m/added.sql": "/* jusante\nkind: append\n*/\nselect id, name from shop.orders",
    "models/m/totals.sql": (
        "/* jusante\nkind: by_key\ngrain: [name]\n*/\nselect name, sum(quantity)::int as n from shop.orders group by all"
    ),
    "models/m/lives.sql": "/* jusante\nkind: by_key\nhistory: true\ngrain: [id]\n*/\nselect id, name from shop.orders",
}
FIRST = [(1, "tea", 2), (2, "mug", 1), (3, "tea", 4)]
THEN = [(1, "cup", 2), (3, "tea", 4), (4, "mug", 5)]
EXPECTED = {
    "m.added": [(1, "cup"), (1, "tea"), (2, "mug"), (3, "tea"), (4, "mug")],
    "m.totals": [("cup", 2), ("mug", 5), ("tea", 4)],
    "m.lives": [(1, "cup", True), (1, "tea", False), (2, "mug", False), (3, "tea", True), (4, "mug", True)],
}


def load(folder: Path, orders: list[tuple[Any, ...]]) -> None:
    sql(folder / "shop.db", "delete from orders")
    sql(folder / "shop.db", "insert into orders values (?, ?, ?)", orders)


TELLING = {("after_commit", "m.lives")}
"""Tried each time; the other points with the slow ones."""


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was run once, and whose source has changed since."""
    folder = write(tmp_path_factory.mktemp("once"), PROJECT)
    sql(folder / "shop.db", "create table orders (id integer primary key, name text, quantity integer)")
    load(folder, FIRST)
    assert run(folder) == 0
    load(folder, THEN)
    return folder


@pytest.mark.parametrize(
    ("point", "asset"),
    [
        pytest.param(point, asset, marks=() if (point, asset) in TELLING else pytest.mark.slow)
        for point, asset in product(POINTS, ["m.added", "m.totals", "m.lives"])
    ],
)
def test_a_kill_while_a_part_is_made_loses_and_doubles_nothing(point: str, asset: str, once: Path) -> None:
    kept = once.with_name(f"{once.name}-kept")
    if not kept.exists():
        shutil.copytree(once, kept)
    shutil.rmtree(once)
    shutil.copytree(kept, once)  # in the same place: tables know where their files lie
    assert run(once, f"{point}:{asset}") == -signal.SIGKILL
    assert run(once) == 0
    with jusante.open(once) as lake:
        for name, rows in EXPECTED.items():
            columns = "id, name, is_current" if name == "m.lives" else "*"
            assert (
                sorted(tuple(row.values()) for row in lake.query(f"select {columns} from {name}").to_pylist()) == rows
            )
        spans = lake.query("select valid_from, valid_to from m.lives where id = 1 order by valid_from").to_pylist()
    assert spans[0]["valid_to"] == spans[1]["valid_from"]
    assert unreferenced(once) == set()
