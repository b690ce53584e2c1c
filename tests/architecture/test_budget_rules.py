"""Budgets by pairs: what is to be made, what it costs, and what that passes."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jusante.architecture.cost.budgets import Limit, Planned, decide, worst
from jusante.core.cost import Budget, Overrun

CASES = yaml.safe_load((Path(__file__).parent / "budget_cases.yaml").read_text(encoding="utf-8"))


def limit(told: dict[str, Any]) -> Limit:
    members = frozenset([told["of"]] if isinstance(told["of"], str) else told["of"])
    budget = Budget(usd_per_month=told["usd"], policy=told["policy"])
    return Limit(str(told["of"]), "asset", budget, members, Decimal(str(told["spent"])))


def planned(told: dict[str, float | None]) -> list[Planned]:
    return [Planned(name, None if usd is None else Decimal(str(usd))) for name, usd in told.items()]


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_a_budget_is_passed_by_what_it_should(case: dict[str, Any]) -> None:
    found = decide([limit(each) for each in case["limits"]], planned(case["planned"]))
    said = [{"asset": each.asset, "policy": each.policy, "spent": float(each.spent)} for each in found]
    assert said == case["passed"]


MONEY = st.integers(0, 10**6).map(lambda cents: Decimal(cents) / 100)


@given(st.lists(MONEY, max_size=12), MONEY, MONEY)
def test_what_is_not_held_never_costs_more_than_the_budget(costs: list[Decimal], most: Decimal, spent: Decimal) -> None:
    tasks = [Planned(f"m.a{number}", usd) for number, usd in enumerate(costs)]
    held = Limit("o", "owner", Budget(usd_per_month=most, policy="hold"), frozenset(t.asset for t in tasks), spent)
    passed = {each.asset for each in decide([held], tasks)}
    made = sum((task.usd or Decimal(0) for task in tasks if task.asset not in passed), Decimal(0))
    assert made == 0 or spent + made <= most


@given(st.permutations(["warn", "hold", "refuse"]))
def test_the_hardest_of_what_would_happen_to_a_task_happens(policies: list[Overrun]) -> None:
    limits = [
        Limit(p, "asset", Budget(usd_per_month=Decimal(0), policy=p), frozenset({"m.a"}), Decimal(1)) for p in policies
    ]
    found = worst(decide(limits, [Planned("m.a", Decimal(1))]))
    assert found["m.a"].policy in {"refuse", "hold"}
    if policies.index("refuse") < policies.index("hold"):
        assert found["m.a"].policy == "refuse"
