"""The shop with failures planted into it, on made-up ledgers: what changed, what fails, and what the true cause is."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from jusante.core.asset import Asset
from jusante.core.graph import Graph
from jusante.core.model import PythonModel, SqlModel
from jusante.core.run import AssetState, Task
from jusante.dataops.incidents import Case, Past, cases_of, changes, suspects, symptoms_of
from jusante.engineering.project import read_project
from jusante.orchestration.staleness import action_of
from jusante.plugins import Connectors
from jusante.transformation.sql_analysis import analyse

SHOP = Path(__file__).parents[1] / "examples" / "shop"
T0 = dt.datetime(2026, 5, 1, 6, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@cache
def shop() -> Graph:
    """The demo shop's graph; nothing is run."""
    secrets = {"SALES_URL": "postgresql://x/y", "SOCIAL_URL": "http://127.0.0.1", "SOCIAL_TOKEN": "t"}
    return read_project(SHOP, None, kinds=Connectors(), analyse=analyse, variables=secrets).graph


@dataclass(frozen=True)
class Plant:
    """A failure in a world that was well. `causes`: for each incident to be found, its asset and its first suspect.

    `fails`: the error (code, words) of assets that fail when they are made. `gone`: columns that a table no longer has.
    """

    title: str
    fails: Mapping[str, tuple[str, str]]
    causes: frozenset[tuple[str, str, str]]
    edited: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()
    gone: Mapping[str, str] = field(default_factory=dict)
    odd: frozenset[str] = frozenset()
    installed: tuple[str, ...] = ()
    chosen: frozenset[str] | None = None


def edit(asset: Asset) -> Asset:
    """The asset with another definition."""
    definition: Any = asset.definition
    if isinstance(definition, SqlModel):
        definition = replace(definition, query=replace(definition.query, canonical=definition.query.canonical + " "))
    elif isinstance(definition, PythonModel):
        definition = replace(definition, canonical=definition.canonical + "\n")
    return replace(asset, definition=definition)


def state(graph: Graph, name: str, at: dt.datetime, snapshot: int) -> AssetState:
    """An asset as it was left by a run."""
    inputs = dict.fromkeys(graph.tables_above(name), snapshot)
    return AssetState(name, graph.versions[name], inputs, "r", at, f"{name}-{snapshot}", snapshot)


def tasks_of(graph: Graph, plant: Plant) -> list[Task]:
    """What a run does: what stands below a failure is left, what is not stale is up to date."""
    done: dict[str, Task] = {}
    blocked: set[str] = set()
    stale = graph.below((*plant.edited, *plant.fresh))
    for name in graph.order:
        asset = graph[name]
        if not asset.is_made or (plant.chosen is not None and name not in plant.chosen):
            continue
        bad = next((above for above in asset.inputs if above in blocked), None)
        if bad:
            blocked.add(name)
            done[name] = Task(name, "skip", "skipped", f"left as it was: {bad} did not succeed")
        elif name in plant.fails:
            blocked.add(name)
            code, what = plant.fails[name]
            status: Any = "held" if code in {"J203", "J204", "J210", "J211"} else "failed"
            error = {"code": code, "what": what, "where": str(asset.place), "fix": ""}
            done[name] = Task(name, action_of(asset), status, what, error=error)
        elif name in stale:
            done[name] = Task(name, action_of(asset), "succeeded", "new data", rows_out=1)
        else:
            done[name] = Task(name, "skip", "skipped", "up to date")
    return list(done.values())


def found(plant: Plant) -> tuple[Case, ...]:
    """The cases that are found in a planted failure."""
    before = shop()
    after = Graph(edit(asset) if asset.id in plant.edited else asset for asset in before)
    tasks = tasks_of(after, plant)
    well = {asset.id: state(before, asset.id, T0, 1) for asset in before if asset.is_made}
    now = well | {t.asset: state(after, t.asset, T0 + HOUR, 2) for t in tasks if t.status == "succeeded"}
    past = Past(
        before=well,
        now=now,
        columns_before={name: {column: "bigint", "kept": "string"} for name, column in plant.gone.items()},
        columns_now={name: {"kept": "string"} for name in plant.gone},
        odd=dict.fromkeys(plant.odd, ("number of rows: 1,000 → 12",)),
        environment=plant.installed,
    )
    return cases_of(
        after,
        tasks,
        symptoms_of(tasks),
        lambda one: suspects(one, changes(after, one.asset, _seen(after, one.asset, past))),
    )


