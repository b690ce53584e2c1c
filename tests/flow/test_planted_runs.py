"""Failures planted in a project that really runs: one incident each, its true cause first, over once it is mended."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jusante.app import Lake, Report
from jusante.core.incident import Incident
from projects import run, sql, write

ORDERS = [(n, "tea" if n % 2 else "mug", n % 5 + 1, n * 1.5) for n in range(1, 31)]
TOTALS = (
    "/* jusante\nowner: finance@b.example\nchecks:\n  - positive: amount\n*/\n"
    "select product, sum(quantity * price) as amount from m.lines group by all"
)
LINES = (
    "/* jusante\nowner: analytics@b.example\n*/\n"
    "select id, product, quantity, total / quantity as price from shop.orders where total / quantity < 1000"
)
PYTHON = "from jusante import model\n\n\n@model()\ndef scores(orders='shop.orders'):\n    return orders.select(['id', 'total'])\n"
PROJECT = {
    "jusante.yaml": "name: planted\nenvironments:\n  dev: {notify: [{kind: file, path: told.ndjson}]}\n",
    "sources/shop.yaml": (
        "source: shop\nkind: sqlite\nconnection: shop.db\nowner: backend@b.example\ntables:\n"
        "  orders: {key: [id]}\n  people: {key: [id], columns: {name: {not_personal: made up}}}\n"
    ),
    "sources/files.yaml": (
        "source: files\nkind: files\nowner: files@b.example\ntables:\n  prices: {path: 'prices.csv', key: [product]}\n"
    ),
    "models/m/lines.sql": LINES,
    "models/m/totals.sql": TOTALS,
    "models/m/rich.sql": "/* jusante\nkind: view\n*/\nselect * from m.totals where amount > 10",
    "models/m/scores.py": PYTHON,
    "models/m/dear.sql": "select product from files.prices where price > 5",
    "exposures/board.yaml": "exposure: board\nkind: report\nowner: board@b.example\nreads: {m.totals: [amount]}\n",
    "prices.csv": "product,price\ntea,4.50\nmug,7.25\n",
}


def fill(folder: Path) -> None:
    """The database as it is when all is well."""
    sql(folder / "shop.db", "drop table if exists orders")
    sql(folder / "shop.db", "drop table if exists people")
    sql(
        folder / "shop.db",
        "create table orders (id integer primary key, product text, quantity integer, total decimal(12,2))",
    )
    sql(folder / "shop.db", "create table people (id integer primary key, name text)")
    sql(folder / "shop.db", "insert into orders values (?, ?, ?, ?)", ORDERS)
    sql(folder / "shop.db", "insert into people values (1, 'a'), (2, 'b')")


@dataclass(frozen=True)
class Plant:
    """What is done to the project, and what is to be found: for each incident its asset, and its first suspect."""

    title: str
    do: Callable[[Path], None]
    found: frozenset[tuple[str, str, str]]


def one(asset: str, kind: str, subject: str) -> frozenset[tuple[str, str, str]]:
    return frozenset({(asset, kind, subject)})


def put(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: write(folder, {name: text}) and None


def ask(*statements: str) -> Callable[[Path], None]:
    return lambda folder: [sql(folder / "shop.db", statement) for statement in statements] and None


def both(*acts: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda folder: [act(folder) for act in acts] and None


def spoil(folder: Path) -> None:
    (folder / "shop.db").write_text("not a database at all" * 99)


BROKEN_LINES = put("models/m/lines.sql", LINES.replace("quantity,", "quantty,"))
BAD_ROW = "insert into orders values (99, 'cup', 3, -12)"
DOWN = one("source:shop", "outage", "source:shop")
PLANTS = [
    Plant("the source is down", lambda f: (f / "shop.db").unlink(), DOWN),
    Plant("the database is no database", spoil, one("source:shop", "data", "source:shop")),
    Plant("a table is missing", ask("drop table people"), one("shop.people", "data", "shop.people")),
    Plant("a file is missing", lambda f: (f / "prices.csv").unlink(), one("files.prices", "data", "files.prices")),
    Plant("a needed column is dropped", ask("alter table orders drop column total"), one("shop.orders", "schema", "shop.orders")),
    Plant("bad rows", ask(BAD_ROW), one("m.totals", "data", "shop.orders")),
    Plant("an edit that cannot run", BROKEN_LINES, one("m.lines", "definition", "m.lines")),
    Plant("an edit, while data come", both(BROKEN_LINES, ask("insert into orders values (98, 'tea', 1, 5)")),
          one("m.lines", "definition", "m.lines")),
    Plant("an edit that takes a column from its reader", put("models/m/lines.sql", LINES.replace("id, product, quantity,", "id, product,")),
          one("m.totals", "definition", "m.lines")),
    Plant("an edit that fails its audit", put("models/m/totals.sql", TOTALS.replace("sum(", "-sum(")),
          one("m.totals", "definition", "m.totals")),
    Plant("a Python model that raises", put("models/m/scores.py", PYTHON.replace("orders.select", "1 / 0, orders.select")),
          one("m.scores", "definition", "m.scores")),
    Plant("two at once", both(BROKEN_LINES, lambda f: (f / "prices.csv").unlink()),
          one("m.lines", "definition", "m.lines") | one("files.prices", "data", "files.prices")),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has run once, and was well."""
    folder = write(tmp_path_factory.mktemp("planted"), PROJECT)
    fill(folder)
    report = run(folder)
    assert report.status == "succeeded"
    assert report.incidents == ()
    return folder


