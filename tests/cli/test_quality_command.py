"""`jusante quality`: what audits found, over time and by dimension, from the ledger of a real project."""

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from jusante.app import Lake
from jusante.app.quality import qualities
from jusante.cli.main import cli
from jusante.core.event import Event
from jusante.dataops.quality import Known, Quality, Score, quality, trend
from projects import insert, run, write, write_shop

MODEL = """\
/* jusante
about: Orders with their prices.
owner: sales@shop.example
grain: [id]
checks:
  - not_null: [product]
  - {positive: quantity, quarantine: true}
  - {range: {column: quantity, max: 100}, severity: warn}
*/
select id, product, quantity from shop.orders"""
CARD = "4111111111111111"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A table that was good, then had a bad row set aside, then failed, then was good again."""
    write(write_shop(tmp_path), {"models/marts/checked.sql": MODEL})
    run(tmp_path)
    for row in ((9, "tea", -1, 9), (10, None, 2, 10), (10, CARD, 400, 11)):
        insert(tmp_path, [row])
        run(tmp_path)
    return tmp_path


def of(folder: Path, name: str) -> Quality:
    with Lake.open(folder) as lake:
        return next(each for each in qualities(lake) if each.asset == name)


def test_each_audit_is_remembered_also_one_that_published_nothing(shop: Path) -> None:
    found = of(shop, "marts.checked")
    assert [(each.score.held, each.score.asked, each.rows_aside) for each in found.history] == [
        (5, 5, 0),
        (4, 5, 1),
        (3, 5, 0),
        (3, 5, 1),
    ]
    assert found.dimensions["accurate"] == Score(0, 2)
    assert found.dimensions["complete"] == Score(2, 2)
    assert found.dimensions["defined"] == Score(1, 1)
    assert found.last_failure
    assert found.last_failure.failed_rows == 1
    assert found.trend == "worse"
    assert "not all of its columns are described" in found.wanting


def test_what_failed_and_was_not_mended_is_not_timely(shop: Path) -> None:
    insert(shop, [(10, None, 2, 12)])
    run(shop)
    found = of(shop, "marts.checked")
    assert found.dimensions["timely"] == Score(0, 1)
    assert "its last try failed" in found.wanting


def test_it_is_told_in_json_and_no_value_is_in_it(shop: Path) -> None:
    text = CliRunner().invoke(cli, ["quality", "marts.checked", "--project", str(shop), "--json"]).output
    document = json.loads(text)
    assert [each["asset"] for each in document["assets"]] == ["marts.checked"]
    assert document["dimensions"]["complete"] == {"held": 2, "asked": 2, "share": 1.0}
    assert document["assets"][0]["rows_quarantined"] == 1
    assert len(document["assets"][0]["history"]) == 4
    assert CARD not in text
    with Lake.open(shop) as lake:
        kept = lake.metadata.latest("audit.checked", 100)
    assert CARD not in json.dumps([dict(event.payload) for event in kept])


@pytest.mark.parametrize("columns", [72, 100])
def test_no_line_is_wider_than_the_terminal(shop: Path, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    from jusante.cli import console

    monkeypatch.setattr(console, "out", lambda: Console(width=columns, highlight=False))
    shown = CliRunner().invoke(cli, ["quality", "--project", str(shop)]).output.splitlines()
    assert all(len(line) <= columns for line in shown), shown
    assert any("marts.checked" in line and "0/2" in line and "█" in line for line in shown)


def test_a_rebuilt_ledger_says_the_same(shop: Path) -> None:
    before = of(shop, "marts.checked")
    with Lake.open(shop) as lake:
        lake.metadata.rebuild()
    assert of(shop, "marts.checked") == before


@given(st.lists(st.floats(0, 1), max_size=30))
def test_a_trend_turned_around_is_the_other_one(shares: list[float]) -> None:
    even = shares[: len(shares) // 2 * 2]
    other = {"better": "worse", "worse": "better", "steady": "steady"}
    assert trend(even[::-1]) == other[trend(even)]


def test_nothing_known_is_no_score() -> None:
    found = quality(Known("m.a", "model", None, None, [("findable", False, "nobody owns it")]), [])
    assert found.dimensions["accurate"].share is None
    assert found.dimensions["findable"].share == 0
    assert found.as_dict(dt.datetime.now(dt.UTC))["age_seconds"] is None


def test_rows_that_were_set_aside_are_those_of_the_last_audit() -> None:
    at = dt.datetime(2026, 5, 4, tzinfo=dt.UTC)
    events = [Event("audit.checked", at, "r", "m.a", {"rows": 9, "aside": aside, "checks": []}) for aside in (5, 2)]
    assert quality(Known("m.a", "model", None, at, []), events).rows_aside == 2
