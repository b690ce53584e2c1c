"""Models built daily over sources that grow: how often their values cry wolf, and how many planted changes are seen.

Sources are made up day by day in a database: customers come, orders come and change state, weekends are thin, it grows, and
prices rise. Models are queries over them, from a join of all rows to the sums of a month. Rows come grouped, and in another
order each day. Each build is measured and judged as in `jusante run`, and what was found is remembered.
"""

import datetime as dt
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

import measure
from jusante.core.profile import Profile
from jusante.dataops.monitors.distribution import Seen, unusual_values
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.ingestion.data_drift.deviation import Deviation
from jusante.ingestion.data_drift.measuring import FEWEST_VALUES, Measured
from jusante.ingestion.data_drift.measuring import measure as profile_of
from jusante.ingestion.data_drift.sampling import scattered
from jusante.orchestration.profiling import SAMPLE_ROWS
from jusante.ports.engine import Session, Target
from measure import Target as Bound

START = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
DAYS = 110
SEEDS = 3
LEARNING = 8
REMEMBERED = 30
FOLDER = measure.WORK / "model_values"
COUNTRIES = ("BR", "DE", "US", "PT", "FR", "MX", "JP", "IN")
PRODUCTS = 60


@dataclass(frozen=True, slots=True)
class Model:
    """A query; `{day}` is that of the build. `keys` tell its rows apart; `part`: only what is new is given."""

    sql: str
    keys: frozenset[str] = frozenset()
    part: bool = False
    planted: dict[str, tuple[str, str]] = field(default_factory=dict)


def _changed(column: str, value: str) -> tuple[str, str]:
    return column, f"select * replace ({value} as {column}) from ({{}})"


JOINED = (
    "select o.id, o.moment, o.amount, o.state, o.quantity, c.country, c.since, o.amount / o.quantity as price "
    "from orders o join customers c on c.id = o.customer where o.moment < {day}"
)
MODELS: dict[str, Model] = {
    "all orders, joined": Model(
        JOINED,
        frozenset({"id"}),
        planted={
            "a join that finds a tenth less": _changed("country", "case when id % 10 > 0 then country end"),
            "cents": _changed("amount", "amount * 100"),
            "a state under another name": _changed("state", "case when state = 'paid' then 'settled' else state end"),
            "one country for all": _changed("country", "'PT'"),
            "half of the prices zero": _changed("price", "case when id % 2 > 0 then price else 0 end"),
        },
    ),
    "orders of 30 days": Model(
        f"{JOINED} and o.moment >= {{day}} - interval 30 day",
        frozenset({"id"}),
        planted={
            "signs turned": _changed("amount", "-amount"),
            "a join that finds nothing": _changed("country", "null::varchar"),
            "quantities of one": _changed("quantity", "1::bigint"),
            "a country less": ("country", "select * from ({}) where country <> 'BR'"),
        },
    ),
    "what a day adds": Model(
        f"{JOINED} and o.moment >= {{day}} - interval 1 day",
        frozenset({"id"}),
        part=True,
        planted={
            "a twentieth without a price": _changed("price", "case when id % 20 > 0 then price end"),
            "thousandfold": _changed("amount", "amount / 1000"),
            "hours shifted": _changed("moment", "moment + interval 9 hour"),
        },
    ),
    "sales by day": Model(
        "select moment::date as day, count(*) as orders, sum(amount) as revenue, avg(quantity) as basket from orders "
        "where moment < {day} group by all",
        frozenset({"day"}),
        planted={
            "sums of cents": _changed("revenue", "revenue * 100"),
            "counted twice over": _changed("orders", "orders * 8"),
            "no basket": _changed("basket", "null::double"),
        },
    ),
    "customers": Model(
        "select c.id, c.country, c.since, count(o.id) as orders, coalesce(sum(o.amount), 0) as spent, max(o.moment) as last "
        "from customers c left join orders o on o.customer = c.id and o.moment < {day} where c.since < {day} group by all",
        frozenset({"id"}),
        planted={
            "a broken join: nobody has bought": _changed("spent", "0::double"),
            "half of them never bought": _changed("last", "case when id % 2 > 0 then last end"),
            "a country under another name": _changed(
                "country", "case when country = 'DE' then 'Germany' else country end"
            ),
        },
    ),
    "this month so far": Model(
        f"{JOINED} and o.moment >= date_trunc('month', {{day}} - interval 1 day)",
        frozenset({"id"}),
        planted={
            "no state": _changed("state", "null::varchar"),
            "dollars for cents": _changed("amount", "amount / 100"),
        },
    ),
    "products of a week": Model(
        "select product, count(*) as orders, sum(amount) as revenue, avg(amount / quantity) as price, "
        "sum(amount) / sum(sum(amount)) over () as share from orders where moment < {day} and moment >= {day} - interval 7 day "
        "group by product",
        frozenset({"product"}),
        planted={
            "shares in percent": _changed("share", "share * 100"),
            "prices of none": _changed("price", "null::double"),
        },
    ),
    "countries by week": Model(
        "select country, date_trunc('week', o.moment)::date as week, count(*) as orders, sum(amount) as revenue, "
        "avg(o.amount) as mean from orders o join customers c on c.id = o.customer where o.moment < {day} group by all",
        frozenset({"country", "week"}),
        planted={"means of cents": _changed("mean", "mean * 100"), "no country": _changed("revenue", "null::double")},
    ),
    "the best customers": Model(
        "select customer, sum(amount) as spent, rank() over (order by sum(amount) desc) as place, "
        "max(moment) > {day} - interval 7 day as active from orders where moment < {day} group by customer order by 2 desc limit 200",
        frozenset({"customer"}),
        planted={
            "all of them away": _changed("active", "false"),
            "in cents": _changed("spent", "spent * 100"),
        },
    ),
}