@pytest.fixture(autouse=True)
def mended(folder: Path) -> Iterator[None]:
    """One test's failure is not the next one's."""
    yield
    write(folder, PROJECT)
    (folder / "shop.db").unlink(missing_ok=True)
    fill(folder)


def mend(folder: Path) -> Report:
    """All as it was; a run."""
    (folder / "shop.db").unlink(missing_ok=True)
    write(folder, PROJECT)
    fill(folder)
    return run(folder)


def said(report: Report, kind: str) -> list[Incident]:
    return [incident for each, incident in report.incidents if each == f"incident.{kind}"]


def begun_in(report: Report) -> list[Incident]:
    """What began, but for monitors: in this project things fail often, and they say so."""
    return [each for each in (*said(report, "opened"), *said(report, "reopened")) if each.cause.kind != "monitor"]


QUICK = {"a needed column is dropped", "bad rows", "an edit, while data come", "two at once"}
"""Those that are run each time; the rest with the slow ones."""
RUN = [pytest.param(p, id=p.title, marks=[] if p.title in QUICK else [pytest.mark.slow]) for p in PLANTS]


@pytest.mark.parametrize("plant", RUN)
def test_a_planted_failure_is_found_and_is_over_when_it_is_mended(folder: Path, plant: Plant) -> None:
    plant.do(folder)
    report = run(folder)
    begun = begun_in(report)
    causes = {(each.cause.asset, each.suspects[0].kind, each.suspects[0].subject) for each in begun}
    assert causes == plant.found, [(each.cause, each.suspects) for each in begun]
    assert len(begun) == len(plant.found)
    left = {task.asset for task in report.tasks if task.reason.startswith("left as it was")}
    left |= {task.asset for task in report.tasks if task.status == "held" and not task.error}
    assert left <= {name for each in begun for name in each.below}
    over = said(mend(folder), "resolved")
    assert {each.id for each in over if each.cause.kind != "monitor"} == {each.id for each in begun}
    with Lake.open(folder) as lake:
        open_ = lake.metadata.incidents(["open", "acknowledged"], 9)
    assert {each.cause.kind for each in open_} <= {"monitor"}


def test_owners_are_told_once_that_it_began_and_once_that_it_is_over(folder: Path) -> None:
    told = folder / "told.ndjson"
    told.unlink(missing_ok=True)
    BROKEN_LINES(folder)
    report = run(folder)
    incident = begun_in(report)[0]
    run(folder)
    mend(folder)
    notices = [json.loads(line) for line in told.read_text().splitlines()]
    notices = [n for n in notices if n["subject"].startswith(f"{incident.id} ")]
    kinds = [next(kind for kind, each in report.incidents if each.id == incident.id), "incident.resolved"]
    owners = ["analytics@b.example", "board@b.example", "finance@b.example"]
    assert sorted((n["to"], n["kind"]) for n in notices) == [(owner, kind) for owner in owners for kind in kinds]


def test_what_looks_personal_is_an_incident_until_somebody_has_decided(folder: Path) -> None:
    ask("alter table people add column email text", "update people set email = 'a' || id || '@b.example'")(folder)
    found = said(run(folder), "opened")
    assert [(each.cause.asset, each.cause.kind, each.severity) for each in found] == [
        ("shop.people", "personal_data", "low")
    ]
    assert "email" in found[0].cause.what
    decided = PROJECT["sources/shop.yaml"].replace("made up}", "made up}, email: {not_personal: made up}")
    write(folder, {"sources/shop.yaml": decided})
    assert [each.id for each in said(run(folder), "resolved")] == [found[0].id]
    mend(folder)


def test_what_was_installed_anew_is_suspected_as_well(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jusante.app import evidence

    real = evidence.installed.version
    monkeypatch.setattr(evidence.installed, "version", lambda name: "99.0" if name == "duckdb" else real(name))
    BROKEN_LINES(folder)
    suspects = begun_in(run(folder))[0].suspects
    assert [each.kind for each in suspects][:2] == ["definition", "environment"]
    assert suspects[1].what.endswith("→ 99.0")
    monkeypatch.undo()
    mend(folder)


def test_incidents_are_made_anew_from_the_ledger(folder: Path) -> None:
    with Lake.open(folder) as lake:
        before = lake.metadata.incidents(None, 99)
        connection = sqlite3.connect(folder / ".jusante" / "metadata.db")
        with connection:
            connection.execute("delete from incidents")
        connection.close()
        lake.metadata.rebuild()
        assert lake.metadata.incidents(None, 99) == before
        assert lake.metadata.verify() == ()
