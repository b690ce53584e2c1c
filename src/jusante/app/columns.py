"""The graph of a project by column."""

from jusante.app.system import System
from jusante.core.column_graph import ColumnGraph
from jusante.core.lineage import Origin
from jusante.core.names import nearest
from jusante.errors import UsageError


def columns_of(system: System) -> ColumnGraph:
    """The graph by column, as far as columns are known: those of ingested tables once they have been loaded."""
    from jusante.transformation.lineage import Kept, column_graph

    tables = system.tables()

    def published(name: str) -> tuple[str, ...] | None:
        table = tables.get(name)
        return table.schema.names if table else None

    return column_graph(system.graph, published, Kept(system.settings.state / "lineage.json"))


def column_named(name: str, system: System, columns: ColumnGraph) -> Origin | None:
    """The column that `table.column` names; None for the name of an asset. Raises UsageError where there is neither."""
    table, _, column = name.rpartition(".")
    if name in system.graph or table not in system.graph:
        return None
    there = columns.columns(table)
    found = next((each for each in there if each.lower() == column.lower()), None)
    if found is None:
        near = nearest(column, there)
        known = f"there are {', '.join(there) or 'none known: jusante run'}"
        raise UsageError(f"{table} has no column {column}", fix=f"did you mean {table}.{near}?" if near else known)
    return Origin(table, found)
