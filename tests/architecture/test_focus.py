"""Charges as FOCUS 1.2 has them: each column that must be there is, of its type, null only where it may be."""

import csv
import datetime as dt
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from jusante.app import Lake
from jusante.app.focus import write_focus
from jusante.app.spending import spent
from jusante.architecture.cost.focus import COLUMNS, Account, decimal, rows
from jusante.architecture.cost.rates import worth
from jusante.core.cost import Charge, Component, Rates
from projects import run, write_shop

SPECIFIED: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "focus_columns.yaml").read_text(encoding="utf-8")
)
COMPONENTS: tuple[Component, ...] = ("cpu", "scanned", "stored", "requests", "egress")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def fits(column: str, value: str | None) -> bool:
    """Whether a value is one that the specification lets stand in a column."""
    said = SPECIFIED[column]
    if not value:
        return bool(said["nulls"])
    if "allowed" in said and value not in said["allowed"]:
        return False
    match said["type"]:
        case "Decimal":
            return bool(NUMBER.fullmatch(value))
        case "Date/Time":
            return bool(MOMENT.fullmatch(value))
        case "JSON":
            return all(isinstance(each, str | bool) for each in json.loads(value).values())
    return value == value.strip()


@given(
    st.sampled_from(COMPONENTS),
    st.decimals(0, 10**9, allow_nan=False, places=12),
    st.dates(dt.date(2020, 1, 1), dt.date(2040, 12, 31)),
)
def test_every_charge_is_a_row_that_fits_the_specification(
    component: Component, quantity: Decimal, day: dt.date
) -> None:
    usd = worth(component, quantity, Rates())
    charge = Charge(day, "task", "a.b", "me@host", component, quantity, usd)
    row = next(iter(rows([charge], Account("shop", "dev", Rates()))))
    assert [column for column in COLUMNS if not fits(column, row[column])] == []
    price, wanted = Decimal(row["ListUnitPrice"] or 0), Decimal(row["ListCost"] or 0)
    assert abs(price * Decimal(row["PricingQuantity"] or 0) - wanted) <= Decimal("0.000000001")
    assert (row["BillingPeriodStart"] or "") <= (row["ChargePeriodStart"] or "") < (row["ChargePeriodEnd"] or "")
    assert (row["ChargePeriodEnd"] or "") <= (row["BillingPeriodEnd"] or "")


def test_all_columns_that_must_be_there_are() -> None:
    must = {name for name, said in SPECIFIED.items() if said["level"] == "Mandatory"}
    assert len(must) == 21
    assert must <= set(COLUMNS) <= set(SPECIFIED)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**15))
def test_numbers_are_digits_and_a_point_and_stay_what_they_are(number: Decimal) -> None:
    assert NUMBER.fullmatch(decimal(number))
    assert Decimal(decimal(number)) == number


def test_the_file_of_a_project_adds_up_to_what_it_cost(tmp_path: Path) -> None:
    shop, path = write_shop(tmp_path / "shop"), tmp_path / "focus.csv"
    run(shop)
    with Lake.open(shop) as lake:
        lake.ask("select count(*) from marts.priced")
        until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        spending = spent(lake.system, until - dt.timedelta(days=2), until)
        count = write_focus(lake.system, spending, path)
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == count > 10
    assert sum(Decimal(row["EffectiveCost"]) for row in found) == spending.total > 0
    assert {row["ServiceCategory"] for row in found} == {"Analytics", "Storage", "Networking"}
    owners = {row["ResourceId"]: json.loads(row["Tags"]).get("jusante/owner") for row in found}
    assert owners["shop.orders"] == "shop@b.example"
    assert [(row, column) for row in found for column in COLUMNS if not fits(column, row[column])] == []
