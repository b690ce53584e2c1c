"""The business terms of a project: what is wrong with them, and what each of them means here."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from jusante.app.columns import columns_of
from jusante.app.system import System
from jusante.core.asset import Ingested
from jusante.core.glossary import Entry
from jusante.core.meaning import Meaning
from jusante.core.model import PythonModel
from jusante.core.problem import Problem
from jusante.management.glossary import Claim, claims, glossary_problems, meaning_problems, secrecy_problems

if TYPE_CHECKING:
    from jusante.transformation.meaning import Meanings


def term_problems(system: System) -> list[Problem]:
    """What `check` has to say of the glossary."""
    glossary = system.project.glossary
    if not len(glossary):
        return []
    columns = columns_of(system)
    found = glossary_problems(glossary, system.graph, columns.columns)
    claimed = [(entry, tuple(claims(entry, system.graph, columns.columns))) for entry in glossary]
    meanings = meanings_of(system, [claim for _, named in claimed if len(named) > 1 for claim in named])
    known = _known(system)
    for entry, named in claimed:
        found += [*secrecy_problems(entry, named, system.graph), *meaning_problems(entry, named, meanings.get, known)]
    return found


def _known(system: System) -> Callable[[Claim], bool]:
    """Whether all columns above something are known: those of a table that was loaded, or that a contract promises.

    Where some are not, as before a first run, it cannot be told which column a name or a join means.
    """
    tables, contracts, graph = system.tables(), system.project.contracts, system.graph

    def is_known(name: str) -> bool:
        match graph[name].definition:
            case Ingested(source=source, name=table):
                contract = contracts.get(source.source)
                return tables.get(name) is not None or (contract is not None and contract.table(table) is not None)
            case PythonModel():
                return tables.get(name) is not None
        return True

    return lambda claim: all(is_known(name) for name in graph.above([claim.asset]))


def meanings_of(system: System, claimed: Sequence[Claim]) -> Mapping[Claim, Meaning]:
    """What columns and charts mean, as far as that can be told."""
    if not claimed:
        return {}
    from jusante.transformation.meaning import Meanings

    tables = {name for claim in claimed for name in (claim.query.reads if claim.query else (claim.asset,))}
    meanings = Meanings(system.graph, columns_of(system).columns, tables)
    found = {}
    for claim in claimed:
        told = [meaning for column in claim.columns if (meaning := _meaning(meanings, claim, column))]
        if told:
            found[claim] = next((meaning for meaning in told if meaning.aggregates), told[0])
    return found


def _meaning(meanings: "Meanings", claim: Claim, column: str) -> Meaning | None:
    return meanings.of_query(claim.query, column) if claim.query else meanings.of(claim.asset, column)


def meaning_of_term(system: System, entry: Entry) -> Mapping[str, str]:
    """What each thing that a term names means, in words."""
    columns = columns_of(system)
    named = tuple(claims(entry, system.graph, columns.columns))
    return {claim.name: meaning.sentence for claim, meaning in meanings_of(system, named).items()}
