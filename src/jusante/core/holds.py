"""Columns whose change at the source waits for somebody's decision, and what waits with them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from jusante.core.column_graph import CHECK, ColumnGraph
from jusante.core.drift import Finding
from jusante.core.lineage import Origin


@dataclass(frozen=True, slots=True)
class Hold:
    """A column of a table that keeps its last good values since a moment; the whole table, where `column` is empty."""

    table: str
    column: str
    since: str
    finding: Finding

    @property
    def name(self) -> str:
        """`table.column`, or the table."""
        return f"{self.table}.{self.column}" if self.column else self.table

    @property
    def sentence(self) -> str:
        """What is held since when, and why."""
        return f"{reason(self.finding)}; held since {self.moment}"

    @property
    def moment(self) -> str:
        """Since when, for a person."""
        return f"{self.since[:16].replace('T', ' ')} UTC"

    @property
    def stops(self) -> bool:
        """Whether what needs the column waits with it."""
        return stops(self.finding)

    def as_dict(self) -> dict[str, Any]:
        """As an asset's state and a snapshot's summary keep it."""
        return {"column": self.column, "since": self.since, "finding": asdict(self.finding)}

    @classmethod
    def from_dict(cls, table: str, kept: Mapping[str, Any]) -> "Hold":
        """The hold that `as_dict` wrote."""
        return cls(table, kept["column"], kept["since"], Finding(**kept["finding"]))


def stops(finding: Finding) -> bool:
    """Whether what needs a held column waits with it: a new column nobody needs yet, and of set-aside rows the rest is there."""
    return finding.change != "added" and not (finding.change == "retyped" and finding.policy == "quarantine")


def reason(finding: Finding) -> str:
    """A finding as a sentence, in which it is a column's or the table's."""
    subject = f"{finding.table}.{finding.column}" if finding.column else finding.table
    sure = "" if finding.confidence == 1 else f" ({finding.confidence:.0%} sure)"
    match finding.change:
        case "renamed":
            return f"{subject} is called {finding.to} at the source now{sure}"
        case "retyped":
            return f"{subject} changed from {finding.before} to {finding.after}"
        case "dropped":
            return f"{subject} is gone at the source{f'; {finding.how}' if finding.how else ''}"
        case "added":
            return f"{subject} ({finding.after}) is new at the source"
        case "nullable":
            return f"{subject} was {finding.before} at the source, and {finding.after} now"
        case "key":
            return f"{subject}: the source no longer keeps ({finding.before}) unique and filled; {finding.after}"
        case "reordered":
            return f"{subject}: columns come in another order ({finding.after}); {finding.how}"
    return f"{finding.change} of {subject}: {finding.before} → {finding.after}"


def ways(finding: Finding) -> tuple[str, ...]:
    """The commands that decide about a finding, the likeliest first; none where nothing has to be decided."""
    name = f"{finding.table}.{finding.column}" if finding.column else finding.table
    accept = f"jusante drift accept {name} --write"
    if not finding.waits:
        return ()
    match finding.change:
        case "renamed":
            same = finding.before == finding.after
            there = finding.to if same else f"'try_cast({finding.to} as {finding.before})'"
            return accept, f"jusante drift map {name} {there} --write"
        case "retyped":
            return accept, f"jusante drift map {name} 'try_cast({finding.column} as {finding.before})' --write"
    return (accept,)


def needing(columns: ColumnGraph, holds: Iterable[Hold]) -> dict[str, tuple[Hold, ...]]:
    """By asset, the held columns that it needs: values of which come to it, or decide about its rows or checks."""
    found: dict[str, dict[Hold, None]] = {}
    for hold in holds:
        if not hold.stops:
            continue
        names = (hold.column,) if hold.column else columns.columns(hold.table)
        for step in columns.below([Origin(hold.table, name) for name in names]):
            found.setdefault(_asset(step.target.table), {})[hold] = None
    return {name: tuple(each) for name, each in found.items() if name not in {hold.table for hold in each}}


def _asset(node: str) -> str:
    """The asset that a node belongs to: a check belongs to the table that it is on."""
    return node.removeprefix(CHECK)
