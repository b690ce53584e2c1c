"""What waits because a column that it needs waits; and what the ledger is told of columns that begin or end to wait."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict

from jusante.core.column_graph import ColumnGraph
from jusante.core.drift import Finding
from jusante.core.event import Event
from jusante.core.holds import Hold, needing
from jusante.core.run import AssetState


def holds_of(states: Mapping[str, AssetState]) -> tuple[Hold, ...]:
    """All that waits for a decision, by what the assets' states say."""
    return tuple(Hold.from_dict(name, kept) for name, state in sorted(states.items()) for kept in state.holds)


class Waiting:
    """Which assets wait, and for what. The graph by column is made when something is held, and anew when that changes."""

    def __init__(self, columns: Callable[[], ColumnGraph]) -> None:
        self._columns = columns
        self._for: tuple[Hold, ...] = ()
        self._found: Mapping[str, tuple[Hold, ...]] = {}

    def of(self, name: str, holds: tuple[Hold, ...]) -> tuple[Hold, ...]:
        """The held columns that an asset needs; empty where it needs none."""
        if holds != self._for:
            self._for, self._found = holds, needing(self._columns(), holds) if holds else {}
        return self._found.get(name, ())


def why_held(holds: Iterable[Hold]) -> str:
    """The reason of a task that is held: each column that it needs, since when it waits, and why."""
    return "; ".join(f"needs {hold.name}: {hold.sentence}" for hold in holds)


def news(
    table: str,
    before: Iterable[Hold],
    now: Iterable[Hold],
    found: Iterable[Finding],
    at: dt.datetime,
    run_id: str | None,
) -> Iterator[Event]:
    """What is new for the ledger: findings not told before, columns that wait from now on, and those that no longer do."""
    known = {hold.column: hold for hold in before}
    waiting = {hold.column: hold for hold in now}
    for finding in found:
        before_it, after_it = known.get(finding.column), waiting.get(finding.column)
        if before_it is None or after_it is None or before_it.finding != after_it.finding:
            yield Event("drift.found", at, run_id, table, asdict(finding))
    for column, hold in waiting.items():
        if column not in known:
            yield Event("drift.held", at, run_id, table, hold.as_dict())
    for column, hold in known.items():
        if column not in waiting:
            yield Event("drift.settled", at, run_id, table, hold.as_dict())
