"""A source that keeps its shape while its data change: told, or held until somebody accepts it."""

import datetime as dt
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from jusante.app import Lake
from jusante.app.data_drift import accept_data, data
from jusante.core.event import Event
from jusante.errors import UsageError
from jusante.ingestion.data_drift import PROFILED
from projects import rows, run, sql, task, write

ROWS = 300
SOURCE = """\
source: shop
kind: sqlite
connection: shop.db
owner: a@b.example
tables:
  orders:
    key: [id]
    {drift}
    columns: {{phone: {{sensitive: phone, purpose: [support]}}}}
    checks:
      - accepted_values: {{column: status, values: [paid, open]}}
        severity: warn
"""
TABLE = "create table orders (id integer primary key, amount double, country text, phone text, status text)"


def empty(folder: Path, drift: str = "drift: {}") -> Path:
    """A table that comes as a whole."""
    sql(folder / "shop.db", TABLE)
    return write(folder, {"jusante.yaml": "name: watched\n", "sources/shop.yaml": SOURCE.format(drift=drift)})


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """What the ledger keeps of seven loads."""
    folder = empty(tmp_path_factory.mktemp("loads"))
    with Lake.open(folder) as lake:
        for number in range(7):
            fill(folder, number)
            lake.run()
        return [*reversed(lake.metadata.latest(PROFILED, 7))]


@pytest.fixture
def project(tmp_path: Path, loads: list[Event]) -> Callable[..., Path]:
    """The table after eight loads, of which seven were somewhere else."""

    def make(drift: str = "drift: {}") -> Path:
        folder = empty(tmp_path, drift)
        fill(folder, 7)
        with Lake.open(folder) as lake:
            lake.metadata.tell(loads)
            lake.run()
        return folder

    return make


def fill(folder: Path, seed: int, *, times: float = 1.0, country: str = "DE") -> None:
    """New rows for the table, of the same kind as before but for what is asked."""
    chance = random.Random(seed)
    sql(folder / "shop.db", "delete from orders")
    made = [
        (
            number,
            round(chance.lognormvariate(3, 0.5) * times, 2),
            chance.choice(["BR", country, "US"]),
            f"+49 170 {chance.randrange(10**7)}",
            chance.choice(["paid", "open"]),
        )
        for number in range(ROWS)
    ]
    sql(folder / "shop.db", "insert into orders values (?, ?, ?, ?, ?)", made)


def median(folder: Path) -> float:
    return float(rows(folder, "select median(amount) from shop.orders")[0][0])


def test_a_change_is_told_and_published(project: Callable[..., Path]) -> None:
    folder = project()
    fill(folder, 99, times=100)
    orders = task(run(folder), "shop.orders")
    assert orders.status == "succeeded"
    notice = next(each for each in orders.notices if each.startswith("range of amount"))
    assert "100" in notice
    assert "8 loads between" in notice
    assert median(folder) > 1000
    with Lake.open(folder) as lake:
        found = data(lake.system, "shop.orders")
    assert [(each.column, each.change, each.policy) for each in found] == [("amount", "range", "tell")]
    assert found[0].confidence > 0.9


def test_unchanged_data_are_not_spoken_of(project: Callable[..., Path]) -> None:
    folder = project()
    fill(folder, 99)
    assert task(run(folder), "shop.orders").notices == ()
    with Lake.open(folder) as lake:
        assert data(lake.system, "shop.orders") == ()
        with pytest.raises(UsageError, match="nothing was found"):
            accept_data(lake.system, "shop.orders", dt.datetime.now(dt.UTC))


def test_what_is_held_is_not_published_until_it_is_accepted(project: Callable[..., Path]) -> None:
    folder = project("drift: {data: hold}")
    before = median(folder)
    fill(folder, 99, times=100)
    held = task(run(folder), "shop.orders")
    assert held.status == "held"
    assert held.error is not None
    assert held.error["code"] == "J211"
    assert held.error["fix"].endswith("jusante drift accept shop.orders")
    assert median(folder) == before
    for _ in range(7):  # however often it is tried, nobody has said that it is right
        assert task(run(folder), "shop.orders").status == "held"
    with Lake.open(folder) as lake:
        settled = accept_data(lake.system, "shop.orders.amount", dt.datetime.now(dt.UTC))
        assert [each.column for each in settled] == ["amount"]
        assert data(lake.system, "shop.orders") == ()
    assert task(run(folder), "shop.orders").status == "succeeded"
    assert median(folder) > 1000


def test_what_was_accepted_is_what_the_next_loads_are_held_against(project: Callable[..., Path]) -> None:
    folder = project()
    with Lake.open(folder) as lake:
        fill(folder, 99, times=100)
        lake.run()
        accept_data(lake.system, "shop.orders", dt.datetime.now(dt.UTC))
        for number in range(7):
            fill(folder, 100 + number, times=100)
            assert lake.run().tasks[0].notices == ()
        fill(folder, 200)
        assert any("times as small" in notice for notice in lake.run().tasks[0].notices)


def test_nobody_looks_where_the_policy_says_off(project: Callable[..., Path]) -> None:
    folder = project("drift: {data: off}")
    with Lake.open(folder) as lake:
        assert len(lake.metadata.latest(PROFILED, 10)) == 7


def test_changing_what_is_done_about_drift_loads_nothing_anew(project: Callable[..., Path]) -> None:
    folder = project()
    with Lake.open(folder) as lake:
        before = lake.project.graph.versions["shop.orders"]
    write(folder, {"sources/shop.yaml": SOURCE.format(drift="drift: {data: hold}")})
    with Lake.open(folder) as lake:
        assert lake.project.graph.versions["shop.orders"] == before


def test_the_ledger_holds_no_value_of_a_sensitive_column_nor_of_a_text(project: Callable[..., Path]) -> None:
    folder = project()
    fill(folder, 99, country="Wakanda")
    notices = task(run(folder), "shop.orders").notices
    with Lake.open(folder) as lake:
        kept = [json.dumps(event.payload) for event in lake.metadata.events(0, 1000)]
        columns = lake.metadata.latest(PROFILED, 1)[0].payload["columns"]
    assert set(columns["phone"]) == {"k", "n", "f"}
    assert set(columns["status"]["c"]) == {"paid", "open"}, "declared values are shown"
    assert all(key.startswith("#") for key in columns["country"]["c"])
    assert any("categories of country" in notice for notice in notices)
    assert not any("Wakanda" in text or "+49 170" in text for text in (*kept, *notices))


def test_profiles_of_another_form_are_no_history(project: Callable[..., Path]) -> None:
    folder = project()
    with Lake.open(folder) as lake:
        now = dt.datetime.now(dt.UTC)
        strange = (
            {"form": 99, "rows": "many"},
            {},
            {"form": 1},
            {"form": 1, "rows": 1, "whole": True, "columns": {"a": 1}},
        )
        lake.metadata.tell([Event(PROFILED, now, None, "shop.orders", payload) for payload in strange])
        fill(folder, 99)
        assert lake.run().tasks[0].notices == ()
