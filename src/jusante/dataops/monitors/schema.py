"""Columns of a model that are others than they were, though nobody changed the model: its inputs did, or what is installed."""

import datetime as dt
from collections.abc import Mapping

TOLD = dt.timedelta(days=1)
"""For so long a change is told; then it is how things are."""
MOST_NAMED = 3

Columns = Mapping[str, str]
"""The type of each column, by its name."""


def changed_columns(before: Columns, now: Columns) -> str | None:
    """What to say of the columns of a model whose definition is the same; None where they are the same."""
    parts = [
        _said("new", [name for name in now if name not in before]),
        _said("gone", [name for name in before if name not in now]),
        _said(
            "of another type",
            [f"{n} ({before[n]}, now {now[n]})" for n in now if n in before and before[n] != now[n]],
        ),
    ]
    told = [part for part in parts if part]
    return f"its columns changed, and its definition did not: {'; '.join(told)}" if told else None


def _said(what: str, names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more} {what}" if names else ""
