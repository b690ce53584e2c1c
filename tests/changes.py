"""Changes of data that go wrong in ways known from practice, each with where it must be found and as what."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jusante.core.drift import DataChange
from loads import WORDS, Columns, holes, pick

Maker = Callable[[np.random.Generator, Columns], Columns]


@dataclass(frozen=True, slots=True)
class Known:
    """A change of one shape's load. It is found where a finding about one of `columns` ("" for the table) is one of `as_`."""

    name: str
    shape: str
    columns: tuple[str, ...]
    as_: tuple[DataChange, ...]
    make: Maker


def _on(column: str, change: Callable[..., object]) -> Maker:
    """A change of one column's values."""
    return lambda random, columns: {**columns, column: change(random, columns[column])}


def _some(column: str, share: float, value: object) -> Maker:
    """A share of the values replaced by one."""

    def change(random: np.random.Generator, values: object) -> list[object]:
        hit = random.random(len(values)) < share
        return [value if replaced else old for old, replaced in zip(list(values), hit, strict=True)]

    return _on(column, change)


def _rows(choose: Callable[[np.random.Generator, int], np.ndarray]) -> Maker:
    """A change of which rows come."""

    def change(random: np.random.Generator, columns: Columns) -> Columns:
        count = len(next(iter(columns.values())))
        places = choose(random, count)
        table = pa.table({name: v if isinstance(v, pa.Array) else pa.array(v) for name, v in columns.items()})
        return {name: table[name].take(pa.array(places)).combine_chunks() for name in columns}

    return change


def _numbers(column: str, change: Callable[[np.ndarray], np.ndarray]) -> Maker:
    """A change of numbers; what is null stays so."""

    def each(random: np.random.Generator, values: object) -> list[float | None]:
        del random
        return [None if v is None else float(change(np.array([float(v)]))[0]) for v in list(values)]

    return _on(column, each)


def _shifted(column: str, by: dt.timedelta) -> Maker:
    def change(random: np.random.Generator, values: pa.Array) -> pa.Array:
        return pc.add(values, pa.scalar(by, pa.duration("us")))

    return _on(column, change)


def _old(column: str, share: float, kind: pa.DataType) -> Maker:
    """A share of times are 1970-01-01."""

    def change(random: np.random.Generator, values: object) -> pa.Array:
        given = values if isinstance(values, pa.Array) else pa.array(values, kind)
        hit = pa.array(random.random(len(given)) < share)
        return pc.if_else(
            hit, pa.scalar(0, pa.int64()).cast(pa.int32() if kind == pa.date32() else pa.int64()).cast(kind), given
        )

    return _on(column, change)


def _swapped(one: str, other: str) -> Maker:
    return lambda _random, columns: {**columns, one: columns[other], other: columns[one]}


def _renamed(column: str, old: str, new: str) -> Maker:
    return _on(column, lambda _random, values: [new if value == old else value for value in values])


def _without(column: str, value: object) -> Maker:
    """The rows with a value do not come."""

    def change(random: np.random.Generator, columns: Columns) -> Columns:
        keep = np.flatnonzero([each != value for each in columns[column]])
        return _rows(lambda _, _count: keep)(random, columns)

    return change


def _replaced(column: str, make: Callable[[np.random.Generator, int], object]) -> Maker:
    """Other values altogether."""
    return _on(column, lambda random, values: make(random, len(values)))


