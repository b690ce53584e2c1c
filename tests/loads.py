"""Loads of made-up tables, day after day: of many shapes that do not change, and with changes whose answer is known."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

Columns = dict[str, Any]
START = dt.datetime(2026, 3, 2, 6, 0, tzinfo=dt.UTC)
COUNTRIES = ("BR", "DE", "US", "PT", "FR", "MX", "JP", "IN")
WORDS = tuple(
    f"{a}{b}" for a in ("red", "blue", "old", "new", "tiny", "big") for b in ("cup", "mug", "tea", "pot", "jar")
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a table's loads come about: `make(random, day, memory)` gives the columns; `memory` is kept from day to day."""

    name: str
    make: Callable[[np.random.Generator, int, dict[str, Any]], Columns]
    whole: bool = False
    keys: frozenset[str] = frozenset()


def arrow(columns: Columns) -> pa.Table:
    """Columns as Arrow; NaN in a masked float column stays a NaN, None is null."""
    return pa.table(
        {name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()}
    )


def moment(day: int) -> dt.datetime:
    """When a day's load is made."""
    return START + dt.timedelta(days=day)


# -- pieces --------------------------------------------------------------------------------------------------------------


def weekly(day: int, weekend: float = 0.4) -> float:
    """A factor for the day of the week."""
    return weekend if (START.weekday() + day) % 7 >= 5 else 1.0


def pick(random: np.random.Generator, values: Any, rows: int, shares: Any = None) -> list[Any]:
    """Values by their shares."""
    shares = np.asarray(shares if shares is not None else np.ones(len(values)), dtype=float)
    return [values[i] for i in random.choice(len(values), rows, p=shares / shares.sum())]


def holes(random: np.random.Generator, values: Any, share: float) -> list[Any]:
    """The values with some of them missing."""
    gone = random.random(len(values)) < share
    return [None if missing else value for value, missing in zip(list(values), gone, strict=True)]


def times(random: np.random.Generator, day: int, rows: int, hours: Any = None) -> pa.Array:
    """Times within the 24 hours before the load, by hours of the day with a peak."""
    hours = np.asarray(
        hours if hours is not None else [1] * 7 + [3, 6, 9, 9, 8, 9, 8, 7, 7, 8, 9, 10, 8, 6, 4, 2, 1], float
    )
    begin = moment(day) - dt.timedelta(days=1)
    hour = random.choice(24, rows, p=hours / hours.sum())
    midnight = begin.replace(hour=0)
    seconds = hour * 3600 + random.random(rows) * 3600
    seconds = np.where(seconds < begin.hour * 3600, seconds + 86_400, seconds)
    micros = ((midnight.timestamp() + seconds) * 1e6).astype("int64")
    return pa.array(micros, pa.timestamp("us", tz="UTC"))


def texts(random: np.random.Generator, rows: int, mean: float = 30.0) -> list[str]:
    """Texts of lengths that vary."""
    lengths = np.clip(random.lognormal(np.log(mean), 0.5, rows), 1, 400).astype(int)
    numbers = random.integers(0, 10**9, rows)
    return [(f"{number} words of text " * 20)[:length] for number, length in zip(numbers, lengths, strict=True)]


# -- shapes --------------------------------------------------------------------------------------------------------------


def orders(random: np.random.Generator, day: int, memory: dict[str, Any]) -> Columns:
    """A shop: weekends are thin, amounts are skewed, ids grow."""
    rows = int(1500 * weekly(day) * random.lognormal(0, 0.08))
    first = memory.get("next", 1)
    memory["next"] = first + rows
    return {
        "id": np.arange(first, first + rows),
        "customer_id": random.integers(1, 50_000, rows),
        "country": pick(random, COUNTRIES, rows, [30, 20, 15, 10, 8, 7, 6, 4]),
        "status": pick(random, ("paid", "open", "shipped", "returned"), rows, [50, 20, 27, 3]),
        "amount": np.round(random.lognormal(3.5, 0.8, rows), 2),
        "discount": np.round(np.where(random.random(rows) < 0.7, 0.0, random.random(rows) * 20), 2),
        "quantity": random.geometric(0.5, rows),
        "created_at": times(random, day, rows),
        "note": holes(random, texts(random, rows), 0.3),
        "email": [f"person{i}@mail.example" for i in random.integers(1, 50_000, rows)],
    }


