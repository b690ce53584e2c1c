"""Rules of waste by pairs: what is known of a table, and what is said of it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from jusante.architecture.cost import waste
from jusante.architecture.cost.waste import Known, Waste, duplicates, found

CASES = yaml.safe_load((Path(__file__).parent / "waste_cases.yaml").read_text(encoding="utf-8"))


def known(asset: str, told: dict[str, Any]) -> Known:
    usual = {"kind": "model", "days": 30, "made": 30, "make_usd": 3, "store_usd": 1, "uses": 30, "rows": 300_000}
    values = usual | told
    money = {name: Decimal(str(value)) for name, value in values.items() if name.endswith("_usd")}
    return Known(asset, **values | money)


def said(rule: str, case: dict[str, Any]) -> list[Waste]:
    if rule == "duplicates":
        return list(duplicates(known(name, told) for name, told in case["tables"].items()))
    one = getattr(waste, rule)(known("a.b", case["known"]))
    return [one] if one else []


@pytest.mark.parametrize(
    ("rule", "case"),
    [(rule, case) for rule, cases in CASES.items() for case in cases],
    ids=[f"{rule}: {case['title']}" for rule, cases in CASES.items() for case in cases],
)
def test_a_rule_says_what_it_should_and_what_that_costs(rule: str, case: dict[str, Any]) -> None:
    told = said(rule, case)
    if case["says"] is None:
        assert told == []
        return
    assert len(told) == 1
    assert case["says"] in told[0].what
    assert float(told[0].usd_per_month) == pytest.approx(case["usd"], rel=0.001)
    assert case.get("fix", "") in told[0].fix
    assert told[0].asset == case.get("asset", "a.b")


def test_the_dearest_is_told_first() -> None:
    tables = [known("a.cheap", {"is_used": False}), known("a.dear", {"is_used": False, "store_usd": 90})]
    assert [each.asset for each in found(tables)] == ["a.dear", "a.cheap"]
