"""Python models: what they declare of their lineage is taken at their word, what they do not may depend on everything."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from jusante.core.asset import Asset
from jusante.core.column_graph import ColumnGraph
from jusante.core.graph import Graph
from jusante.core.lineage import Edge, How, Origin, QueryLineage, Unresolved
from jusante.core.model import PythonModel
from jusante.core.names import nearest
from jusante.core.place import Place
from jusante.core.problem import Problem

ROWS = "*"
"""The key under which a declaration names what decides which rows there are."""

Inputs = Mapping[str, Sequence[str]]
"""The columns of the tables that a model reads."""


def of_python(model: PythonModel, inputs: Inputs, output: Sequence[str]) -> QueryLineage:
    """The lineage of a Python model whose table has the columns `output`, as far as it has been made before.

    Sound as long as declarations are: a column that is not declared depends on all columns of all inputs, and so do the
    rows where nothing is said of them.
    """
    declared = {name.lower(): origins for name, origins in model.header.lineage.items()}
    names = {name.lower(): name for name in (*output, *model.header.lineage) if name != ROWS}
    silent = [name for key, name in names.items() if key not in declared]
    columns = {
        name: _edges(declared[key], inputs, "transformation")
        if key in declared
        else everything(inputs, "transformation")
        for key, name in names.items()
    }
    says_rows = ROWS in declared
    rows = _edges(declared[ROWS], inputs, "filter") if says_rows else everything(inputs, "filter")
    if not declared:  # each column, as far as there are any yet, depends on everything already
        rows = frozenset() if columns else everything(inputs, "transformation")
    assumed = frozenset({*silent, *(() if says_rows else ("",))})
    return QueryLineage(columns, rows, tuple(_untold(model, silent, says_rows=says_rows)), assumed)


def everything(inputs: Inputs, how: How) -> frozenset[Edge]:
    """An edge from each column of each input."""
    return frozenset(Edge(Origin(name, column), how) for name, columns in inputs.items() for column in columns)


def _edges(origins: Iterable[str], inputs: Inputs, how: How) -> frozenset[Edge]:
    return frozenset(Edge(_origin(origin, inputs), how) for origin in origins)


def _origin(written: str, inputs: Inputs) -> Origin:
    table, _, column = written.rpartition(".")
    return Origin(table, next((each for each in inputs.get(table, ()) if each.lower() == column.lower()), column))


def _untold(model: PythonModel, silent: Sequence[str], *, says_rows: bool) -> Iterator[Unresolved]:
    if not model.header.lineage:
        yield Unresolved(model.function, "what a Python function does with its inputs is not known")
        return
    if silent:
        yield Unresolved(model.function, f"what it makes {', '.join(silent)} of is not declared")
    if not says_rows:
        yield Unresolved(model.function, f'which columns decide its rows is not declared: "{ROWS}": [...]')


# -- checking ------------------------------------------------------------------------------------------------------------


def declared_wrong(graph: Graph, columns: ColumnGraph, made: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """What models declare of columns that are not there. `made` are the columns of tables that have been made before."""
    for asset in graph:
        if isinstance(asset.definition, PythonModel):
            yield from _wrong(asset, asset.definition, columns, made.get(asset.id, ()))


def _wrong(asset: Asset, model: PythonModel, columns: ColumnGraph, output: Sequence[str]) -> Iterator[Problem]:
    for name, origins in model.header.lineage.items():
        where = str(Place(model.file, model.lines.get(name, asset.place.line)))
        if name != ROWS and output and name.lower() not in {each.lower() for each in output}:
            yield Problem("J142", "error", f"{asset.id} has no column {name}", where, _near(name, output))
        for origin in origins:
            table, _, column = origin.rpartition(".")
            there = columns.columns(table)
            if there and column.lower() not in {each.lower() for each in there}:
                what = f"lineage of {name}: {table} has no column {column}"
                yield Problem("J142", "error", what, where, _near(column, there, f"{table}."))


def _near(name: str, there: Sequence[str], before: str = "") -> str:
    near = nearest(name, there)
    return f"did you mean {before}{near}?" if near else f"there are {', '.join(there)}"
