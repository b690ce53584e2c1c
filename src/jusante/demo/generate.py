"""The shop's data, the same each time for the same scale and seed.

Scale 1 is 100,000 orders with 300,000 items of 20,000 customers, 2,000 products and 50,000 posts. The business grows,
weekends and December sell more, and some data is wrong, as data is.
"""

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa

from jusante.errors import ExtraMissing

try:
    import numpy as np
except ModuleNotFoundError:
    raise ExtraMissing("the demo needs numpy to make up a shop", fix='pip install "jusante[demo]"') from None

FIRST_DAY = dt.date(2025, 1, 1)
DAYS = 638
_THINGS = (
    "Kettle",
    "Mug",
    "Rake",
    "Hose",
    "Racket",
    "Ball",
    "Novel",
    "Atlas",
    "Puzzle",
    "Kite",
    "Lamp",
    "Chair",
    "Drum",
    "Flute",
)
_CATEGORY_OF_TWO = ("Kitchen", "Garden", "Sports", "Books", "Toys", "Home", "Music")
_MAKES = ("Aurora", "Basalto", "Cedro", "Duna", "Éclair", "Fjord", "Garoa", "Horizon", "Ipê", "Jardim")
_COUNTRIES = ("BR", "PT", "DE", "FR", "US", "NL")
STATUSES = ("paid", "shipped", "delivered", "cancelled", "returned")


@dataclass(frozen=True, slots=True)
class Shop:
    """All tables of the shop's systems."""

    customers: pa.Table
    orders: pa.Table
    order_items: pa.Table
    products: pa.Table
    posts: pa.Table


def generate(scale: float = 1.0, seed: int = 7) -> Shop:
    """Make the shop. At least 20 customers, 10 products, 100 orders and 50 posts, however small the scale."""
    random = np.random.default_rng(seed)
    customers = _customers(random, max(int(20_000 * scale), 20))
    products = _products(random, max(int(2_000 * scale), 10))
    orders = _orders(random, max(int(100_000 * scale), 100), customers.num_rows)
    items = _items(random, orders, products)
    posts = _posts(random, max(int(50_000 * scale), 50), products)
    return Shop(customers, orders, items, products, posts)


def _customers(random: np.random.Generator, count: int) -> pa.Table:
    numbers = np.arange(1, count + 1)
    joined = _moments(random, count, late_bias=1.2)
    emails = np.char.add(np.char.add("customer", numbers.astype(str)), "@Example.com")
    emails = np.where(random.random(count) < 0.3, np.char.upper(emails), emails)
    missing = random.random(count) < 0.02
    phones = np.char.add("+55 11 5550-", np.char.zfill(numbers.astype(str), 5))
    return pa.table(
        {
            "customer_id": pa.array(numbers, pa.int64()),
            "email": pa.array(emails, pa.string(), mask=missing),
            "country": pa.array(random.choice(_COUNTRIES, count, p=[0.4, 0.2, 0.15, 0.1, 0.1, 0.05])),
            "joined_at": pa.array(joined, pa.timestamp("us", "UTC")),
            "newsletter": pa.array(random.random(count) < 0.35),
            "phone": pa.array(phones, pa.string()),
        }
    )


