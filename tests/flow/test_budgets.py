"""Budgets on a real project: what a run may cost is decided before it does anything."""

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from jusante.app import Lake
from jusante.app.budgets import PASSED, allowed
from jusante.app.conductor import Conductor
from jusante.cli.main import cli
from jusante.core.asset import Asset
from jusante.core.cost import Budget, Budgets
from jusante.core.graph import Graph
from jusante.core.model import ForeignModel, Model
from jusante.core.place import Place
from jusante.engineering.project import read_problems
from jusante.engineering.project.budgets import check_budgets
from jusante.engineering.project.context import Context
from jusante.engineering.project.problems import Findings
from jusante.errors import OverBudget
from jusante.plugins import Connectors
from jusante.transformation.sql_analysis import analyse
from projects import SHOP, insert, made, run, task, write, write_shop

HEADER = "grain: [id]\n"
PRICED = SHOP["models/marts/priced.sql"]
TOLD = "name: small\nenvironments:\n  dev: {notify: [{kind: file, path: told.ndjson}]}\n"


def budgeted(folder: Path, budget: str, **files: str) -> Path:
    """The small shop after a first run, then with a budget on marts.priced and something new to make it of."""
    write(folder, {"jusante.yaml": TOLD})
    run(folder)
    text = PRICED.replace(HEADER, f"{HEADER}owner: growth@b.example\nbudget: {budget}\n")
    write(folder, {"models/marts/priced.sql": text, **files})
    insert(folder, [(9, "mug", 1, 9)])
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_shop(tmp_path / "shop")


def call(folder: Path, *words: str, status: int = 0) -> str:
    found = CliRunner().invoke(cli, [*words, "--project", str(folder)])
    assert found.exit_code == status, found.output
    return found.output


def told(folder: Path) -> list[dict[str, str]]:
    file = folder / "told.ndjson"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_budget_in_which_there_is_room_changes_nothing(shop: Path) -> None:
    budgeted(shop, "{usd_per_month: 20, policy: refuse}")
    assert made(run(shop)) >= {"shop.orders", "marts.priced", "marts.by_product"}
    assert told(shop) == []


def test_held_is_told_with_its_reason_and_what_is_below_goes_on_with_what_there_is(shop: Path) -> None:
    budgeted(shop, "{usd_per_month: 0, policy: hold}")
    report = run(shop)
    held = task(report, "marts.priced")
    assert held.status == "held"
    assert held.error is None
    assert "over budget: it may cost $0 a month and cost $0.0000" in held.reason
    assert "shop.orders" in made(report)
    assert task(report, "marts.by_product").reason == "up to date"
    assert report.status == "partial"
    shown = call(shop, "run", status=1)
    assert "over budget" in shown
    assert [notice["to"] for notice in told(shop)] == ["growth@b.example"], "once a month, however many runs"
    assert "It is not made, and keeps what it has" in json.dumps(told(shop))


def test_refused_means_that_nothing_is_done(shop: Path) -> None:
    budgeted(shop, "{usd_per_month: 0, policy: refuse}")
    with Lake.open(shop) as lake:
        before = len(lake.metadata.runs(10))
        with pytest.raises(OverBudget, match=r"marts.priced is over budget.*Nothing was done"):
            lake.run()
        assert len(lake.metadata.runs(10)) == before
        assert lake.metadata.latest(PASSED, 9)[0].payload["policy"] == "refuse"
    assert (OverBudget.code, OverBudget.exit_status) == ("J425", 3)
    assert made(run(shop, "shop.orders")) == {"shop.orders"}, "what has nothing to do with it is made"


def test_what_up_is_refused_is_an_incident_and_all_else_is_made(shop: Path) -> None:
    other = "/* jusante\nevery: 1d\n*/\nselect id from shop.orders"
    budgeted(shop, "{usd_per_month: 0, policy: refuse}", **{"models/marts/other.sql": other})
    now = dt.datetime.now(dt.UTC)
    with Lake.open(shop) as lake:
        conductor = Conductor(lake, now)
        lake.run(("shop.orders",))
        later = now + dt.timedelta(days=1)
        assert set(conductor.turn(later).selection) == {"marts.priced", "marts.other", "marts.by_product", "marts.dear"}
        tasks = lake.metadata.last_tasks()
        assert tasks["marts.other"].status == "succeeded"
        assert (tasks["marts.priced"].error or {})["code"] == "J425"
        insert(shop, [(10, "mug", 1, 10)])
        lake.run(("shop.orders",))
        assert "marts.priced" in conductor.turn(later).selection, "news are tried"
        (incident,) = lake.metadata.incidents(None, 5)
    assert (incident.cause.kind, incident.owner, incident.is_open) == ("budget", "growth@b.example", True)
    assert [notice["to"] for notice in told(shop)] == ["growth@b.example"], "once, however often it is tried"
    text = PRICED.replace(HEADER, f"{HEADER}owner: growth@b.example\n")
    write(shop, {"models/marts/priced.sql": text})
    with Lake.open(shop) as lake:
        assert "marts.priced" in Conductor(lake, dt.datetime.now(dt.UTC)).turn(dt.datetime.now(dt.UTC)).selection
        assert [each.state for each in lake.metadata.incidents(None, 5)] == ["resolved"]


def test_warned_of_is_made_and_the_report_says_so(shop: Path) -> None:
    budgeted(shop, "{usd_per_month: 0, policy: warn}")
    report = run(shop)
    assert "marts.priced" in made(report)
    assert any("marts.priced is over budget" in notice for notice in report.notices)
    assert [notice["subject"][:30] for notice in told(shop)] == ["the budget of marts.priced for"]


