"""Where personal data come to: each place outside that may see some, and whether it is for what they are kept for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jusante.core.asset import Asset, BuiltDashboard, Ingested
from jusante.core.column_graph import ColumnGraph
from jusante.core.exposure import Exposure
from jusante.core.form import WORDS, tells_more
from jusante.core.graph import Graph
from jusante.core.lineage import Origin
from jusante.core.model import ShellStep
from jusante.core.problem import Problem
from jusante.core.sensitive import Handling, care_for
from jusante.core.tag import Tag
from jusante.errors import NotAllowed
from jusante.security.sensitive.tags import Tags


@dataclass(frozen=True, slots=True)
class Reach:
    """A sensitive column that comes to a place outside, by way of `path` (the column itself first, the place last)."""

    tag: Tag
    path: tuple[Origin, ...]

    @property
    def place(self) -> Origin:
        """Where it can be seen."""
        return self.path[-1]

    @property
    def sentence(self) -> str:
        """What happens, without a value."""
        way = " → ".join(_named(step) for step in self.path[1:-1])
        through = f" by way of {way}" if way else ""
        form = "" if self.tag.form == "whole" else f", {WORDS[self.tag.form]}"
        return f"{_named(self.place)} shows {self.tag.origin} ({self.tag.kind}{form}){through}"


def exposed(graph: Graph, columns: ColumnGraph, tags: Tags, handlings: Mapping[str, Handling]) -> Iterator[Reach]:
    """Each sensitive column that comes to a dashboard, a step or an exposure which is not for any of its purposes."""
    for asset in graph:
        if not isinstance(asset.definition, BuiltDashboard | ShellStep | Exposure):
            continue
        for place, tag in tags.among(asset.id):
            if needs_purpose(tag, asset, handlings) and not set(tag.purposes) & set(_purposes(asset)):
                yield Reach(tag, way(columns, tags, tag, place))


def needs_purpose(tag: Tag, asset: Asset, handlings: Mapping[str, Handling]) -> bool:
    """Whether a tag tells so much of a person that an asset may have the column only for its purpose."""
    if not tag.kind or isinstance(asset.definition, Exposure):
        return is_secret(tag, handlings)
    return tells_more(tag.form, care_for(tag.kind, handlings, indirect=tag.indirect).may_show)


def is_secret(tag: Tag, handlings: Mapping[str, Handling]) -> bool:
    """Whether a column of this tag holds values that no message may show: it tells so much that it may not leave."""
    if not tag.kind:
        return False
    return tells_more(tag.form, care_for(tag.kind, handlings, indirect=tag.indirect).may_leave)


def way(columns: ColumnGraph, tags: Tags, tag: Tag, place: Origin) -> tuple[Origin, ...]:
    """The shortest way by which a tag comes from its column to a place, through columns where as much is told of it."""
    waiting: list[tuple[Origin, ...]] = [(place,)]
    seen = {place}
    while waiting:
        path = waiting.pop(0)
        if path[0] == tag.origin:
            return path
        for step in columns.steps_to(path[0]):
            above = step.edge.origin
            if above not in seen and _bears(tags, above, tag):
                seen.add(above)
                waiting.append((above, *path))
    return (tag.origin, place)


def _bears(tags: Tags, column: Origin, tag: Tag) -> bool:
    return any(
        (each.name, each.origin) == (tag.name, tag.origin) and not tells_more(tag.form, each.form)
        for each in tags.of(column)
    )


def problem_of(reach: Reach, graph: Graph) -> Problem:
    """The reach as `jusante check` tells it."""
    asset = graph[reach.place.table]
    return Problem("J140", "error", _told(reach), str(asset.place), _fix(reach))


def refusal(reach: Reach, graph: Graph) -> NotAllowed:
    """The reach as the error that keeps the place from being written."""
    return NotAllowed(_told(reach), where=str(graph[reach.place.table].place), fix=_fix(reach))


def keeps_sensitive(asset: Asset) -> bool:
    """Whether an asset brings sensitive columns in, or says of one that it is none any more."""
    match asset.definition:
        case Ingested(table=table):
            return any(rule.sensitive and rule.purpose for rule in table.columns.values())
    return bool(asset.declassified)


def _named(column: Origin) -> str:
    return str(column) if column.column else column.table


def _told(reach: Reach) -> str:
    return f"{reach.sentence}, which is kept for {' or '.join(reach.tag.purposes)}"


def _fix(reach: Reach) -> str:
    purposes = reach.tag.purposes
    instead = {
        "hashed": "leave it out, or show a count of it: a hash without a key can be undone by trying all values",
        "inferred": "leave it out: who stands where it decides is known by it",
    }.get(reach.tag.form, "leave it out, or show a count or a hash of it")
    return (
        f"{instead}; if this is for {' or '.join(purposes)}, say `purpose: [{purposes[0]}]`; "
        "if it is no personal data any more, `declassify` it in the model that makes it so"
    )


def _purposes(asset: Asset) -> tuple[str, ...]:
    match asset.definition:
        case BuiltDashboard(dashboard=dashboard):
            return dashboard.purpose
        case ShellStep(header=step):
            return step.purpose
        case Exposure(purpose=purpose):
            return purpose
    return ()
