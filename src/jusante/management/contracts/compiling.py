"""A contract against the project: what they say of the same tables and columns must go together."""

from collections.abc import Callable, Iterator, Mapping

from jusante.core.asset import Ingested
from jusante.core.column_graph import ColumnGraph
from jusante.core.contract import Contract, SchemaObject
from jusante.core.graph import Graph
from jusante.core.lineage import Origin
from jusante.core.names import nearest
from jusante.core.problem import Problem
from jusante.core.schema import decimal_of, widens
from jusante.core.source import Source, SourceTable

Columns = Callable[[str], tuple[str, ...] | None]
"""The columns of an ingested table as it was last loaded; None where it was not."""
_WHOLE = {"int": 10, "long": 19}


def contract_problems(
    contracts: Mapping[str, Contract], sources: Mapping[str, Source], columns: Columns
) -> list[Problem]:
    """What is wrong between the contracts and the project."""
    return [problem for each in contracts.values() for problem in _problems(each, sources, columns)]


def _problems(contract: Contract, sources: Mapping[str, Source], columns: Columns) -> Iterator[Problem]:
    source = sources.get(contract.source)
    if source is None:
        near = nearest(contract.source, sources)
        fix = f"did you mean {near}?" if near else "name the file after a source, or say jusanteSource"
        what = f"the contract is for source {contract.source}, which the project does not have"
        yield Problem("J156", "error", what, str(contract.place), fix)
        return
    if contract.owner is None:
        fix = "write team: {members: [{username: …, role: owner}]}"
        what = f"the contract of {contract.source} names nobody who answers for it"
        yield Problem("J158", "warning", what, str(contract.place), fix)
    for promised in contract.terms.objects:
        name = next((name for name in source.tables if name.lower() == promised.name.lower()), None)
        if name is None:
            yield _unknown_table(contract, promised.name, source)
        else:
            yield from _of_table(contract, promised, source.tables[name], columns(f"{source.source}.{name}"))


def _unknown_table(contract: Contract, name: str, source: Source) -> Problem:
    near = nearest(name, source.tables)
    fix = f"did you mean {near}?" if near else f"ingest it in source {source.source}, or leave it: it does no harm"
    what = f"the contract promises table {name}, which source {source.source} does not ingest"
    return Problem("J156", "warning", what, str(contract.where(name)), fix)


def _of_table(
    contract: Contract, promised: SchemaObject, table: SourceTable, loaded: tuple[str, ...] | None
) -> Iterator[Problem]:
    yield from _needed_and_not_promised(contract, promised, table)
    withheld = {name.lower() for name, rule in table.columns.items() if rule.is_withheld}
    withheld |= {rule.other_name.lower() for rule in table.columns.values() if rule.other_name}
    there = {name.lower() for name in loaded or ()}
    for column in promised.columns:
        if there and column.name.lower() not in there | withheld:
            near = nearest(column.name, loaded or ())
            fix = f"did you mean {near}?" if near else "jusante contract test says whether the source has it"
            what = f"{contract.source}.{promised.name} was loaded without {column.name}, which the contract promises"
            yield Problem("J156", "warning", what, str(contract.where(promised.name, column.name)), fix)
    for name, rule in table.columns.items():
        column_promised = promised.column(name)
        if column_promised and rule.type and not _fits(column_promised.admitted_types, rule.type):
            said = column_promised.type or column_promised.logical_type
            what = f"{contract.source}.{promised.name}.{name} is declared {rule.type}, and the contract promises {said}"
            fix = f"declare a type that holds every {said}, or change the promise"
            yield Problem("J157", "error", what, str(contract.where(promised.name, name)), fix)


def _needed_and_not_promised(contract: Contract, promised: SchemaObject, table: SourceTable) -> Iterator[Problem]:
    cursor = (table.ingest.cursor,) if table.ingest.cursor else ()
    rules = table.columns.items()
    there = {
        name: rule.other_name or name for name, rule in rules if not rule.gone and (rule.other_name or not rule.origin)
    }
    keyed = (there.get(name, name) for name in (*table.key, *cursor))
    for name in dict.fromkeys((*keyed, *there.values())):
        if promised.properties and promised.column(name) is None:
            near = nearest(name, promised.columns.names)
            fix = f"did you mean {near}?" if near else "ask its owner to promise it"
            what = f"{contract.source}.{promised.name}.{name} is needed here, and the contract does not promise it"
            yield Problem("J156", "warning", what, str(contract.where(promised.name)), fix)


def _fits(promised: tuple[str, ...], declared: str) -> bool:
    """Whether a value of some promised type can be cast to what the project declares, without loss."""
    return not promised or any(_can_become(each, declared) for each in promised)


def _can_become(promised: str, declared: str) -> bool:
    if promised == declared or "string" in {promised, declared} or widens(promised, declared):
        return True  # what is text is read, and what cannot be read is told when it arrives
    if promised == "date" or {promised, declared} == {"timestamp", "timestamptz"}:
        return declared in {"date", "timestamp", "timestamptz"}
    if promised in {"timestamp", "timestamptz"}:
        return declared == "date"
    if promised in _WHOLE:
        return declared == "double" or _digits(declared) >= _WHOLE[promised]
    before, after = decimal_of(promised), decimal_of(declared)
    if before:
        room = after and after[0] - after[1] >= before[0] - before[1] and after[1] >= before[1]
        return bool(room) or (declared in _WHOLE and before[1] == 0 and before[0] < _WHOLE[declared])
    if promised in {"float", "double"}:
        return after is not None  # rounding to so many places is why somebody declares a decimal
    return False


def _digits(declared: str) -> int:
    """How many digits a type holds before the point."""
    after = decimal_of(declared)
    return after[0] - after[1] if after else _WHOLE.get(declared, 0)


def unpromised_reads(contracts: Mapping[str, Contract], graph: Graph, columns: ColumnGraph) -> Iterator[Problem]:
    """Columns that are read here and that their source's contract does not promise: they may go at any time."""
    for asset in graph:
        definition = asset.definition
        if not isinstance(definition, Ingested) or definition.source.source not in contracts:
            continue
        promised = contracts[definition.source.source].table(definition.name)
        for column in columns.columns(asset.id) if promised and promised.properties else ():
            readers = dict.fromkeys(step.target.table for step in columns.steps_from(Origin(asset.id, column)))
            if promised is None or promised.column(column) or not readers:
                continue
            first = graph[next(iter(readers))]
            what = f"{asset.id}.{column} is read by {', '.join(readers)}, and the contract does not promise it"
            place = first.places.get(asset.id, first.place)
            yield Problem("J156", "warning", what, str(place), "ask its owner to promise it, or do without")
