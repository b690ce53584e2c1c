"""What is doubtful or wrong in what a project says of personal data, besides where they come to."""

import re
from collections.abc import Iterator, Mapping

from jusante.core.asset import Asset, Ingested
from jusante.core.column_graph import ColumnGraph
from jusante.core.form import tells_more
from jusante.core.graph import Graph
from jusante.core.lineage import Origin
from jusante.core.model import SqlModel
from jusante.core.names import nearest
from jusante.core.problem import Problem
from jusante.core.sensitive import SPECIAL, Handling, care_for
from jusante.core.tag import Tag
from jusante.security.sensitive.tags import Tags

_OPENS = re.compile(
    r"\b(read_\w+|parquet_\w+|glob|(?:iceberg|delta|sqlite|postgres|mysql)_(?:scan|query)\w*) ?\(", re.IGNORECASE
)


def doubts(graph: Graph, columns: ColumnGraph, tags: Tags, handlings: Mapping[str, Handling]) -> Iterator[Problem]:
    """All of them, asset by asset."""
    for asset in graph:
        yield from declared_in_vain(asset, columns)
        yield from _kept_in_the_ledger(asset)
        yield from _past_the_graph(asset)
        yield from _guessable(asset, columns, tags, handlings)
    yield from _kinds_that_are_not_there(graph, handlings)


def declared_in_vain(asset: Asset, columns: ColumnGraph) -> Iterator[Problem]:
    """Columns that a model declares free of personal data, and does not have."""
    there = {name.lower() for name in columns.columns(asset.id)} if asset.declassified else set()
    for name in asset.declassified:
        if there and name.lower() not in there:
            near = nearest(name, columns.columns(asset.id))
            fix = f"did you mean {near}?" if near else f"there are {', '.join(columns.columns(asset.id))}"
            yield Problem("J141", "error", f"{asset.id} has no column {name} to declassify", str(asset.place), fix)


def _kept_in_the_ledger(asset: Asset) -> Iterator[Problem]:
    """How far a table has been read is written down as a value of its cursor."""
    if not isinstance(asset.definition, Ingested):
        return
    table = asset.definition.table
    for name, rule in table.columns.items():
        if rule.sensitive and name.lower() == (table.ingest.cursor or "").lower():
            what = (
                f"the cursor of {asset.id} is {name}, a sensitive column: its greatest value would stand in the ledger"
            )
            yield Problem("J146", "error", what, str(asset.place), "read it by another column, or `mode: full`")


def _past_the_graph(asset: Asset) -> Iterator[Problem]:
    """Files and databases that a model opens by itself."""
    found = _OPENS.search(asset.definition.query.canonical) if isinstance(asset.definition, SqlModel) else None
    if found:
        what = f"{asset.id} reads past the graph, by {found[1].lower()}: no tag comes along with what stands there"
        fix = "make it a table of a source, and say there which columns are personal data"
        yield Problem("J147", "warning", what, str(asset.place), fix)


def _guessable(asset: Asset, columns: ColumnGraph, tags: Tags, handlings: Mapping[str, Handling]) -> Iterator[Problem]:
    """Hashes without a key, where they are made, of values so few that all of them can be tried."""
    for column, tag in tags.among(asset.id):
        if not tag.kind or tag.form != "hashed" or not _is_made_here(column, tag, columns, tags):
            continue
        if tells_more("hashed", care_for(tag.kind, handlings, indirect=tag.indirect).may_show):
            what = (
                f"{column} is a hash without a key of {tag.origin} ({tag.kind}): whoever tries all values can undo it"
            )
            fix = "treat it as what it is a hash of, or leave it out; keep a pseudonym that was made with a key"
            yield Problem("J145", "warning", what, str(asset.place), fix)


def _is_made_here(column: Origin, tag: Tag, columns: ColumnGraph, tags: Tags) -> bool:
    above = [each for step in columns.steps_to(column) for each in tags.of(step.edge.origin)]
    return any((each.name, each.origin) == (tag.name, tag.origin) and tells_more(each.form, "hashed") for each in above)


def _kinds_that_are_not_there(graph: Graph, handlings: Mapping[str, Handling]) -> Iterator[Problem]:
    kinds = {
        rule.sensitive
        for asset in graph
        if isinstance(asset.definition, Ingested)
        for rule in asset.definition.table.columns.values()
        if rule.sensitive
    }
    for kind in handlings:
        if kind not in kinds | SPECIAL:
            near = nearest(kind, kinds)
            fix = f"did you mean {near}?" if near else f"there are {', '.join(sorted(kinds)) or 'none'}"
            yield Problem("J148", "warning", f"no column is of the kind {kind}", "jusante.yaml", fix)
