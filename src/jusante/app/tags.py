"""The tags of all columns of a project."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jusante.app.columns import columns_of
from jusante.app.system import System
from jusante.core.asset import Asset, Ingested
from jusante.core.column_graph import ColumnGraph
from jusante.core.form import WORDS
from jusante.core.lineage import Edge, Origin, QueryLineage
from jusante.core.names import QUARANTINE
from jusante.core.source import ColumnRule
from jusante.core.tag import SENSITIVE, Tag
from jusante.orchestration.selection import select
from jusante.security.sensitive import Tags, declared, is_secret
from jusante.security.sensitive import tags_of as travelled

if TYPE_CHECKING:
    from jusante.app.lake import Lake

WHOLE_ROW = "_row"
MARKS = ("_check", "_place", WHOLE_ROW, "_run_id", "_quarantined_at")
"""What a quarantine holds beside the columns of its table."""
ANSWER = "answer:"


@dataclass(frozen=True, slots=True)
class Bearing:
    """A column that bears a tag. `declassified`: why it bears it no more; `is_read`: whether it is read from its source."""

    column: Origin
    tag: Tag
    needs_purpose: bool
    is_read: bool = True
    declassified: str | None = None

    @property
    def name(self) -> str:
        """The column, or the asset of whose columns none is known."""
        return str(self.column) if self.column.column else self.column.table

    @property
    def told(self) -> str:
        """What is left of the value, in words."""
        if self.declassified is not None:
            return f"declassified: {self.declassified}"
        return WORDS[self.tag.form] if self.is_read else "never read"

    def is_called(self, name: str) -> bool:
        """Whether its tag bears this name, or is of this kind; `sensitive` stands for all personal data."""
        return name in {self.tag.name, self.tag.kind} or (name == SENSITIVE.rstrip(":") and self.tag.kind is not None)

    def as_dict(self) -> dict[str, Any]:
        """The bearing as `--json` prints it."""
        return {
            "column": self.name,
            "tag": self.tag.name,
            "of": str(self.tag.origin),
            "form": self.tag.form,
            "purposes": list(self.tag.purposes),
            "needs_purpose": self.needs_purpose,
            "read": self.is_read,
            "declassified": self.declassified,
        }


def tags_of(
    system: System, columns: ColumnGraph | None = None, *, also: Mapping[str, QueryLineage] | None = None
) -> Tags:
    """The tags of all columns, as far as columns are known, those of quarantines and of other readers among them."""
    known = columns or columns_of(system)
    more = {**quarantines(system, known), **(also or {})}
    return travelled(system.graph, known.plus(more), system.project.handlings)


def tags_of_answer(system: System, sql: str, names: Sequence[str]) -> tuple[tuple[Tag, ...], ...]:
    """The tags of each column that a query gives; of each all of them, where its columns cannot be told apart."""
    from jusante.transformation.lineage import lineage

    if not any(rule.sensitive or rule.tags for rule in _rules(system)):
        return ((),) * len(names)
    columns = columns_of(system)
    readable = columns.plus(quarantines(system, columns))
    found = lineage(sql, lambda name: readable.columns(name) or None, names)
    tags = tags_of(system, columns, also={ANSWER: found})
    if len(found.columns) == len(names):
        return tuple(tags.of(Origin(ANSWER, name)) for name in found.columns)
    every = tuple(sorted({tag for _, tag in tags.among(ANSWER)}))
    return (every,) * len(names)


def quarantines(system: System, columns: ColumnGraph) -> dict[str, QueryLineage]:
    """What rows set aside are made of: they are copies, and the text of one that could not be read holds all of it."""
    tables = system.tables()
    found = {}
    for asset in system.graph:
        aside = tables.get(f"{asset.id}{QUARANTINE}") if tables.pointer(f"{asset.id}{QUARANTINE}") else None
        if aside:
            whole = frozenset(Edge(Origin(asset.id, name), "transformation") for name in columns.columns(asset.id))
            made = {
                name: frozenset({Edge(Origin(asset.id, name), "identity")})
                for name in aside.schema.names
                if name not in MARKS
            }
            found[f"{asset.id}{QUARANTINE}"] = QueryLineage(
                {**made, **dict.fromkeys(MARKS, frozenset()), WHOLE_ROW: whole}
            )
    return found


def _rules(system: System) -> Iterator[ColumnRule]:
    for asset in system.graph:
        if isinstance(asset.definition, Ingested):
            yield from asset.definition.table.columns.values()


def bearings(lake: "Lake", wishes: Iterable[str] = ()) -> Iterator[Bearing]:
    """The columns of the chosen assets (or columns) that bear tags, in the order of the graph."""
    graph, tags = lake.project.graph, tags_of(lake.system, lake.columns)
    columns = {column for wish in wishes if (column := lake.column(wish))}
    rest = [wish for wish in wishes if lake.column(wish) is None]
    chosen = select(graph, rest) if rest or not columns else frozenset()
    for name in graph.order:
        for bearing in _of_asset(lake, graph[name], tags):
            if name in chosen or bearing.column in columns:
                yield bearing


def _of_asset(lake: "Lake", asset: Asset, tags: Tags) -> Iterator[Bearing]:
    handlings = lake.project.handlings
    for column, tag in tags.among(asset.id):
        yield Bearing(column, tag, is_secret(tag, handlings))
    reasons = {name.lower(): why for name, why in asset.declassified.items()}
    for column, freed in tags.freed.items():
        if column.table == asset.id:
            yield from (Bearing(column, tag, False, True, reasons[column.column.lower()]) for tag in sorted(freed))
    for column, own in declared(asset, lake.columns, handlings):
        if column not in lake.columns:
            yield from (Bearing(column, tag, is_secret(tag, handlings), is_read=False) for tag in own)
    for column, tag in tags.among(f"{asset.id}{QUARANTINE}"):
        yield Bearing(column, tag, is_secret(tag, handlings))
