"""What terms say implements them, found in the graph."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from jusante.core.asset import BuiltDashboard
from jusante.core.dashboard import Chart, NumberChart, SeriesChart, TableChart
from jusante.core.glossary import Entry
from jusante.core.graph import Graph
from jusante.core.model import Query
from jusante.core.place import Place

ColumnsOf = Callable[[str], Sequence[str]]
"""The columns of an asset; none where they are not known."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that a term names: a column of an asset, or a chart with its query.

    `columns` is that column; of a chart those that it may show its figure by, the likeliest first.
    """

    name: str
    asset: str
    columns: tuple[str, ...]
    place: Place
    query: Query | None = None


def claims(entry: Entry, graph: Graph, columns_of: ColumnsOf) -> Iterator[Claim]:
    """The columns and charts that a term names and that are there."""
    for name in entry.term.columns:
        found = column_named(name, graph, columns_of)
        if found:
            yield Claim(name, found[0], (found[1],), entry.where(name))
    for name in entry.term.metrics:
        chart = chart_named(name, graph)
        if chart:
            yield Claim(name, chart[0], chart[1], entry.where(name), chart[2])


def column_named(name: str, graph: Graph, columns_of: ColumnsOf) -> tuple[str, str] | None:
    """The asset and column of a name; None where there is none. A table whose columns are not known has it."""
    asset, _, column = name.rpartition(".")
    if asset not in graph:
        return None
    there = columns_of(asset)
    if not there:
        return asset, column
    found = next((each for each in there if each.lower() == column.lower()), None)
    return (asset, found) if found else None


def chart_named(name: str, graph: Graph) -> tuple[str, tuple[str, ...], Query] | None:
    """The dashboard's id, the columns that it shows and the query of a chart named `dashboard.title`; None for none."""
    board, _, title = name.removeprefix("dashboard:").partition(".")
    asset = f"dashboard:{board}"
    definition = graph[asset].definition if asset in graph else None
    if not isinstance(definition, BuiltDashboard):
        return None
    for chart, query in zip(definition.dashboard.charts, definition.queries, strict=True):
        if chart.title.lower() == title.lower():
            return asset, _shown(chart), query
    return None


def _shown(chart: Chart) -> tuple[str, ...]:
    """The columns by which a chart may show a figure; a bar may lie on its side."""
    match chart:
        case NumberChart(value=column):
            return (column,)
        case SeriesChart(x=x, y=str(y)):
            return (y, x)
        case TableChart(columns=columns):
            return columns
    return ()
