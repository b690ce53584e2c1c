"""The entries of the catalogue: every asset and every term, with the words they can be found by."""

from collections.abc import Callable, Iterator, Sequence

from jusante.core.asset import Asset, BuiltDashboard
from jusante.core.catalog import CatalogEntry
from jusante.core.exposure import Exposure
from jusante.core.glossary import Entry, Glossary
from jusante.core.graph import Graph

TERM = "term:"
"""What comes before the name of a term among the ids of the catalogue."""


def catalog_entries(
    graph: Graph, glossary: Glossary, columns_of: Callable[[str], Sequence[str]]
) -> Iterator[CatalogEntry]:
    """Everything that can be found."""
    claimed: dict[str, dict[str, None]] = {}
    for entry in glossary:
        for name in entry.term.columns:
            claimed.setdefault(name.rpartition(".")[0], {})[entry.name] = None
        for name in entry.term.metrics:
            claimed.setdefault(f"dashboard:{name.removeprefix('dashboard:').partition('.')[0]}", {})[entry.name] = None
    for asset in graph:
        yield _asset(asset, tuple(columns_of(asset.id)), glossary, tuple(claimed.get(asset.id, ())))
    for entry in glossary:
        yield _term(entry)


def _asset(asset: Asset, columns: tuple[str, ...], glossary: Glossary, terms: tuple[str, ...]) -> CatalogEntry:
    found = [entry for name in terms if (entry := glossary.find(name))]
    return CatalogEntry(
        id=asset.id,
        kind=asset.kind,
        title=_title(asset),
        about=asset.about,
        owner=asset.owner or "",
        steward=asset.steward or "",
        classification=asset.classification or "",
        tags=asset.tags,
        columns=columns,
        terms=terms,
        synonyms=tuple(word for entry in found for word in entry.term.synonyms),
    )


def _title(asset: Asset) -> str:
    match asset.definition:
        case BuiltDashboard(dashboard=dashboard):
            return dashboard.title
        case Exposure(title=title):
            return title or ""
    return ""


def _term(entry: Entry) -> CatalogEntry:
    term = entry.term
    return CatalogEntry(
        id=f"{TERM}{entry.name}",
        kind="term",
        about=term.definition,
        owner=term.owner or "",
        steward=term.steward or "",
        classification=term.classification or "",
        tags=term.tags,
        columns=(*term.columns, *term.metrics),
        synonyms=term.synonyms,
    )