def bursts(random: np.random.Generator, day: int, memory: dict[str, Any]) -> Columns:
    """Events that come in bursts, with values of a heavy tail."""
    rows = int(800 * random.lognormal(0, 0.3) * (random.uniform(2, 4) if random.random() < 0.12 else 1))
    return {
        "kind": pick(random, [f"k{i}" for i in range(25)], rows, [1 / (i + 1) for i in range(25)]),
        "value": random.pareto(1.3, rows),
        "session": [f"s{i}" for i in random.integers(0, 10**9, rows)],
        "bytes": random.lognormal(7, 2, rows).astype("int64"),
        "at": times(random, day, rows, np.ones(24)),
        "is_new": random.random(rows) < random.uniform(0.2, 0.3),
    }


def accounts(random: np.random.Generator, day: int, memory: dict[str, Any]) -> Columns:
    """A table that comes as a whole and grows by half a percent a day."""
    rows = int(1200 * 1.005**day)
    kept = memory.setdefault("kept", {"balance": [], "plan": [], "city": [], "built": [], "since": [], "seats": []})
    more = rows - len(kept["plan"])
    kept["balance"] += list(np.round(random.normal(100, 80, more), 2))
    kept["plan"] += pick(random, ("free", "basic", "pro"), more, [70, 25, 5])
    kept["city"] += pick(random, [f"city {i}" for i in range(300)], more, [1 / (i + 3) for i in range(300)])
    kept["built"] += [int(year) for year in random.normal(1985, 12, more)]
    kept["since"] += [moment(day).date() - dt.timedelta(days=int(age)) for age in random.integers(0, 900, more)]
    kept["seats"] += [int(seats) for seats in random.poisson(3, more)]
    return {"account": list(range(rows)), **{name: list(values) for name, values in kept.items()}}


def sensors(random: np.random.Generator, day: int, memory: dict[str, Any]) -> Columns:
    """Devices: as many rows each day, a temperature with seasons, a battery that runs down, outliers now and then."""
    rows = 2000
    temperature = 15 + 8 * np.sin(day / 20) + random.standard_t(3, rows) * 2 + random.normal(0, 1)
    return {
        "device": random.integers(0, 60, rows),
        "temperature": holes(random, np.round(temperature, 1), random.beta(4, 196)),
        "battery": np.clip(95 - 0.3 * day + random.normal(0, 4, rows), 0, 100),
        "signal": random.integers(-110, -40, rows),
        "state": pick(random, ("ok", "warn", "error"), rows, [97, 2.5, 0.5]),
        "firmware": pick(random, ("1.0", "1.1", "2.0"), rows, [5, 60, 35]),
        "at": times(random, day, rows, np.ones(24)),
    }


def reference(random: np.random.Generator, day: int, memory: dict[str, Any]) -> Columns:
    """A small table that hardly ever changes, and comes as a whole."""
    rows = memory["rows"] = memory.get("rows", 40) + (random.random() < 0.1)
    steady = np.random.default_rng(5)
    return {
        "code": [f"c{i}" for i in range(rows)],
        "label": texts(steady, rows, 12),
        "rate": np.round(steady.random(rows) * 10, 3),
        "active": [i % 9 != 0 for i in range(rows)],
    }


