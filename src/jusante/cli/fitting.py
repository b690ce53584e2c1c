"""Rows of text made to fit a terminal's width: the widest columns give way, and no row takes two lines."""

from collections.abc import Sequence

LEAST = 8
GAP = 2


def fitted(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """The rows, headers first, with long texts cut where all would not fit into `width` characters."""
    widths = [min(max(len(cell) for cell in column), width) for column in zip(*rows, strict=True)]
    while sum(widths) + GAP * len(widths) > width and max(widths, default=0) > LEAST:
        widths[widths.index(max(widths))] -= 1
    return [[shortened(cell, widths[number]) for number, cell in enumerate(row)] for row in rows]


def shortened(text: str, width: int) -> str:
    """The text on one line, cut where it is longer than `width`."""
    line = text.replace("\n", "⏎")
    return line if len(line) <= width else line[: width - 1] + "…"
