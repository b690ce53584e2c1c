"""All kinds of models in one project: made once, made again as far as they are touched, and understood by all that looks."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from days import ITEMS, ORDERS, load, write_days
from jusante import app
from jusante.cli.main import cli
from projects import made, rows, run, task, write

MODELS = {
    "models/marts/people.sql": (
        "/* jusante\nkind: by_key\ngrain: [product]\nhistory: true\n*/\n"
        "select product, sum(quantity)::int as sold from shop.items group by product"
    ),
    "models/marts/sold.sql": (
        "/* jusante\nkind: by_key\ngrain: [product]\n*/\nselect product, sum(quantity)::int as sold from shop.items group by all"
    ),
    "models/marts/log.sql": "/* jusante\nkind: append\n*/\nselect id, product from shop.items",
    "models/marts/lately.sql": "select product, valid_from from marts.people where is_current",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The project, run once."""
    write_days(tmp_path, **MODELS)
    assert run(tmp_path).status == "succeeded"
    return tmp_path


def test_each_kind_makes_what_is_touched_and_says_how_much(shop: Path) -> None:
    load(shop, ORDERS, [*ITEMS, (5, 2, "cup", 3)])
    report = run(shop)
    told = {
        name: task(report, f"marts.{name}").reason.partition(": ")[2] for name in ("daily", "people", "sold", "log")
    }
    assert told == {
        "daily": "1 of 5 days made: 2026-01-02",
        "people": "1 row began, 0 rows ended",
        "sold": "1 key made",
        "log": "1 row added",
    }
    assert made(run(shop)) == set()
    assert rows(shop, "select count(*) from marts.lately") == [(3,)]


def test_a_history_survives_another_column(shop: Path) -> None:
    write(shop, {"models/marts/people.sql": MODELS["models/marts/people.sql"].replace(" from", ", 1 as more from")})
    assert task(run(shop), "marts.people").reason.endswith("2 rows began, 2 rows ended")
    shown = rows(shop, "select product, more, is_current from marts.people order by all")
    assert shown == [("mug", 1, True), ("mug", None, False), ("tea", 1, True), ("tea", None, False)]


def test_nothing_is_wrong_with_them(shop: Path) -> None:
    _, problems = app.check(shop)
    assert [problem for problem in problems if problem.severity == "error"] == []


@pytest.mark.parametrize(
    "command",
    [
        ("plan",),
        ("lineage", "marts.people"),
        ("lineage", "marts.lately.valid_from"),
        ("tags",),
        ("explain", "marts.daily"),
        ("explain", "marts.people"),
        ("catalog", "show", "marts.people"),
        ("replay", "LAST"),
        ("backfill", "marts.daily", "--gaps"),
    ],
)
def test_what_looks_at_models_understands_them(shop: Path, command: tuple[str, ...]) -> None:
    with app.Lake.open(shop) as lake:
        last = lake.metadata.runs(1)[0].run_id
    words = [last if word == "LAST" else word for word in command]
    done = CliRunner().invoke(cli, [*words, "--project", str(shop), "--json"])
    assert done.exit_code == 0, done.output
    json.loads(done.stdout)


WRONG = [
    ("kind: by_time", "J220"),
    ("kind: by_time\ntime: day\nstart: soon", "J221"),
    ("interval: day", "J221"),
    ("kind: by_key", "J223"),
    ("kind: append", "J224"),
    ("kind: append\nhistory: true", "J225"),
]


@pytest.mark.parametrize(("header", "code"), WRONG)
def test_what_a_kind_lacks_is_told(header: str, code: str, tmp_path: Path) -> None:
    text = f"/* jusante\n{header}\n*/\nselect product, count(*) as n from shop.items group by product"
    write_days(tmp_path, **{"models/marts/wrong.sql": text})
    _, problems = app.check(tmp_path)
    assert code in {problem.code for problem in problems}


def test_a_python_model_cannot_be_made_by_time(tmp_path: Path) -> None:
    text = "from jusante import model\n\n\n@model(kind='by_time', time='day')\ndef wrong(items='shop.items'):\n    return items\n"
    write_days(tmp_path, **{"models/marts/wrong.py": text})
    _, problems = app.check(tmp_path)
    assert [problem.code for problem in problems if problem.severity == "error"] == ["J222"]
