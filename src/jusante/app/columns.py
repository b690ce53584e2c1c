"""The graph of a project by column."""

from collections.abc import Mapping, Sequence

from jusante.app.system import System
from jusante.core.asset import Ingested
from jusante.core.column_graph import CHECK, ColumnGraph
from jusante.core.contract import Contract
from jusante.core.lineage import Origin
from jusante.core.model import PythonModel
from jusante.core.names import nearest
from jusante.core.problem import Problem
from jusante.errors import UsageError
from jusante.ingestion.transit import readable


def columns_of(system: System, promised: Sequence[Mapping[str, Contract]] = ()) -> ColumnGraph:
    """The graph by column, as far as columns are known: those of ingested tables once they have been loaded.

    Where nothing was loaded, a contract says which columns there will be. `promised` are other contracts by source, whose
    columns are in the graph as well.
    """
    from jusante.transformation.lineage import Kept, column_graph

    tables = system.tables()

    def published(name: str) -> tuple[str, ...] | None:
        table = tables.get(name)
        known = table.schema.names if table else ()
        agreed = promised if table else (system.project.contracts, *promised)
        lower = {each.lower() for each in known}
        more = [
            each for contracts in agreed for each in _promised(system, contracts, name) if each.lower() not in lower
        ]
        return (*known, *dict.fromkeys(more)) or None

    return column_graph(system.graph, published, Kept(system.settings.state / "lineage.json"))


def _promised(system: System, contracts: Mapping[str, Contract], name: str) -> tuple[str, ...]:
    """The columns that a contract promises of an ingested table, without those that never come in."""
    definition = system.graph[name].definition if name in system.graph else None
    if not isinstance(definition, Ingested) or definition.source.source not in contracts:
        return ()
    table = contracts[definition.source.source].table(definition.name)
    return readable(definition.table, table.columns) if table else ()


def lineage_problems(system: System) -> list[Problem]:
    """What `check` has to say of the lineage that Python models declare."""
    declaring = [
        asset.id
        for asset in system.graph
        if isinstance(asset.definition, PythonModel) and asset.definition.header.lineage
    ]
    if not declaring:
        return []
    from jusante.transformation.lineage import declared_wrong

    tables = system.tables()
    made = {name: table.schema.names for name in declaring if (table := tables.get(name))}
    return list(declared_wrong(system.graph, columns_of(system), made))


def column_named(name: str, system: System, columns: ColumnGraph) -> Origin | None:
    """The column that `table.column` names; None for the name of an asset. Raises UsageError where there is neither."""
    if check := _check_named(name, columns):
        return check
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


def _check_named(name: str, columns: ColumnGraph) -> Origin | None:
    """The check that `check:table.title` names; a title may hold dots."""
    for table in columns.assets if name.startswith(CHECK) else ():
        title = name.removeprefix(f"{table}.")
        if table.startswith(CHECK) and title in columns.columns(table):
            return Origin(table, title)
    return None
