"""Monitors on a real ledger: an unusual silence opens an incident, new data end it; metrics as a parser reads them."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from jusante.app import Lake
from jusante.app.incidents import observe
from jusante.app.telling import over_lately
from jusante.cli.main import cli
from jusante.core.drift import Finding
from jusante.core.event import Event
from jusante.core.run import Done, Run, Task
from jusante.ingestion.data_drift import ACCEPTED, FOUND, PROFILED
from projects import insert, run, sql, write_shop

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project whose orders have come every hour so far."""
    folder = write_shop(tmp_path / "shop")
    run(folder)
    with Lake.open(folder) as lake:
        last = lake.metadata.last_tasks()["shop.orders"]
        now = lake.metadata.latest("task.succeeded", 1, asset="shop.orders")[0].at
        past = [
            Event("task.succeeded", now - n * HOUR, "r0", "shop.orders", {"task": last.as_dict()}) for n in range(1, 12)
        ]
        lake.metadata.tell(past)
    return folder


def seen(folder: Path, task: Task, later: dt.timedelta) -> list[tuple[str, str, str]]:
    """What a run that did this would do to incidents, so much later."""
    with Lake.open(folder) as lake:
        then = dt.datetime.now(dt.UTC) + later
        observed = observe(lake.system, Run("r9", "run", "dev", then, "host", 1), [task], then)
    return [(kind, incident.cause.kind, incident.cause.what) for kind, incident in observed.news]


def test_a_silence_that_is_unusual_opens_an_incident_and_new_data_end_it(shop: Path) -> None:
    nothing = Task("shop.orders", "ingest", "skipped", "nothing new")
    assert seen(shop, nothing, HOUR) == []
    opened = seen(shop, nothing, 12 * HOUR)
    assert [(kind, cause) for kind, cause, _ in opened] == [("incident.opened", "monitor")]
    assert "usual is something every 1 h" in opened[0][2]
    assert seen(shop, nothing, 13 * HOUR) == []
    came = replace(nothing, status="succeeded", rows_out=3)
    assert [kind for kind, _, _ in seen(shop, came, 14 * HOUR)] == ["incident.resolved"]


def test_a_task_much_dearer_than_usual_opens_an_incident_and_a_usual_one_ends_it(shop: Path) -> None:
    with Lake.open(shop) as lake:
        usual = replace(lake.metadata.last_tasks()["marts.priced"], cpu_seconds=3_600.0, cost_usd=0.04)
    dear = replace(usual, cpu_seconds=100_000.0, cost_usd=1.12)

    def run_of(task: Task) -> list[tuple[str, str, str]]:
        with Lake.open(shop) as lake:
            lake.metadata.record("r8", [Done(task)])
        return seen(shop, task, HOUR)

    assert [run_of(usual) for _ in range(9)] == [[]] * 9
    opened = run_of(dear)
    assert [(kind, cause) for kind, cause, _ in opened] == [("incident.opened", "monitor")]
    assert "it cost $1.12; usual are $0.040" in opened[0][2]
    assert [kind for kind, _, _ in run_of(usual)] == ["incident.resolved"]


def test_odd_data_are_an_incident_until_they_are_accepted(shop: Path) -> None:
    loaded = Task("files.prices", "ingest", "succeeded", "new data", rows_out=3)
    finding = Finding("files.prices", "price", "nulls", "notify", "0 %", "60 %", confidence=0.99)
    with Lake.open(shop) as lake:
        at = dt.datetime.now(dt.UTC)
        told = [Event(PROFILED, at, "r9", "files.prices", {"flagged": {"price": ["nulls"]}})]
        lake.metadata.tell([*told, Event(FOUND, at, "r9", "files.prices", finding.as_dict(), column="price")])
    opened = seen(shop, loaded, HOUR)
    assert [(kind, cause) for kind, cause, _ in opened] == [("incident.opened", "data_drift")]
    assert "60 %" in opened[0][2]
    shown = CliRunner().invoke(cli, ["incidents", "show", "I1", "--project", str(shop)]).output
    assert "published all the same" in shown
    told = CliRunner().invoke(cli, ["incidents", "postmortem", "I1", "--project", str(shop)]).output
    assert "was not what it had been" in told
    assert "could not be made" not in told
    assert seen(shop, loaded, HOUR) == []
    with Lake.open(shop) as lake:
        accepted = {"data": {"price": at.isoformat()}}
        lake.metadata.tell([Event(ACCEPTED, dt.datetime.now(dt.UTC), None, "files.prices", accepted)])
    assert [kind for kind, _, _ in seen(shop, loaded, HOUR)] == ["incident.resolved"]