def _products(random: np.random.Generator, count: int) -> pa.Table:
    numbers = np.arange(1, count + 1)
    things = random.integers(0, len(_THINGS), count)
    names = np.char.add(np.char.add(random.choice(_MAKES, count), " "), np.array(_THINGS)[things])
    return pa.table(
        {
            "sku": pa.array([f"{number:06d}" for number in numbers]),
            "name": pa.array(names),
            "category": pa.array(np.array(_CATEGORY_OF_TWO)[things // 2]),
            "list_price": pa.array(np.round(np.exp(random.normal(3.2, 0.8, count)), 2)),
        }
    )


def _orders(random: np.random.Generator, count: int, customers: int) -> pa.Table:
    placed = np.sort(_moments(random, count, late_bias=1.5))
    # A few customers buy most: the ranks follow a power law.
    buyers = (customers * random.random(count) ** 2.2).astype(np.int64) + 1
    changed = placed + (random.exponential(36 * 3600, count) * 1e6).astype(np.int64)
    return pa.table(
        {
            "order_id": pa.array(np.arange(1, count + 1), pa.int64()),
            "customer_id": pa.array(buyers, pa.int64()),
            "status": pa.array(random.choice(STATUSES, count, p=[0.1, 0.15, 0.62, 0.08, 0.05])),
            "ordered_at": pa.array(placed, pa.timestamp("us", "UTC")),
            "updated_at": pa.array(changed, pa.timestamp("us", "UTC")),
            "is_test": pa.array(random.random(count) < 0.005),
        }
    )


def _items(random: np.random.Generator, orders: pa.Table, products: pa.Table) -> pa.Table:
    count = orders.num_rows * 3
    order = np.repeat(np.arange(orders.num_rows), 3)
    chosen = (products.num_rows * random.random(count) ** 1.8).astype(np.int64)
    skus = np.array(products["sku"].to_pylist())[chosen]
    skus = np.where(random.random(count) < 0.001, "999999", skus)  # sold, and in no catalogue
    prices = np.array(products["list_price"].to_pylist())[chosen]
    quantity = random.poisson(0.7, count) + 1
    quantity = np.where(random.random(count) < 0.0005, -quantity, quantity)  # somebody's idea of a refund
    cents = np.round(prices * random.choice([1.0, 1.0, 0.9, 0.8], count) * 100).astype(np.int64)
    return pa.table(
        {
            "order_id": pa.array(order + 1, pa.int64()),
            "line": pa.array(np.tile([1, 2, 3], orders.num_rows), pa.int32()),
            "sku": pa.array(skus),
            "quantity": pa.array(quantity, pa.int32()),
            "unit_price_cents": pa.array(cents, pa.int64()),
            "updated_at": orders["updated_at"].take(pa.array(order)),
        }
    )


def _posts(random: np.random.Generator, count: int, products: pa.Table) -> pa.Table:
    names = np.array(products["name"].to_pylist())[random.integers(0, products.num_rows, count)]
    moods = random.choice(["love", "like", "returned", "recommend", "want"], count, p=[0.3, 0.3, 0.1, 0.2, 0.1])
    posted = np.sort(_moments(random, count, late_bias=1.8))
    late = random.random(count) < 0.01  # edited long ago and only now handed on
    changed = posted + np.where(late, -86_400_000_000, (random.exponential(3600, count) * 1e6).astype(np.int64))
    return pa.table(
        {
            "id": pa.array(np.arange(1, count + 1), pa.int64()),
            "author": pa.array(np.char.add("@fan", random.integers(1, 5000, count).astype(str))),
            "text": pa.array(np.char.add(np.char.add(np.char.add("I ", moods), " my "), names)),
            "product_name": pa.array(names),
            "likes": pa.array(random.poisson(4, count), pa.int64()),
            "posted_at": pa.array(posted, pa.timestamp("us", "UTC")),
            "updated_at": pa.array(changed, pa.timestamp("us", "UTC")),
        }
    )


def _moments(random: np.random.Generator, count: int, late_bias: float) -> np.ndarray:
    """Moments in µs since 1970: growing, with busy weekends and Decembers, and a rhythm within the day."""
    days = np.arange(DAYS)
    dates = [FIRST_DAY + dt.timedelta(days=int(day)) for day in days]
    weight = (1 + days / DAYS) ** late_bias
    weight *= np.array([1.35 if date.weekday() >= 5 else 1.0 for date in dates])
    weight *= np.array([1.6 if date.month == 12 else 1.0 for date in dates])
    chosen = random.choice(days, count, p=weight / weight.sum())
    hours = np.clip(random.normal(15, 4, count), 0, 23.99)
    start = int(dt.datetime.combine(FIRST_DAY, dt.time(), dt.UTC).timestamp() * 1e6)
    return start + (chosen * 86_400e6 + hours * 3_600e6).astype(np.int64)