def few(random: np.random.Generator, day: int, memory: dict[str, Any]) -> Columns:
    """A handful of rows a day, of all kinds."""
    rows = int(random.poisson(25 * weekly(day, 0.6)))
    return {
        "kind": pick(random, ("a", "b", "c", "d", "e"), rows, [50, 25, 15, 8, 2]),
        "cost": np.round(random.gamma(2, 40, rows), 2),
        "hours": random.poisson(2, rows),
        "remark": holes(random, texts(random, rows, 50), 0.5),
        "urgent": random.random(rows) < 0.1,
        "due": [moment(day).date() + dt.timedelta(days=int(days)) for days in random.integers(1, 60, rows)],
    }


def tickets(random: np.random.Generator, day: int, memory: dict[str, Any]) -> Columns:
    """Support: weekends are of another mix, shares of nulls vary from day to day, rare categories."""
    busy = weekly(day)
    rows = int(600 * busy * random.lognormal(0, 0.15))
    calls = random.dirichlet(np.array([60, 30, 9, 1]) * 4 if busy == 1 else np.array([30, 60, 9, 1]) * 4)
    return {
        "channel": pick(random, ("phone", "chat", "mail", "letter"), rows, calls),
        "agent": random.integers(1, 35, rows),
        "minutes": holes(random, np.round(random.gamma(1.5, 8 if busy == 1 else 11, rows), 1), random.beta(3, 30)),
        "score": holes(
            random, random.choice([1, 2, 3, 4, 5], rows, p=[0.1, 0.05, 0.1, 0.25, 0.5]), random.beta(20, 10)
        ),
        "topic": holes(random, texts(random, rows, 20), 0.02),
        "escalated": random.random(rows) < 0.03,
        "opened_at": times(random, day, rows),
    }


def invoices(random: np.random.Generator, day: int, memory: dict[str, Any]) -> Columns:
    """Prices rise slowly; the ends of months are heavy; a currency gains."""
    end_of_month = 1.8 if moment(day).day >= 28 else 1.0
    rows = int(400 * end_of_month * random.lognormal(0, 0.1))
    growing = 0.2 + 0.002 * day
    return {
        "total": np.round(random.gamma(2, 50 * 1.003**day, rows), 2),
        "tax": np.round(random.gamma(2, 8 * 1.003**day, rows), 2),
        "currency": pick(random, ("EUR", "USD", "BRL"), rows, [0.7 - growing / 2, 0.3 - growing / 2 + 0.1, growing]),
        "lines": random.geometric(0.3, rows),
        "terms": pick(random, (14, 30, 60), rows, [20, 70, 10]),
        "paid_on": holes(
            random, [moment(day).date() - dt.timedelta(days=int(d)) for d in random.integers(0, 40, rows)], 0.4
        ),
        "credit": np.round(
            np.where(random.random(rows) < 0.05, -random.random(rows) * 50, random.random(rows) * 90), 2
        ),
    }


def wide(random: np.random.Generator, day: int, memory: dict[str, Any]) -> Columns:
    """Many columns of many distributions, few rows."""
    rows = int(300 * random.lognormal(0, 0.2))
    made: Columns = {}
    for number in range(10):
        made[f"normal{number}"] = random.normal(number, 1 + number, rows)
        made[f"skew{number}"] = random.lognormal(1, 0.3 + number / 8, rows)
        made[f"kind{number}"] = pick(random, [f"v{i}" for i in range(2 + 3 * number)], rows)
        made[f"count{number}"] = random.poisson(0.3 + 3 * number, rows)
        made[f"holes{number}"] = holes(random, random.random(rows), random.beta(1 + number, 20))
        made[f"text{number}"] = texts(random, rows, 5 + 6 * number)
    return made


SHAPES: Mapping[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape("orders", orders, keys=frozenset({"id"})),
        Shape("bursts", bursts),
        Shape("accounts", accounts, whole=True, keys=frozenset({"account"})),
        Shape("sensors", sensors),
        Shape("reference", reference, whole=True, keys=frozenset({"code"})),
        Shape("few", few),
        Shape("tickets", tickets),
        Shape("invoices", invoices),
        Shape("wide", wide),
    )
}