def test_a_plan_tells_prices_and_what_budgets_would_do(shop: Path) -> None:
    budgeted(shop, "{usd_per_month: 0, policy: hold}")
    document = json.loads(call(shop, "plan", "--json"))
    costs = {each["asset"]: each["cost_usd"] for each in document["tasks"]}
    assert costs["marts.priced"] > 0
    assert [(each["asset"], each["policy"]) for each in document["budgets"]] == [("marts.priced", "hold")]
    shown = call(shop, "plan")
    assert "would be held" in shown
    assert "in all" in shown


def test_what_was_never_measured_has_no_price_in_a_plan(shop: Path) -> None:
    document = json.loads(call(shop, "plan", "--json"))
    assert {each["cost_usd"] for each in document["tasks"]} == {None}
    assert "$" not in call(shop, "plan")


def test_an_owner_and_the_project_have_budgets_too(shop: Path) -> None:
    budgets = "budgets:\n  owners: {files@b.example: {usd_per_month: 0.000000001, policy: hold}}\n"
    write(shop, {"jusante.yaml": TOLD + budgets})
    first = run(shop)
    assert made(first) >= {"files.prices", "marts.priced"}, "nothing was spent, and nobody can tell what it will be"
    report = run(shop, anew=True)
    assert task(report, "files.prices").status == "held"
    assert "what files@b.example owns may cost $0.000000001" in task(report, "files.prices").reason
    write(shop, {"jusante.yaml": TOLD + "budgets: {project: {usd_per_month: 0, policy: refuse}}\n"})
    with pytest.raises(OverBudget, match=r"the project may cost \$0"):
        run(shop, anew=True)


def test_each_budget_is_told_of_and_again_where_something_else_happens(shop: Path) -> None:
    budgeted(shop, "{usd_per_month: 20}")
    text = (shop / "models/marts/priced.sql").read_text().replace("growth@b.example", "small")
    write(shop, {"models/marts/priced.sql": text})

    def ask(policy: str) -> list[str]:
        """What is told when both the owner and the project of that name are over."""
        budget = f"{{usd_per_month: 0, policy: {policy}}}"
        write(shop, {"jusante.yaml": f"{TOLD}budgets: {{owners: {{small: {budget}}}, project: {budget}}}\n"})
        before = len(told(shop))
        with Lake.open(shop) as lake:
            allowed(lake, (), ("marts.priced",), dt.datetime.now(dt.UTC))
        return [notice["text"].splitlines()[0] for notice in told(shop)[before:]]

    both = ask("warn")
    assert ["what small owns" in text for text in both] == [True, False]
    assert ["It is made all the same" in text for text in both] == [True, True]
    assert ask("warn") == []
    assert ["It is not made" in text for text in ask("hold")] == [True, True]
    assert ask("hold") == []


def test_a_budget_is_in_no_version(shop: Path) -> None:
    def versions() -> dict[str, str]:
        with Lake.open(shop) as lake:
            return dict(lake.project.graph.versions)

    before = versions()
    write(
        shop,
        {
            "models/marts/priced.sql": PRICED.replace(HEADER, HEADER + "budget: {usd_per_month: 3}\n"),
            "sources/shop.yaml": SHOP["sources/shop.yaml"].replace(
                "{key: [id],", "{key: [id], budget: {usd_per_month: 3},"
            ),
        },
    )
    assert versions() == before


FAULTS = [
    ("budget: {usd_per_month: -1}", "", "J103", "models/marts/priced.sql:3"),
    ("budget: {usd_per_month: much}", "", "J103", "models/marts/priced.sql:3"),
    ("budget: {usd_per_month: 5, usd_a_month: 5}", "", "J102", "models/marts/priced.sql:3"),
    ("budget: {usd_per_month: 5, policy: forbid}", "", "J103", "models/marts/priced.sql:3"),
    ("kind: view\nbudget: {usd_per_month: 5}", "", "J232", "models/marts/priced.sql:1"),
    ("budget: {usd_per_month: 50}", "budgets: {project: {usd_per_month: 5}}\n", "J233", "models/marts/priced.sql:1"),
    ("about: x", "budgets:\n  owners:\n    shop@b.exampel: {usd_per_month: 5}\n", "J230", "jusante.yaml:4"),
    ("about: x", "environments: {dev: {rates: {currency: EUR}}}\n", "J103", "jusante.yaml:2"),
    ("about: x", "environments: {dev: {rates: {cpu_hour: free}}}\n", "J103", "jusante.yaml:2"),
]


@pytest.mark.parametrize(("keys", "more", "code", "where"), FAULTS, ids=[f"{f[0]} {f[1]}".strip() for f in FAULTS])
def test_budgets_and_rates_that_cannot_be_meant_are_told_with_their_line(
    shop: Path, keys: str, more: str, code: str, where: str
) -> None:
    model = PRICED.replace(HEADER, "", 1).replace("/* jusante\n", f"/* jusante\ngrain: [id]\n{keys}\n")
    _, problems = read_problems(
        write(shop, {"models/marts/priced.sql": model, "jusante.yaml": f"name: small\n{more}"}),
        None,
        kinds=Connectors(),
        analyse=analyse,
        variables={},
    )
    assert [(problem.code, problem.where) for problem in problems if problem.code != "J130"] == [(code, where)]


def test_a_budget_of_what_others_make_is_told(tmp_path: Path) -> None:
    header = Model(budget=Budget(usd_per_month=3))
    asset = Asset("a.b", Place("dbt.yaml", 3), (), ForeignModel(header, "", "dbt makes it"))
    context = Context(tmp_path, Connectors(), analyse, {}, Findings())
    check_budgets(context, Budgets(), Graph([asset]))
    assert [(problem.code, problem.where) for problem in context.findings.problems] == [("J231", "dbt.yaml:3")]
