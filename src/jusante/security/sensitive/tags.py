"""The tags of all columns: from the rules of source columns along the graph, until a model declares one free."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from jusante.core.asset import Asset, Ingested
from jusante.core.column_graph import SOURCE, ColumnGraph
from jusante.core.facts import Facts, travelled
from jusante.core.form import Form, later, tells_more
from jusante.core.graph import Graph
from jusante.core.lineage import Edge, Origin
from jusante.core.sensitive import Handling, care_for
from jusante.core.source import ColumnRule
from jusante.core.tag import SENSITIVE, Tag

_OF_A_ROW = frozenset({"condition", "window"})
"""What is decided by these is seen in each row by itself; the others decide which rows there are."""


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of each column, and those from which a model has declared a column free."""

    facts: Facts[Tag]
    freed: Mapping[Origin, frozenset[Tag]]

    def of(self, column: Origin) -> tuple[Tag, ...]:
        """The tags of a column, in order."""
        return tuple(sorted(self.facts.of(column)))

    def among(self, asset: str) -> Iterator[tuple[Origin, Tag]]:
        """The columns of an asset that bear tags, each with each of its tags."""
        for name, tags in self.facts.among(asset).items():
            yield from ((Origin(asset, name), tag) for tag in sorted(tags))


def tags_of(graph: Graph, columns: ColumnGraph, handlings: Mapping[str, Handling]) -> Tags:
    """All tags after they have travelled."""
    start = {
        Origin(f"{SOURCE}{asset.id}", column.column): frozenset(tags)
        for asset in graph
        for column, tags in declared(asset, columns, handlings)
    }
    freed: dict[Origin, frozenset[Tag]] = {}
    passage = _Passage(graph, columns)

    def kept(column: Origin, tags: frozenset[Tag]) -> frozenset[Tag]:
        if _is_free(graph, column) and (told := frozenset(tag for tag in tags if tag.kind)):
            freed[column] = _most_telling(told)
            tags -= told
        return _most_telling(tags)

    return Tags(travelled(columns, start, passage.carried, kept), freed)


def declared(
    asset: Asset, columns: ColumnGraph, handlings: Mapping[str, Handling]
) -> Iterator[tuple[Origin, list[Tag]]]:
    """The columns of a source's table that bear tags of their own, those that are never read among them."""
    if not isinstance(asset.definition, Ingested):
        return
    there = {name.lower(): name for name in columns.columns(asset.id)}
    for name, rule in asset.definition.table.columns.items():
        column = Origin(asset.id, there.get(name.lower(), name))
        if tags := list(_tags(rule, column, handlings)):
            yield column, tags


def _tags(rule: ColumnRule, column: Origin, handlings: Mapping[str, Handling]) -> Iterator[Tag]:
    if rule.sensitive:
        care = care_for(rule.sensitive, handlings, indirect=rule.indirect)
        yield Tag(f"{SENSITIVE}{rule.sensitive}", column, "whole", tuple(rule.purpose), care.indirect)
    yield from (Tag(word, column) for word in rule.tags)


class _Passage:
    """What becomes of a tag along an edge."""

    def __init__(self, graph: Graph, columns: ColumnGraph) -> None:
        self._graph = graph
        self._columns = columns
        self._single: dict[Origin, bool] = {}

    def carried(self, tag: Tag, edge: Edge, column: Origin) -> Tag | None:
        """The tag at the column that the edge leads to; None where it does not come there."""
        if edge.is_direct:
            form: Form = "whole" if edge.form == "aggregate" and self._by_key(edge.origin.table, column) else edge.form
            return tag if form == "whole" else replace(tag, form=later(tag.form, form))
        if not tag.indirect:
            return None
        single = edge.how in _OF_A_ROW or not column.column or self._is_single(column)
        return replace(tag, form=later(tag.form, "inferred" if single else "aggregate"))

    def _is_single(self, column: Origin) -> bool:
        """Whether a column shows something of single rows, and not only of many together."""
        if column not in self._single:
            own = self._columns.own(column)
            self._single[column] = any(edge.is_direct and tells_more(edge.form, "aggregate") for edge in own)
        return self._single[column]

    def _by_key(self, table: str, column: Origin) -> bool:
        """Whether the rows of a table are summed up one by one: by a key of it."""
        key = {name.lower() for name in self._graph[table].grain} if table in self._graph else set()
        steps = self._columns.steps_to(column)
        groups = {s.edge.origin.column.lower() for s in steps if s.edge.how == "group" and s.edge.origin.table == table}
        return bool(key) and key <= groups


def _most_telling(tags: Iterable[Tag]) -> frozenset[Tag]:
    """Of what comes by several ways, the one that tells the most."""
    found: dict[tuple[str, Origin], Tag] = {}
    for tag in tags:
        known = found.get((tag.name, tag.origin))
        if known is None or tells_more(tag.form, known.form):
            found[tag.name, tag.origin] = tag
    return frozenset(found.values())


def _is_free(graph: Graph, column: Origin) -> bool:
    if column.table not in graph:
        return False
    return column.column.lower() in {name.lower() for name in graph[column.table].declassified}
