"""Tables that fit a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jusante.cli.fitting import GAP, LEAST, fitted

PAIRS = [
    ([["id", "text"], ["1", "short"]], 80, [["id", "text"], ["1", "short"]]),
    ([["id", "text"], ["1", "x" * 30]], 20, [["id", "text"], ["1", "x" * 13 + "…"]]),
    ([["a", "b"], ["y" * 30, "x" * 30]], 24, [["a", "b"], ["y" * 9 + "…", "x" * 9 + "…"]]),
    ([["a"], ["one\ntwo"]], 80, [["a"], ["one⏎two"]]),
]


@pytest.mark.parametrize(("rows", "width", "expected"), PAIRS)
def test_long_texts_give_way(rows: list[list[str]], width: int, expected: list[list[str]]) -> None:
    assert fitted(rows, width) == expected


@given(
    rows=st.integers(1, 5).flatmap(
        lambda n: st.lists(st.lists(st.text("abc", max_size=40), min_size=n, max_size=n), min_size=1)
    ),
    width=st.integers(60, 200),
)
def test_a_row_fits_if_it_can(rows: list[list[str]], width: int) -> None:
    found = fitted(rows, width)
    widths = [max(len(cell) for cell in column) for column in zip(*found, strict=True)]
    assert sum(widths) + GAP * len(widths) <= max(width, (LEAST + GAP) * len(widths))
