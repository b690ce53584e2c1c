"""A project with one model by time, over orders and items in a database."""

from pathlib import Path
from typing import Any

from projects import sql, write

PROJECT = {
    "jusante.yaml": "name: days\n",
    "sources/shop.yaml": (
        "source: shop\nkind: sqlite\nconnection: shop.db\nowner: a@b.example\ntables:\n"
        "  orders: {key: [id], ingest: {mode: full}, columns: {at: {type: timestamp}}}\n"
        "  items: {key: [id], ingest: {mode: full}}\n"
    ),
    "models/marts/daily.sql": (
        "/* jusante\nkind: by_time\ntime: day\ngrain: [day, product]\n*/\n"
        "select date_trunc('day', o.at)::date as day, i.product, sum(i.quantity) as quantity, count(*) as n\n"
        "from shop.orders as o join shop.items as i on i.order_id = o.id group by all"
    ),
}
ORDERS = [(1, "2026-01-01 10:00:00"), (2, "2026-01-02 11:00:00"), (3, "2026-01-05 12:00:00")]
ITEMS = [(1, 1, "tea", 2), (2, 1, "mug", 1), (3, 2, "tea", 5), (4, 3, "tea", 1)]
DAILY = "select day::varchar, product, quantity::int, n::int from marts.daily order by all"
ALL_OF_IT = (
    "select date_trunc('day', o.at)::date::varchar, i.product, sum(i.quantity)::int, count(*)::int "
    "from shop.orders as o join shop.items as i on i.order_id = o.id group by 1, 2 order by all"
)


def write_days(folder: Path, **texts: str) -> Path:
    """The project with its database."""
    write(folder, {**PROJECT, **texts})
    sql(folder / "shop.db", "create table orders (id integer primary key, at text)")
    sql(
        folder / "shop.db",
        "create table items (id integer primary key, order_id integer, product text, quantity integer)",
    )
    load(folder, ORDERS, ITEMS)
    return folder


def load(folder: Path, orders: list[tuple[Any, ...]], items: list[tuple[Any, ...]]) -> None:
    """What the source holds from now on."""
    for name, held, places in (("orders", orders, "?, ?"), ("items", items, "?, ?, ?, ?")):
        sql(folder / "shop.db", f"delete from {name}")
        sql(folder / "shop.db", f"insert into {name} values ({places})", held)
