"""What changes between two versions of a contract, and what of it breaks a reader."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jusante.core.contract import ContractFile, QualityRule
from jusante.core.contract_types import closest_type, described
from jusante.management.contracts.compare import asks_for_major, compare
from jusante.management.contracts.rules import compare_quality, holds

CASES = yaml.safe_load(Path(__file__).with_name("changes.yaml").read_text(encoding="utf-8"))


def terms(table: dict[str, Any], **others: Any) -> ContractFile:
    """A contract of one table `t`."""
    rest = {key: value for key, value in table.items() if key not in {"columns", "sla"}}
    data = {
        "id": "s",
        "version": "1.0.0",
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "schema": [{"name": "t", "properties": table.get("columns", []), **rest}],
        "slaProperties": table.get("sla", []),
    }
    return ContractFile.model_validate(data | others)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_change_is_found_and_judged(case: dict[str, Any]) -> None:
    found = compare(terms(case["before"]), terms(case["after"]))
    told = {(change.column, change.what, "breaking" if change.breaking else "compatible") for change in found}
    assert told == {(column or "", what, judged) for column, what, judged in case["changes"]}
    assert all(change.reason for change in found)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_nothing_changes_from_a_contract_to_itself(case: dict[str, Any]) -> None:
    assert compare(terms(case["before"]), terms(case["before"])) == ()


def test_a_contract_that_goes_breaks_every_table_and_one_that_comes_breaks_none() -> None:
    contract = terms({"columns": [{"name": "a"}]})
    assert [(change.table, change.breaking) for change in compare(contract, None)] == [("t", True)]
    assert [change.breaking for change in compare(None, contract)] == [False]


def test_a_change_that_breaks_asks_for_a_new_major_version() -> None:
    old, new = terms({"columns": [{"name": "a"}]}), terms({})
    assert asks_for_major(old, new, compare(old, new))
    raised = terms({}, version="2.0.0")
    assert not asks_for_major(old, raised, compare(old, raised))


TYPES = ["boolean", "int", "long", "float", "double", "date", "time", "timestamp", "timestamptz", "uuid", "binary"]


@pytest.mark.parametrize("name", [*TYPES, "decimal(12,2)", "list<string>", "struct<a: int>", "map<string,long>"])
def test_a_type_that_a_draft_names_is_read_back(name: str) -> None:
    said = described(name)
    assert closest_type(said.get("physicalType"), said["logicalType"], said.get("logicalTypeOptions", {})) == name


@pytest.mark.parametrize(
    ("physical", "ours"),
    [
        ("VARCHAR(20)", "string"),
        ("character varying(5)", "string"),
        ("NUMERIC(12, 2)", "decimal(12,2)"),
        ("decimal(5)", "decimal(5,0)"),
        ("int4", "int"),
        ("BIGINT", "long"),
        ("timestamp(6) without time zone", "timestamp"),
        ("timestamp with time zone", "timestamptz"),
        ("double precision", "double"),
        ("geometry", None),
    ],
)
def test_types_as_sources_write_them_are_ours(physical: str, ours: str | None) -> None:
    assert closest_type(physical, None, {}) == ours


BOUNDS = st.sampled_from(
    ["mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo", "mustBe"]
)
RULES = st.builds(
    lambda word, value: QualityRule.model_validate({"metric": "rowCount", word: value}), BOUNDS, st.integers(0, 9)
)


@given(RULES, RULES, st.integers(-1, 10))
def test_a_rule_that_is_called_compatible_lets_nothing_new_pass(old: QualityRule, new: QualityRule, value: int) -> None:
    breaking = any(breaks for _, breaks, _ in compare_quality([old], [new]))
    if not breaking and holds(new, value):
        assert holds(old, value)
