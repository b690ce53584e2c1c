"""Columns that seem to hold personal data, and of which nobody has said whether they do."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from jusante.core.asset import Asset, Ingested
from jusante.core.event import Event
from jusante.core.graph import Graph
from jusante.core.names import split
from jusante.core.problem import Problem
from jusante.core.schema import Column, Schema
from jusante.security.sensitive.detection import Likely, likely

LIKELY = "column.likely_personal"
EXAMINED = "columns.examined"


@dataclass(frozen=True, slots=True)
class Finding:
    """A column that waits for a decision. `is_read` says whether it stands in our table already."""

    table: str
    likely: Likely
    is_read: bool

    @property
    def column(self) -> str:
        """The column with its table."""
        return f"{self.table}.{self.likely.column}"


def remembered(events: Iterable[Event]) -> dict[str, Likely]:
    """The last finding of each column of a table, from the ledger (newest first)."""
    found: dict[str, Likely] = {}
    for event in events:
        each = Likely(**event.payload)
        found.setdefault(each.column, each)
    return found


def undecided(graph: Graph, tables: Mapping[str, Schema], events: Iterable[Event]) -> Iterator[Finding]:
    """The columns that wait for a decision: those found at the door, and those that their names tell of.

    `tables` are the columns of what has been loaded; `events` those of both kinds, newest first.
    """
    by_asset: dict[str, list[Event]] = {}
    for event in events:
        by_asset.setdefault(event.asset or "", []).append(event)
    for asset in graph:
        if isinstance(asset.definition, Ingested) and not asset.elsewhere:
            yield from _of_table(asset, asset.definition, tables.get(asset.id), by_asset.get(asset.id, []))


def problem_of_finding(finding: Finding, graph: Graph) -> Problem:
    """The finding as `jusante check` tells it."""
    state = "it is being read" if finding.is_read else "it is not read until somebody does"
    what = f"nobody has decided whether {finding.column} is personal data: {finding.likely.words}; {state}"
    return Problem("J150", "error", what, str(graph[finding.table].place), fix_of(finding))


def fix_of(finding: Finding) -> str:
    """What can be decided, and how."""
    name = finding.likely.column
    return (
        f"jusante classify {finding.column}; or write under its columns `{name}: {{sensitive: {finding.likely.kind}}}`, "
        "with a `purpose` if it is to be read, or `not_personal: <why>`"
    )


def _of_table(asset: Asset, ingested: Ingested, known: Schema | None, events: list[Event]) -> Iterator[Finding]:
    told = remembered(event for event in events if event.kind == LIKELY)
    examined = {column for event in events if event.kind == EXAMINED for column in event.payload["columns"]}
    declared = (Column(name, rule.type or "string") for name, rule in ingested.table.columns.items())
    columns = {column.name.lower(): column for column in (*declared, *(known or ()))}
    for column in columns.values():
        if column.name not in told and column.name not in examined:
            by_name = likely(column.name, column.type, (), split(asset.id)[1])
            told |= {column.name: by_name} if by_name else {}
    for name, each in told.items():
        if not ingested.table.rule(name).is_decided:
            yield Finding(asset.id, each, is_read=bool(known and known.find(name)))