TS = pa.timestamp("us", tz="UTC")
CHANGES: tuple[Known, ...] = (
    # -- volume
    Known("half a load", "orders", ("",), ("volume",), _rows(lambda _r, n: np.arange(n // 2))),
    Known("a load of sixty rows", "bursts", ("",), ("volume",), _rows(lambda _r, _n: np.arange(60))),
    Known("a load twice", "sensors", ("",), ("volume",), _rows(lambda _r, n: np.tile(np.arange(n), 2))),
    Known(
        "a load twice, ids repeat",
        "orders",
        ("", "id"),
        ("volume", "distinct"),
        _rows(lambda _r, n: np.tile(np.arange(n), 2)),
    ),
    Known("no rows", "orders", ("",), ("volume",), _rows(lambda _r, _n: np.arange(0))),
    Known("a table emptied", "accounts", ("",), ("volume",), _rows(lambda _r, _n: np.arange(0))),
    Known("a table cut by a third", "accounts", ("",), ("volume",), _rows(lambda _r, n: np.arange(n * 2 // 3))),
    Known("a load ten times over", "few", ("",), ("volume",), _rows(lambda _r, n: np.tile(np.arange(n), 10))),
    Known("a handful lost", "few", ("",), ("volume",), _rows(lambda _r, _n: np.arange(0))),
    Known("tickets three times", "tickets", ("",), ("volume",), _rows(lambda _r, n: np.tile(np.arange(n), 3))),
    # -- nulls
    Known("nulls creep in", "orders", ("country",), ("nulls",), _on("country", lambda r, v: holes(r, v, 0.03))),
    Known("nulls in numbers", "orders", ("amount",), ("nulls",), _on("amount", lambda r, v: holes(r, v, 0.05))),
    Known("a column not filled any more", "orders", ("note",), ("nulls",), _on("note", lambda r, v: holes(r, v, 1.0))),
    Known("more nulls than usual", "orders", ("note",), ("nulls",), _on("note", lambda r, v: holes(r, v, 0.5))),
    Known("a sensitive column empty", "orders", ("email",), ("nulls",), _on("email", lambda r, v: holes(r, v, 0.4))),
    Known("sensors silent", "sensors", ("temperature",), ("nulls",), _on("temperature", lambda r, v: holes(r, v, 0.3))),
    Known(
        "nulls in times",
        "tickets",
        ("opened_at",),
        ("nulls",),
        _on("opened_at", lambda r, v: pa.array(holes(r, v.to_pylist(), 0.2), TS)),
    ),
    Known("not a number", "bursts", ("value",), ("nulls",), _some("value", 0.1, float("nan"))),
    Known(
        "nulls filled with nothing",
        "orders",
        ("note",),
        ("nulls", "distribution"),
        _on("note", lambda _r, v: ["" if x is None else x for x in v]),
    ),
    Known("ids missing", "orders", ("id",), ("nulls",), _on("id", lambda r, v: holes(r, v, 0.1))),
    # -- categories
    Known("a category gone", "orders", ("country",), ("categories",), _without("country", "DE")),
    Known("a category renamed", "orders", ("country",), ("categories",), _renamed("country", "BR", "Brazil")),
    Known("a new country", "orders", ("country",), ("categories",), _some("country", 0.04, "AO")),
    Known("another case", "tickets", ("channel",), ("categories",), _renamed("channel", "chat", "Chat")),
    Known(
        "all statuses renamed",
        "orders",
        ("status",),
        ("categories",),
        _on("status", lambda _r, v: [x.upper() for x in v]),
    ),
    Known("shares of a status", "orders", ("status",), ("categories",), _some("status", 0.4, "returned")),
    Known("a device state", "sensors", ("state",), ("categories",), _some("state", 0.3, "error")),
    Known("new firmware", "sensors", ("firmware",), ("categories",), _some("firmware", 0.1, "3.0")),
    Known("a currency gone", "invoices", ("currency",), ("categories",), _without("currency", "USD")),
    Known("a flag stuck", "bursts", ("is_new",), ("categories",), _replaced("is_new", lambda _r, n: np.ones(n, bool))),
    Known("a flag turned over", "tickets", ("escalated",), ("categories",), _on("escalated", lambda _r, v: ~v)),
    Known(
        "another scale of marks",
        "tickets",
        ("score",),
        ("categories", "range"),
        _on("score", lambda _r, v: [x and int(x) * 2 for x in v]),
    ),
    Known("terms in a new length", "invoices", ("terms",), ("categories", "range"), _some("terms", 0.2, 90)),
    Known("a plan dropped", "accounts", ("plan",), ("categories",), _renamed("plan", "basic", "free")),
    Known(
        "countries mixed up with statuses",
        "orders",
        ("country", "status"),
        ("categories",),
        _swapped("country", "status"),
    ),
    # -- range
    Known("cents for euros", "orders", ("amount",), ("range",), _numbers("amount", lambda v: v * 100)),
    Known("thousands", "invoices", ("total",), ("range",), _numbers("total", lambda v: v / 1000)),
    Known("a currency of a tenth", "invoices", ("tax",), ("range",), _numbers("tax", lambda v: v * 10)),
    Known("negative amounts", "orders", ("amount",), ("range",), _numbers("amount", lambda v: np.where(v > 60, -v, v))),
    Known("all signs turned", "orders", ("amount",), ("range",), _numbers("amount", lambda v: -v)),
    Known("test data of 999999", "orders", ("quantity",), ("range",), _some("quantity", 0.01, 999_999)),
    Known("-999 for nothing", "sensors", ("temperature",), ("range",), _some("temperature", 0.05, -999.0)),
    Known("default dates", "orders", ("created_at",), ("range",), _old("created_at", 0.05, TS)),
    Known("default days", "invoices", ("paid_on",), ("range",), _old("paid_on", 0.1, pa.date32())),
    Known(
        "times in the future",
        "tickets",
        ("opened_at",),
        ("range", "distribution"),
        _shifted("opened_at", dt.timedelta(days=30)),
    ),
    Known(
        "day and month mixed",
        "few",
        ("due",),
        ("range",),
        _on("due", lambda r, v: [x + dt.timedelta(days=int(r.integers(-300, 300))) for x in v]),
    ),
    Known("milliseconds for seconds", "sensors", ("signal",), ("range",), _numbers("signal", lambda v: v * 1000)),
    Known(
        "bytes in kilobytes",
        "bursts",
        ("bytes",),
        ("range", "distribution"),
        _numbers("bytes", lambda v: np.floor(v / 1024)),
    ),
    Known(
        "texts of another kind",
        "orders",
        ("note",),
        ("range", "distribution"),
        _on("note", lambda _r, v: [x and x * 60 for x in v]),
    ),
    Known("a year of two digits", "accounts", ("built",), ("range",), _numbers("built", lambda v: v % 100)),
    Known("shares as percent", "sensors", ("battery",), ("range",), _numbers("battery", lambda v: v / 100)),
    # -- distribution
    Known("texts cut", "orders", ("note",), ("distribution",), _on("note", lambda _r, v: [x and x[:20] for x in v])),
    Known(
        "topics cut", "tickets", ("topic",), ("distribution",), _on("topic", lambda _r, v: [x and x[:10] for x in v])
    ),
    Known("decimals lost", "orders", ("amount",), ("distribution",), _numbers("amount", np.floor)),
    Known(
        "rounded measures", "sensors", ("temperature",), ("distribution", "distinct"), _numbers("temperature", np.round)
    ),
    Known(
        "another skew",
        "orders",
        ("amount",),
        ("distribution", "range"),
        _replaced("amount", lambda r, n: np.round(r.lognormal(3.5, 1.8, n), 2)),
    ),
    Known("more than usual", "orders", ("amount",), ("distribution",), _numbers("amount", lambda v: v * 1.6)),
    Known(
        "miles for kilometres",
        "bursts",
        ("bytes",),
        ("distribution", "range"),
        _numbers("bytes", lambda v: np.floor(v * 5)),
    ),
    Known(
        "a sudden constant",
        "orders",
        ("amount",),
        ("distribution", "distinct", "range"),
        _replaced("amount", lambda _r, n: np.full(n, 33.0)),
    ),
    Known(
        "a battery stuck",
        "sensors",
        ("battery",),
        ("distribution", "distinct", "categories", "range"),
        _replaced("battery", lambda _r, n: np.full(n, 100.0)),
    ),
    Known(
        "no discounts",
        "orders",
        ("discount",),
        ("distribution", "distinct"),
        _replaced("discount", lambda _r, n: np.zeros(n)),
    ),
    Known("zeros for what is not known", "orders", ("amount",), ("distribution",), _some("amount", 0.15, 0.0)),
    Known(
        "a time zone",
        "orders",
        ("created_at",),
        ("distribution", "range"),
        _shifted("created_at", dt.timedelta(hours=-5)),
    ),
    Known(
        "a time zone, east",
        "tickets",
        ("opened_at",),
        ("distribution", "range"),
        _shifted("opened_at", dt.timedelta(hours=8)),
    ),
    Known(
        "hours lost",
        "orders",
        ("created_at",),
        ("distribution", "distinct"),
        _on("created_at", lambda _r, v: pc.floor_temporal(v, unit="day")),
    ),
    Known(
        "columns of one type mixed up",
        "invoices",
        ("total", "tax"),
        ("distribution", "range"),
        _swapped("total", "tax"),
    ),
    Known(
        "numbers mixed up",
        "orders",
        ("quantity", "customer_id"),
        ("distribution", "range", "categories", "distinct"),
        _swapped("quantity", "customer_id"),
    ),
    Known(
        "two halves of the world",
        "sensors",
        ("temperature",),
        ("distribution",),
        _numbers("temperature", lambda v: v + 20),
    ),
    Known("fewer minutes", "tickets", ("minutes",), ("distribution",), _numbers("minutes", lambda v: v * 0.3)),
    Known(
        "a wide table, one column",
        "wide",
        ("normal3",),
        ("distribution", "range"),
        _numbers("normal3", lambda v: v + 9),
    ),
    Known(
        "a wide table, one skew", "wide", ("skew7",), ("distribution", "range"), _numbers("skew7", lambda v: v**2 + 5)
    ),
    # -- distinct
    Known(
        "one customer for all",
        "orders",
        ("customer_id",),
        ("distinct", "distribution", "range"),
        _replaced("customer_id", lambda _r, n: np.full(n, 7)),
    ),
    Known(
        "test customers",
        "orders",
        ("customer_id",),
        ("distinct", "distribution", "range"),
        _replaced("customer_id", lambda r, n: r.integers(1, 60, n)),
    ),
    Known(
        "sessions shared", "bursts", ("session",), ("distinct",), _on("session", lambda r, v: pick(r, v[:50], len(v)))
    ),
    Known("cities merged", "accounts", ("city",), ("distinct",), _on("city", lambda _r, v: [x[:6] for x in v])),
    Known(
        "test texts",
        "orders",
        ("note",),
        ("distinct", "distribution"),
        _replaced("note", lambda r, n: holes(r, pick(r, WORDS, n), 0.3)),
    ),
)
"""At least one of each kind of finding, on the shapes where it is found in practice."""
