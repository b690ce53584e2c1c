"""What a second run does: only what is stale, and it says why."""

from collections.abc import Callable
from pathlib import Path

import pytest

from projects import SHOP, insert, made, rows, run, task, write, write_shop

ALL = {"shop.orders", "files.prices", "marts.priced", "marts.by_product", "marts.dear", "marts.names"}
PRICED, BY_PRODUCT, NAMES = (SHOP[f"models/marts/{name}"] for name in ("priced.sql", "by_product.sql", "names.py"))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop that has been run once."""
    write_shop(tmp_path)
    assert made(run(tmp_path)) == ALL
    return tmp_path


def test_nothing_is_stale_after_a_run(shop: Path) -> None:
    report = run(shop)
    assert report.status == "succeeded"
    assert made(report) == set()
    assert {task.reason for task in report.tasks} == {"nothing new", "up to date"}


SAME = [
    ("a comment", "models/marts/priced.sql", PRICED + "\n-- a thought\n"),
    (
        "another layout",
        "models/marts/by_product.sql",
        BY_PRODUCT.replace(" from", "\n  FROM").replace("select", "SELECT"),
    ),
    ("a description", "models/marts/priced.sql", PRICED.replace("grain", "about: what was ordered\ngrain")),
    ("a comment in Python", "models/marts/names.py", "# all names\n" + NAMES),
    ("another owner of the source", "sources/files.yaml", SHOP["sources/files.yaml"].replace("files@", "other@")),
    ("the same file, touched", "prices.csv", SHOP["prices.csv"]),
]


@pytest.mark.parametrize(("name", "text"), [case[1:] for case in SAME], ids=[case[0] for case in SAME])
def test_what_means_the_same_makes_nothing_stale(shop: Path, name: str, text: str) -> None:
    write(shop, {name: text})
    assert made(run(shop)) == set()


Change = Callable[[Path], object]
OTHER: list[tuple[str, Change, set[str]]] = [
    (
        "the SQL of a model in the middle",
        lambda shop: write(shop, {"models/marts/by_product.sql": BY_PRODUCT.replace("sum(", "2 * sum(")}),
        {"marts.by_product", "marts.dear"},
    ),
    (
        "the SQL of the first model",
        lambda shop: write(
            shop, {"models/marts/priced.sql": PRICED.replace("o.quantity,", "o.quantity + 1 as quantity,")}
        ),
        {"marts.priced", "marts.by_product", "marts.dear"},
    ),
    (
        "a check",
        lambda shop: write(shop, {"models/marts/priced.sql": PRICED.replace("positive", "not_null")}),
        {"marts.priced", "marts.by_product", "marts.dear"},
    ),
    (
        "a function of a Python model",
        lambda shop: write(shop, {"models/marts/names.py": NAMES.replace("(['product'])", "(['product', 'price'])")}),
        {"marts.names"},
    ),
    (
        "rows of the database",
        lambda shop: insert(shop, [(9, "tea", 5, 9)]),
        {"shop.orders", "marts.priced", "marts.by_product", "marts.dear"},
    ),
    (
        "a file",
        lambda shop: write(shop, {"prices.csv": SHOP["prices.csv"].replace("4.50", "5.00")}),
        {"files.prices", "marts.priced", "marts.by_product", "marts.dear", "marts.names"},
    ),
    (
        "a new file",
        lambda shop: write(shop, {"prices_2.csv": "product,price\ncup,3.00\n"}),
        {"files.prices", "marts.priced", "marts.by_product", "marts.dear", "marts.names"},
    ),
]


@pytest.mark.parametrize(("change", "expected"), [case[1:] for case in OTHER], ids=[case[0] for case in OTHER])
def test_a_change_makes_stale_what_lies_below_and_nothing_else(shop: Path, change: Change, expected: set[str]) -> None:
    change(shop)
    assert made(run(shop)) == expected
    assert made(run(shop)) == set()


def test_the_plan_says_why_and_touches_nothing(shop: Path) -> None:
    from jusante.app import Lake

    write(shop, {"models/marts/by_product.sql": BY_PRODUCT.replace("sum(", "2 * sum(")})
    with Lake.open(shop) as lake:
        before = lake.store.pointers()
        foreseen = {one.asset: (one.action, one.why) for one in lake.plan()}
        assert lake.store.pointers() == before
    assert foreseen["marts.by_product"] == ("build", "its definition, or one above it, changed")
    assert foreseen["marts.priced"] == ("build", "if files.prices brings new data")


def test_a_run_of_a_part_leaves_the_rest(shop: Path) -> None:
    insert(shop, [(9, "tea", 5, 9)])
    write(shop, {"prices.csv": SHOP["prices.csv"].replace("4.50", "5.00")})
    assert made(run(shop, "+marts.names")) == {"files.prices", "marts.names"}
    assert task(run(shop), "marts.priced").reason == "new data in files.prices and 1 more"


def test_what_was_asked_for_anew_is_made_anew_once(shop: Path) -> None:
    assert made(run(shop, "marts.by_product", anew=True)) == {"marts.by_product"}
    assert made(run(shop)) <= {"marts.dear"}


def test_a_rolled_back_table_stays_until_something_above_it_changes(shop: Path) -> None:
    from jusante.app import Lake

    insert(shop, [(9, "tea", 5, 9)])
    run(shop)
    with Lake.open(shop) as lake:
        lake.rollback("marts.by_product")
    assert ("tea", 13.5) in [(name, float(revenue)) for name, revenue in rows(shop, "select * from marts.by_product")]
    assert "marts.by_product" not in made(run(shop))
    insert(shop, [(10, "tea", 1, 10)])
    assert "marts.by_product" in made(run(shop))