def _seen(graph: Graph, name: str, past: Past) -> Past:
    """What the ledger tells of one asset: of those above it alone."""
    above = graph.above([name])

    def part(known: Mapping[str, Any]) -> dict[str, Any]:
        return {each: value for each, value in known.items() if each in above}

    return Past(
        part(past.before), part(past.now), part(past.columns_before), part(past.columns_now), part(past.odd),
        past.down & above, past.environment,
    )  # fmt: skip


# -- the plants ----------------------------------------------------------------------------------------------------------


def plants() -> Iterator[Plant]:
    """All of them."""
    graph = shop()
    ingested = [asset.id for asset in graph if asset.kind == "ingested"]
    models = [asset.id for asset in graph if isinstance(asset.definition, SqlModel | PythonModel)]
    yield from _of_sources(ingested)
    for table in ingested:
        yield from _of_table(table)
    for model in models:
        yield from _of_model(graph, model, ingested)
    yield from _of_the_house(ingested)
    yield from _several(ingested)


def _one(asset: str, kind: str, subject: str) -> frozenset[tuple[str, str, str]]:
    return frozenset({(asset, kind, subject)})


def _of_sources(ingested: list[str]) -> Iterator[Plant]:
    for source in dict.fromkeys(name.partition(".")[0] for name in ingested):
        tables = [name for name in ingested if name.startswith(f"{source}.")]
        name = f"source:{source}"
        down = dict.fromkeys(tables, ("J201", "no connection: refused"))
        others = frozenset(ingested) - set(tables)
        yield Plant(f"source {source} is down", down, _one(name, "outage", name), fresh=others)
        denied = {table: ("J202", f"permission denied for table {table}") for table in tables}
        yield Plant(f"source {source} denies", denied, _one(name, "environment", name), fresh=others)


def _of_table(table: str) -> Iterator[Plant]:
    short = table.partition(".")[2]
    missing = {table: ("J200", f"there is no table {short}")}
    yield Plant(f"{table} is missing", missing, _one(table, "data", table))
    held = {table: ("J210", f"{table}.amount is gone at the source")}
    yield Plant(f"a column of {table} is dropped, held", held, _one(table, "schema", table))
    personal = {table: ("J204", f"{table}.mail may hold personal data")}
    yield Plant(f"{table} waits for a decision", personal, _one(table, "schema", table))
    rows = {table: ("J500", "total positive: does not hold in 3 of 90 rows")}
    yield Plant(f"bad rows in {table}", rows, _one(table, "data", table))
    odd = {table: ("J211", "number of rows: 1,000 → 12")}
    yield Plant(f"odd data in {table}, held", odd, _one(table, "data", table))


def _of_model(graph: Graph, model: str, ingested: list[str]) -> Iterator[Plant]:
    fresh = frozenset(ingested)
    is_python = isinstance(graph[model].definition, PythonModel)
    broken = ("J410", "TypeError: unsupported operand") if is_python else ("J400", 'syntax error at or near "form"')
    yield Plant(
        f"{model} was edited, and is broken",
        {model: broken},
        _one(model, "definition", model),
        frozenset({model}),
        fresh,
    )
    rows = {model: ("J500", "revenue positive: does not hold in 2 of 90 rows")}
    own = _one(model, "definition", model)
    values = {model: ("J410" if is_python else "J400", "division by zero")}
    yield Plant(f"{model} was edited, and cannot cope with values", values, own, frozenset({model}), fresh)
    yield Plant(f"{model} was edited, and fails its audit", rows, own, frozenset({model}), fresh)
    if is_python:
        values = {model: ("J410", "ValueError: could not convert string to float: a date")}
        source = min((graph.above([model]) - {model}) & set(ingested))
        yield Plant(
            f"values of {source} make {model} raise", values, _one(model, "data", source), fresh=frozenset({source})
        )
    above = sorted((graph.above([model]) - {model}) & set(ingested))
    if not above:
        return
    source = above[0]
    yield Plant(
        f"a column of {source} went, which {model} needs",
        {model: ("J400", 'Referenced column "amount" not found in FROM clause')},
        _one(model, "schema", source),
        fresh=frozenset(above),
        gone={source: "amount"},
    )
    yield Plant(
        f"odd rows of {source} fail the audit of {model}",
        {model: ("J500", "revenue positive: does not hold in 2 of 90 rows")},
        _one(model, "data", source),
        fresh=frozenset(above),
        odd=frozenset({source}),
    )
    yield Plant(
        f"values of {source} cannot be converted in {model}",
        {model: ("J400", "Conversion Error: could not convert a text to DOUBLE")},
        _one(model, "data", source),
        fresh=frozenset({source}),
    )
    yield from _edited_above(graph, model, fresh)


