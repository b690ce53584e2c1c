"""What can be said of a check before there are rows."""

import re

from jusante.core import duration
from jusante.core.check import Check, Freshness, Pattern, Range, Relationships
from jusante.core.problem import Problem
from jusante.management.quality.conditions import CAN_QUARANTINE
from jusante.management.quality.words import title


def problems(checks: tuple[Check, ...], where: str) -> list[Problem]:
    """What is wrong with the checks of one asset, which stands at `where`."""
    return [
        Problem("J115", "error", f"check {title(check)}: {what}", where, fix)
        for check in checks
        for what, fix in _wrong(check)
    ]


def _wrong(check: Check) -> list[tuple[str, str]]:
    found = []
    if check.quarantine and check.kind not in CAN_QUARANTINE:
        found.append((f"{check.kind} says nothing of single rows, so none can be set aside", "leave quarantine out"))
    match check:
        case Freshness(within=within):
            try:
                duration.parse(within)
            except ValueError as error:
                found.append((str(error), "write 26h, 3d"))
            if check.column is None:
                found.append(("it does not say which column holds the time", "freshness: {within: 26h, column: …}"))
        case Relationships(to=to) if to.count(".") < 2:
            found.append((f"{to} is not of the form namespace.table.column", "relationships: {column: …, to: a.b.c}"))
        case Range(min=low, max=high) if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            found.append((f"min {low} is greater than max {high}", "swap them"))
        case Pattern(matches=pattern):
            try:
                re.compile(pattern)
            except re.error as error:
                found.append((f"{pattern!r} is no regular expression: {error}", "see the syntax of RE2"))
    return found
