"""All guards over one asset."""

from collections.abc import Iterator

from jusante.core.asset import Asset, BuiltDashboard
from jusante.core.graph import Graph
from jusante.core.model import SqlModel
from jusante.transformation.guards.averages import average_of_averages, counted_absence
from jusante.transformation.guards.fan_out import fan_out
from jusante.transformation.guards.filters import not_in_null, unpruned
from jusante.transformation.guards.grain import grain
from jusante.transformation.guards.joins import cross_join, join_types, undone_left_join
from jusante.transformation.guards.quiet_hours import full_read_in_quiet_hours
from jusante.transformation.guards.results import borrowed_star, limit_without_order, random_result
from jusante.transformation.guards.subject import Found, Guard, Subject
from jusante.transformation.row_growth.project import Growth, queries_of
from jusante.transformation.sql_analysis import parsed

_NUMBERS: tuple[Guard, ...] = (fan_out, cross_join, join_types, undone_left_join, not_in_null)
_NUMBERS += (average_of_averages, counted_absence)
"""Guards against wrong numbers: they watch over charts as well."""
_TABLES: tuple[Guard, ...] = (*_NUMBERS, grain, unpruned, borrowed_star, random_result, limit_without_order)


def found_in(asset: Asset, graph: Graph, growth: Growth) -> Iterator[Found]:
    """What the guards say of an asset. Lines count within its query."""
    yield from full_read_in_quiet_hours(asset)
    guards = _NUMBERS if isinstance(asset.definition, BuiltDashboard) else _TABLES
    for query, analysis in zip(queries_of(asset), growth.analyses(asset), strict=True):
        subject = Subject(asset, graph, parsed(query.sql), analysis, growth.relation)
        told: set[tuple[str, str]] = set()
        for guard in guards:
            for found in guard(subject):
                if (found.code, found.what) not in told:
                    told.add((found.code, found.what))
                    yield found


def first_line_of(asset: Asset) -> int:
    """How many lines of an asset's file stand before its query; 0 where that is not known."""
    if isinstance(asset.definition, SqlModel):
        for name, line in asset.definition.query.lines.items():
            if name in asset.places:
                return asset.places[name].line - line
    return 0
