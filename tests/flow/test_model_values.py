"""The values in what models give: measured at each build, told of the column, once for each cause, and kept without values of persons."""

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from jusante.app import Lake, Report
from jusante.app.values import deviations
from jusante.cli.main import cli
from jusante.core.event import Event
from jusante.ingestion.data_drift import PROFILED as LOADED
from jusante.orchestration.profiling import DEVIATED, PROFILED
from projects import run, sql, write

HOUR = dt.timedelta(hours=1)
ROWS = 240
SALES = "select o.id, o.amount, c.country, c.mail as reach from shop.orders as o left join shop.customers as c on c.id = o.customer"
OWNED = "/* jusante\nowner: sales@b.example\ngrain: [id]\n*/\n"
PROJECT = {
    "jusante.yaml": "name: told\n",
    "sources/shop.yaml": "source: shop\nkind: sqlite\nconnection: shop.db\nowner: them@b.example\ntables:\n"
    "  orders: {key: [id]}\n  customers: {key: [id], columns: {mail: {sensitive: email, purpose: [sales]}}}\n",
    "models/m/sales.sql": OWNED + SALES,
    "models/m/paid.sql": "/* jusante\nowner: paid@b.example\n*/\nselect id, amount, country from m.sales where amount > 0",
    "exposures/board.yaml": "exposure: board\nkind: report\nowner: board@b.example\nreads: {m.paid: [country]}\n",
}
COUNTRIES = ("PT", "PT", "BR", "DE", "FR", "PT")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project whose models have been built and measured some days, always alike."""
    write(tmp_path, PROJECT)
    sql(tmp_path / "shop.db", "create table orders (id integer primary key, customer integer, amount integer)")
    sql(tmp_path / "shop.db", "create table customers (id integer primary key, country text, mail text)")
    more(tmp_path, range(ROWS))
    people = [(n, COUNTRIES[n % 6], f"zoe{n}@mail.example") for n in range(ROWS)]
    sql(tmp_path / "shop.db", "insert into customers values (?, ?, ?)", people)
    run(tmp_path)
    more(tmp_path, range(ROWS, ROWS + 3))
    run(tmp_path)
    remembered(tmp_path)
    return tmp_path


def more(folder: Path, numbers: range) -> None:
    orders = [(n, n * 7 % ROWS, n * 7919 % 1000) for n in numbers]
    sql(folder / "shop.db", "insert into orders values (?, ?, ?)", orders)


def remembered(folder: Path, *names: str, times: int = 8) -> None:
    """As if what each model gave the last time had come so often before, a day apart."""
    with Lake.open(folder) as lake:
        for name in names or ("m.sales", "m.paid"):
            [last] = lake.metadata.latest(PROFILED, 1, asset=name)
            days = range(times, 0, -1)
            past = [Event(PROFILED, last.at - 24 * n * HOUR, "r0", name, last.payload) for n in days]
            lake.metadata.tell(past)


def unjoined(folder: Path, first: int = 0) -> None:
    """Orders name customers that there are none of, as after a change of how they are numbered."""
    sql(folder / "shop.db", f"update orders set customer = customer + 100000 where id >= {first} and customer < 100000")


def opened(report: Report) -> list[tuple[str, str, str]]:
    return [(kind.partition(".")[2], each.cause.asset, each.cause.what) for kind, each in report.incidents]


def call(folder: Path, *words: str) -> str:
    return CliRunner().invoke(cli, [*words, "--project", str(folder)], catch_exceptions=False).stdout


def odd(folder: Path, name: str) -> dict[str, str]:
    with Lake.open(folder) as lake:
        return {each.column: each.change for each in deviations(lake.system, name)}


def explained(folder: Path, name: str) -> dict[str, str]:
    with Lake.open(folder) as lake:
        [last] = lake.metadata.latest(DEVIATED, 1, asset=name)
        return dict(last.payload["explained"])


def test_a_column_that_loses_its_values_is_one_incident_and_no_value_of_a_person_is_kept(shop: Path) -> None:
    with Lake.open(shop) as lake:
        kept = lake.metadata.latest(PROFILED, 100, asset="m.sales")
    assert len(kept) == 9  # the second of two builds, and those that are made up
    assert set(kept[0].payload["columns"]["reach"]) == {"k", "n", "f"}
    assert kept[0].payload["columns"]["amount"]["q"]
    assert "zoe" not in json.dumps(dict(kept[0].payload))
    assert "PT" not in json.dumps(dict(kept[0].payload))
    unjoined(shop)
    [(kind, asset, what)] = opened(run(shop))
    assert (kind, asset) == ("opened", "m.sales")
    assert what.startswith("null share of country: 0 % (9 loads at 0 %) → 100 %; and of reach")
    assert set(odd(shop, "m.sales")) >= {"country"}
    assert odd(shop, "m.paid") == {}
    assert explained(shop, "m.paid")["country"].startswith("the values of m.sales")
    shown = call(shop, "incidents", "show", "I1")
    assert "board@b.example" in shown
    assert "null share of country" in shown
    assert "null share of country" in call(shop, "quality")
    said = {each["asset"]: each["odd"] for each in json.loads(call(shop, "quality", "--json"))["assets"]}
    assert {each["column"] for each in said["m.sales"]} == set(odd(shop, "m.sales"))
    assert said["shop.orders"] == said["m.paid"] == []


def test_it_is_over_when_the_values_are_back_and_when_somebody_says_that_they_are_right(shop: Path) -> None:
    unjoined(shop)
    assert [kind for kind, _, _ in opened(run(shop))] == ["opened"]
    sql(shop / "shop.db", "update orders set customer = customer - 100000 where customer >= 100000")
    assert [kind for kind, _, _ in opened(run(shop))] == ["resolved"]
    unjoined(shop)
    assert [kind for kind, _, _ in opened(run(shop))] == ["reopened"]
    assert "the data of m.sales are the new level" in call(shop, "drift", "accept", "m.sales", "--write")
    assert [kind for kind, _, _ in opened(run(shop))] == ["resolved"]


def test_what_an_edit_does_is_no_news_and_a_column_that_it_empties_is(shop: Path) -> None:
    write(shop, {"models/m/sales.sql": OWNED + SALES.replace("o.amount", "o.amount + 5000 as amount")})
    assert run(shop).incidents == ()
    assert "its definition" in explained(shop, "m.sales")["amount"]
    write(shop, {"models/m/sales.sql": OWNED + SALES.replace("c.id = o.customer", "c.id = -o.customer - 1")})
    [(kind, asset, what)] = opened(run(shop))
    assert (kind, asset) == ("opened", "m.sales")
    assert "null share of country" in what


def test_what_follows_from_the_source_is_told_of_the_source_alone_also_after_somebody_accepted_it(shop: Path) -> None:
    with Lake.open(shop) as lake:
        [last] = lake.metadata.latest(LOADED, 1, asset="shop.orders")
        loads = [Event(LOADED, last.at - 24 * n * HOUR, "r0", "shop.orders", last.payload) for n in range(10, 0, -1)]
        lake.metadata.tell(loads)
    sql(shop / "shop.db", "update orders set amount = amount * 100")
    [(kind, asset, _)] = opened(run(shop))
    assert (kind, asset) == ("opened", "shop.orders")
    assert set(explained(shop, "m.sales")) == set(explained(shop, "m.paid")) == {"amount"}
    assert "the data of shop.orders are the new level" in call(shop, "drift", "accept", "shop.orders", "--write")
    more(shop, range(ROWS + 3, ROWS + 9))
    sql(shop / "shop.db", f"update orders set amount = amount * 100 where id >= {ROWS + 3}")
    assert [kind for kind, _, _ in opened(run(shop))] == ["resolved"]
    assert odd(shop, "m.sales") == {}


def test_of_models_that_grow_what_is_new_is_measured_and_of_keys_nothing(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "jusante.yaml": "name: grow\n",
            "sources/shop.yaml": "source: shop\nkind: sqlite\nconnection: shop.db\ntables:\n"
            "  events: {key: [id], ingest: {mode: incremental, cursor: id}}\n",
            "models/m/added.sql": "/* jusante\nkind: append\n*/\nselect id, day, kind from shop.events",
            "models/m/daily.sql": "/* jusante\nkind: by_time\ntime: day\n*/\nselect id, day, kind from shop.events",
            "models/m/keyed.sql": "/* jusante\nkind: by_key\ngrain: [id]\n*/\nselect id, day, kind from shop.events",
        },
    )
    sql(tmp_path / "shop.db", "create table events (id integer primary key, day date, kind integer)")
    for day, kind in ((1, 1), (2, 2)):
        found = [(100 * day + n, f"2026-05-{day:02}", kind) for n in range(60)]
        sql(tmp_path / "shop.db", "insert into events values (?, ?, ?)", found)
        assert run(tmp_path).status == "succeeded"
    with Lake.open(tmp_path) as lake:
        told = {name: lake.metadata.latest(PROFILED, 9, asset=f"m.{name}") for name in ("added", "daily", "keyed")}
    assert [len(events) for events in told.values()] == [1, 1, 0]
    for name in ("added", "daily"):
        payload = told[name][0].payload
        assert payload["rows"] == 60
        assert payload["whole"] is False
        assert payload["columns"]["kind"]["c"] == {"2": 60}