def main() -> None:
    found: dict[str, list[int]] = {}
    planted: list[tuple[str, str, int, int]] = []
    sizes: dict[str, int] = {}
    for name, model in MODELS.items():
        measure.tell(name)
        results = [_watched(model, seed) for seed in range(SEEDS)]
        found[name] = [sum(each[0] for each in results), sum(each[1] for each in results)]
        sizes[name] = results[-1][3]
        planted += [(name, what, sum(each[2][what] for each in results), SEEDS) for what in model.planted]
    _publish(found, planted, sizes)


def _watched(model: Model, seed: int) -> tuple[int, int, dict[str, bool], int]:
    """False alarms, builds judged, what was seen of what was planted after the last day, bytes of a profile."""
    engine = DuckDBEngine(EngineSettings(memory="1GB", threads=1))
    shutil.rmtree(FOLDER, ignore_errors=True)
    with engine.session() as session:
        _sources(session, np.random.default_rng(seed))
        past: list[Seen] = []
        alarms, judged = 0, 0
        for day in range(1, DAYS):
            now, fresh = _judged(session, model, model.sql, day, past)
            judged += day > LEARNING
            alarms += fresh
            past = [*past, now][-REMEMBERED:] if now else past
        seen = {}
        for what, (column, change) in model.planted.items():
            now, _ = _judged(session, model, change.format(model.sql), DAYS, past)
            seen[what] = bool(now) and column in now.profile.flagged
        size = len(json.dumps(past[-1].profile.as_payload()))
    engine.close()
    return alarms, judged, seen, size


def _judged(session: Session, model: Model, sql: str, day: int, past: Sequence[Seen]) -> tuple[Seen | None, bool]:
    """A build as it is remembered, and whether something was found in a column in which nothing was the time before."""
    at = START + dt.timedelta(days=day)
    profile = _profile(session, sql.format(day=f"timestamp '{at:%Y-%m-%d}'"), at, model)
    if profile is None:
        return None, False
    found: dict[str, Deviation] = unusual_values(past, Seen(profile, "1"), model.keys, {}) if past else {}
    flagged = {name: (deviation.change,) for name, deviation in found.items()}
    before = past[-1].profile.flagged if past else {}
    if found and sql == model.sql:
        measure.tell("; ".join(f"day {day} {name}: {each.before} → {each.after}" for name, each in found.items()))
    return Seen(replace(profile, flagged=flagged), "1"), bool(flagged.keys() - before.keys())


def _profile(session: Session, sql: str, at: dt.datetime, model: Model) -> Profile | None:
    place = FOLDER / f"{at:%m%d}"
    shutil.rmtree(place, ignore_errors=True)
    plan = session.stage(_grouped(session, sql, at), Target(str(place / "rows"), {}, 0))
    if plan.rows < FEWEST_VALUES:
        return None
    session.add("m.rows", plan)
    about = Measured(at, not model.part, str(place), sample_rows=SAMPLE_ROWS, sampling=scattered)
    return profile_of(session, "m.model", "m.rows", plan, about)


