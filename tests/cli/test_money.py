"""Money and bars as people see them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jusante.cli.bars import bar, sparkline
from jusante.core.money import column, dollars


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        (None, ""),
        (0, "$0"),
        (0.0000123, "$0.000012"),
        (Decimal("0.004217"), "$0.0042"),
        (0.5, "$0.50"),
        (3.2, "$3.20"),
        (1204.4, "$1,204"),
        (-2.5, "$-2.50"),
        (1e-12, "$0.000000000"),
    ],
)
def test_an_amount_says_something_however_small_it_is(usd: Decimal | float | None, said: str) -> None:
    assert dollars(usd) == said


def test_amounts_below_one_another_are_alike_in_their_digits() -> None:
    told = column([Decimal("0.0000412"), Decimal("0.0000031"), Decimal("0.00000002"), Decimal(0)])
    assert told == ["$0.0000412", "$0.0000031", "<$0.0000001", "$0"]
    assert column([Decimal(1200), Decimal("3.5")]) == ["$1,200.00", "$3.50"]
    assert column([]) == []


@given(st.decimals(0, 100, places=3), st.decimals("0.001", 100, places=3), st.integers(1, 40))
def test_a_bar_is_as_long_as_its_part_and_never_longer_than_its_place(
    part: Decimal, largest: Decimal, cells: int
) -> None:
    drawn = bar(min(part, largest), largest, cells)
    assert len(drawn) <= cells
    assert bool(drawn) == (part > 0)
    assert bar(largest, largest, cells) == "█" * cells


@given(st.lists(st.decimals(0, 100, places=2), max_size=400), st.integers(1, 60))
def test_a_line_of_bars_fits_and_shows_the_largest_at_its_full_height(values: list[Decimal], cells: int) -> None:
    drawn = sparkline(values, cells)
    assert len(drawn) <= cells
    assert ("█" in drawn) == any(values)