def _edited_above(graph: Graph, model: str, fresh: frozenset[str]) -> Iterator[Plant]:
    editable = [name for name in graph[model].inputs if isinstance(graph[name].definition, SqlModel)]
    for above in editable[:1]:
        yield Plant(
            f"{above} was edited and lost a column that {model} needs",
            {model: ("J400", 'Referenced column "amount" not found in FROM clause')},
            _one(model, "definition", above),
            frozenset({above}),
            fresh,
            gone={above: "amount"},
        )
        yield Plant(
            f"{above} was edited, and the audit of {model} fails",
            {model: ("J500", "revenue positive: does not hold in 2 of 90 rows")},
            _one(model, "definition", above),
            frozenset({above}),
            fresh,
        )


def _of_the_house(ingested: list[str]) -> Iterator[Plant]:
    full = dict.fromkeys(ingested, ("J301", "the disk is full"))
    yield Plant("the disk is full", full, _one("storage", "environment", "storage"))
    some = {"marts.daily_sales": ("J300", "read-only file system"), "marts.buzz": ("J300", "read-only file system")}
    yield Plant(
        "two tables cannot be written", some, _one("storage", "environment", "storage"), fresh=frozenset(ingested)
    )
    extra = {name: ("J700", "psycopg is not installed") for name in ingested if name.startswith("sales.")}
    yield Plant("an extra is missing", extra, _one("installation", "environment", "environment"))
    for model in ("marts.daily_sales", "marts.buzz", "marts.country_sales"):
        broken = {model: ("J400", "Not implemented: this function")}
        yield Plant(
            f"an upgrade breaks {model}", broken, _one(model, "environment", "environment"), installed=("duckdb 1 → 2",)
        )


def _several(ingested: list[str]) -> Iterator[Plant]:
    fresh = frozenset(ingested)
    down = {name: ("J201", "no connection: refused") for name in ingested if name.startswith("social.")}
    syntax = ("J400", "syntax error at or near the end")
    social = ("source:social", "outage", "source:social")
    edited = ("marts.daily_sales", "definition", "marts.daily_sales")
    yield Plant(
        "a source is down, and a model is broken", down | {"marts.daily_sales": syntax}, frozenset({social, edited}),
        frozenset({"marts.daily_sales"}), fresh,
    )  # fmt: skip
    two = frozenset({"marts.buzz", "marts.daily_sales"})
    yield Plant(
        "two edits at once",
        dict.fromkeys(two, syntax),
        frozenset((name, "definition", name) for name in two),
        two,
        fresh,
    )
    gone = ("J400", 'Referenced column "amount" not found in FROM clause')
    fails = dict.fromkeys(("marts.daily_sales", "ml.customer_features", "marts.country_sales"), gone)
    yield Plant(
        "a column went that three models need", fails, _one("sales.order_items", "schema", "sales.order_items"),
        fresh=frozenset({"sales.order_items"}), gone={"sales.order_items": "amount"},
    )  # fmt: skip
    yield Plant(
        "an edit above breaks three models", fails, _one("marts.order_lines", "definition", "marts.order_lines"),
        frozenset({"marts.order_lines"}), fresh, gone={"marts.order_lines": "amount"},
    )  # fmt: skip
    held = {"sales.orders": ("J210", "sales.orders.status is gone at the source")}
    yield Plant(
        "a held column and a source that is down", down | held,
        frozenset({social, ("sales.orders", "schema", "sales.orders")}),
    )  # fmt: skip
