"""The rules of drift, each a pair of what was and what is, with what has to be found."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jusante.core.drift import SURE, Finding
from jusante.core.schema import Column, Schema
from jusante.core.shape import Shape
from jusante.core.source import Drift
from jusante.ingestion.drift import Agreement, Comparison, compare
from jusante.ingestion.drift.agreement import confidence
from jusante.ingestion.drift.values import agreement, overlap, plain

CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
AGREES, DIFFERS = Agreement(120, 1.0, 0.02), Agreement(120, 0.03, 0.02)


def column(text: str) -> Column:
    name, kind, *identity = text.removesuffix("!").split(":")
    return Column(name, kind, not text.endswith("!"), identity=identity[0] if identity else "")


def told(finding: Finding) -> str:
    words = [finding.change, finding.column or "-", finding.policy]
    if finding.to:
        words += [finding.to, f"{int(finding.confidence * 100)}%"]
    elif finding.change == "retyped":
        words.append(finding.how)
    return " ".join(words)


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_what_changed_is_found(case: Mapping[str, Any]) -> None:
    before, now = (Schema(tuple(map(column, case[word]))) for word in ("before", "now"))
    if "keys" in case:
        before, now = Schema(before.columns, (tuple(case["keys"][0]),)), Schema(now.columns, (tuple(case["keys"][1]),))
    agree = {tuple(pair.split(">")): AGREES if value else DIFFERS for pair, value in case.get("agree", {}).items()}

    def measure(pairs: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Agreement]:
        return {pair: agree[pair] for pair in pairs if pair in agree}

    asked = Comparison("s.t", before, now, Drift(), tuple(case.get("key", ())), case.get("decided", {}))
    found, _ = compare(asked, measure)
    assert sorted(map(told, found)) == sorted(case["found"])


@given(
    st.lists(st.integers(0, 9) | st.none(), min_size=1, max_size=60),
    st.randoms(use_true_random=False),
    st.floats(0, 0.6),
)
def test_shuffled_values_are_never_sure_to_be_the_same_column(
    values: list[int | None], chance: Any, alike: float
) -> None:
    """Few rows, one value, many nulls: what chance could do is not called sure."""
    other = list(values)
    chance.shuffle(other)
    measured = agreement(values, other)
    sure = confidence(alike, measured)
    assert 0 <= sure <= 1
    if sum(a == b for a, b in zip(values, other, strict=True)) < len(values) * 0.8:
        assert sure < SURE


@given(st.lists(st.integers(), min_size=20, max_size=80, unique=True))
def test_a_column_is_surely_itself(values: list[int]) -> None:
    assert confidence(0.2, agreement(values, [str(value) for value in values])) >= SURE


def test_a_column_of_one_value_tells_nothing() -> None:
    assert agreement(["EUR"] * 100, ["EUR"] * 100).beyond_chance is None
    assert confidence(0.4, agreement(["EUR"] * 100, ["EUR"] * 100)) == 0.4


def test_overlap_without_a_key_is_never_sure() -> None:
    ids = range(1, 500)
    assert confidence(0.6, overlap(ids, ids)) < SURE


def test_values_compare_across_types() -> None:
    import datetime as dt
    import decimal

    assert plain("12.50") == plain(decimal.Decimal("12.5")) == plain(12.5)
    assert plain(dt.date(2026, 1, 2)) == plain("2026-01-02") == plain(dt.datetime(2026, 1, 2))  # noqa: DTZ001
    assert plain(True) == plain("TRUE")
    assert plain("north") != plain("south")


def test_a_shape_is_read_as_it_was_written() -> None:
    columns = Schema((Column("a", "long", False, identity="7.1"), Column("b", "string")), (("a",),))
    shape = Shape("place", columns, {"B": "b"}, {"a": "old"})
    again = Shape.from_dict(shape.as_dict())
    assert again == shape
    assert again.columns.keys == (("a",),)
    assert again.columns.columns[0].identity == "7.1"