def _grouped(session: Session, sql: str, at: dt.datetime) -> str:
    """The rows as joins and windows leave them: alike beside alike, and in another order each time."""
    by = session.schema(sql).names[-2]
    return f"select * from ({sql}) as made order by hash(concat(made.\"{by}\", '{at:%m%d}'))"


# -- sources -------------------------------------------------------------------------------------------------------------


def _sources(session: Session, random: np.random.Generator) -> None:
    """Customers and orders of all days, and of a year before, as tables."""
    import pyarrow as pa

    from jusante.ports.relation import Batches

    for name, columns in _made(random):
        table = pa.table(columns)
        session.add(f"in.{name}", Batches(table.schema, iter(table.to_batches())))
        session.rows(f'create temp table {name} as from "in".{name}')


def _made(random: np.random.Generator) -> Iterator[tuple[str, dict[str, object]]]:
    days = range(-120, DAYS + 1)
    people = [len(days)] + [int(random.poisson(6 * 1.004 ** max(day, 0))) for day in days]
    since = np.repeat([-121, *days], [400, *people[1:]])
    count = len(since)
    yield (
        "customers",
        {
            "id": np.arange(count),
            "country": random.choice(COUNTRIES, count, p=[0.3, 0.2, 0.15, 0.1, 0.1, 0.07, 0.05, 0.03]),
            "since": _moments(random, since),
        },
    )
    rows = [int(random.poisson(90 * 1.004**day * (0.45 if (START.weekday() + day) % 7 >= 5 else 1))) for day in days]
    day = np.repeat(days, rows)
    known = np.searchsorted(since, day)
    quantity = random.geometric(0.5, len(day))
    product = np.minimum(random.geometric(0.06, len(day)), PRODUCTS)
    price = 4 + product * 0.9 * random.lognormal(0, 0.08, len(day)) * 1.0005**day
    yield (
        "orders",
        {
            "id": np.arange(len(day)),
            "customer": (known * random.power(0.8, len(day))).astype(int),
            "product": product,
            "quantity": quantity,
            "amount": np.round(price * quantity, 2),
            "state": random.choice(["paid", "sent", "returned", "open"], len(day), p=[0.7, 0.2, 0.04, 0.06]),
            "moment": _moments(random, day),
        },
    )


def _moments(random: np.random.Generator, days: np.ndarray) -> np.ndarray:
    """Times of these days, most of them by day."""
    seconds = np.clip(random.normal(50_000, 14_000, len(days)), 0, 86_399).astype(int)
    start = np.datetime64(START.replace(tzinfo=None, hour=0), "us")
    return start + days.astype("timedelta64[D]") + seconds.astype("timedelta64[s]")


def _publish(found: dict[str, list[int]], planted: list[tuple[str, str, int, int]], sizes: dict[str, int]) -> None:
    alarms, judged = (sum(each[place] for each in found.values()) for place in (0, 1))
    seen, of = sum(each[2] for each in planted), sum(each[3] for each in planted)
    rows = [[n, f"{d:,}", a, f"{1000 * a / d:.1f}", f"{sizes[n]:,}"] for n, (a, d) in found.items()]
    measure.publish(
        "model_values",
        f"Models built daily for {DAYS} days over sources that grow, {SEEDS} seeds, judged from the day {LEARNING + 1} on by the "
        f"{REMEMBERED} builds before. A build in which something is found in any column, and was not the day before, is a false "
        "alarm.",
        measure.table(["model", "builds judged", "false alarms", "of 1,000", "bytes a profile"], rows),
        "Planted in the build after the last, in what the model gives; seen means found in that column.",
        measure.table(["model", "planted", "seen"], [[n, what, f"{s} of {o}"] for n, what, s, o in planted]),
        measure.targets_table(
            [
                Bound("false alarms, of 1,000 builds", 5, 1000 * alarms / judged),
                Bound("planted changes seen", 95, 100 * seen / of, "%", at_least=True),
            ]
        ),
    )


if __name__ == "__main__":
    main()