def test_a_model_with_half_its_rows_opens_an_incident_until_it_has_them_again(shop: Path) -> None:
    with Lake.open(shop) as lake:
        last = lake.metadata.latest("task.succeeded", 1, asset="marts.priced")[0]
        full = {**last.payload, "task": {**last.payload["task"], "rows_out": 1_000}}
        lake.metadata.tell([Event("task.succeeded", last.at, "r0", "marts.priced", full) for _ in range(8)])

    def built(rows: int, hours: int) -> list[tuple[str, str, str]]:
        task = Task("marts.priced", "build", "succeeded", "inputs changed", rows_out=rows)
        with Lake.open(shop) as lake:
            lake.metadata.record(f"r{hours}", [Done(task)])
        return seen(shop, task, hours * HOUR)

    assert built(1_003, 1) == []
    opened = built(400, 2)
    assert [(kind, cause) for kind, cause, _ in opened] == [("incident.opened", "monitor")]
    assert "it has 400 rows; usual are about 1,000 rows" in opened[0][2]
    assert built(401, 3) == []
    assert [kind for kind, _, _ in built(1_001, 4)] == ["incident.resolved"]


def test_a_model_whose_columns_change_by_themselves_is_told_and_one_that_is_changed_is_not(shop: Path) -> None:
    model = shop / "models/marts/all_of_it.sql"
    model.write_text("/* jusante\nowner: a@b.example\n*/\nselect * from shop.orders")
    assert run(shop).status == "succeeded"
    model.write_text("/* jusante\nowner: a@b.example\n*/\nselect id from shop.orders")
    assert run(shop).incidents == ()
    model.write_text("/* jusante\nowner: a@b.example\n*/\nselect * from shop.orders")
    assert run(shop).incidents == ()
    sql(shop / "shop.db", "alter table orders add column channel text")
    insert_wide(shop)
    news = run(shop).incidents
    assert [(kind, each.cause.asset, each.cause.kind) for kind, each in news] == [
        ("incident.opened", "marts.all_of_it", "monitor")
    ]
    assert "its columns changed, and its definition did not: channel new" in news[0][1].cause.what
    assert run(shop).incidents == ()
    later = Task("marts.all_of_it", "skip", "skipped", "up to date")
    assert [kind for kind, _, _ in seen(shop, later, 30 * HOUR)] == ["incident.resolved"]


def insert_wide(folder: Path) -> None:
    sql(folder / "shop.db", "insert into orders values (?, ?, ?, ?, ?)", [(9, "tea", 3, 9, "web")])


def test_an_incident_that_goes_on_is_continued_and_ended_however_many_are_newer(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jusante.app.incidents.REMEMBERED", 2)
    fails = Task("marts.priced", "build", "failed", "new", error={"code": "J400", "what": "no", "where": "", "fix": ""})
    [(kind, _, _)] = seen(shop, fails, HOUR)
    assert kind == "incident.opened"
    with Lake.open(shop) as lake:
        [first] = lake.metadata.latest("incident.opened", 1)
        for number in range(2, 6):
            said = {"incident": f"I{number}", "key": f"asset:x.t{number}", "assets": [f"x.t{number}"]}
            opened = replace(first, asset=f"x.t{number}", payload={**first.payload, **said}, seq=None)
            over = replace(opened, kind="incident.resolved", payload={"incident": f"I{number}", "why": "by hand"})
            lake.metadata.tell([opened, over])
    assert seen(shop, fails, 2 * HOUR) == []
    assert [kind for kind, _, _ in seen(shop, replace(fails, status="succeeded", error=None), 3 * HOUR)] == [
        "incident.resolved"
    ]
    monkeypatch.setattr("jusante.app.telling.MOST_OVER", 2)
    with Lake.open(shop) as lake:
        assert first.payload["incident"] in {each.id for each in over_lately(lake.system, dt.datetime.now(dt.UTC))}


LINE = re.compile(r'[a-z_]+(\{[a-z]+="([^"\\\n]|\\.)*"(,[a-z]+="([^"\\\n]|\\.)*")*\})? -?[0-9.]+')


def test_metrics_are_openmetrics_text(shop: Path, tmp_path: Path) -> None:
    insert(shop, [(9, "tea", -1, 9)])
    run(shop)
    text = CliRunner().invoke(cli, ["metrics", "--project", str(shop)]).output
    lines = text.splitlines()
    assert lines[-1] == "# EOF"
    assert [line for line in lines if not line.startswith("# ") and not LINE.fullmatch(line)] == []
    described = {line.split()[2] for line in lines if line.startswith("# TYPE ")}
    assert {re.split(r"[{ ]", line)[0] for line in lines if not line.startswith("# ")} == described
    assert 'jusante_asset_last_task_succeeded{asset="marts.priced",kind="model"} 0' in lines
    assert 'jusante_asset_last_task_succeeded{asset="files.prices",kind="ingested"} 1' in lines
    assert 'jusante_incidents_open{severity="low"} 1' in lines
    done = CliRunner().invoke(cli, ["metrics", "--project", str(shop), "--out", str(tmp_path / "j.prom")])
    assert done.output == ""
    assert (tmp_path / "j.prom").read_text().splitlines()[-1] == "# EOF"
