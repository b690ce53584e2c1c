"""Where personal data come to: along the edges by which values flow, until something hides them or somebody declares them free."""

from collections.abc import Iterator
from dataclasses import dataclass

from jusante.core.asset import Asset, BuiltDashboard, Ingested
from jusante.core.column_graph import ColumnGraph
from jusante.core.exposure import Exposure
from jusante.core.graph import Graph
from jusante.core.lineage import Origin
from jusante.core.model import ShellStep
from jusante.core.names import nearest
from jusante.core.problem import Problem
from jusante.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Reach:
    """A sensitive column that comes to a place outside, by way of `path` (the column itself first, the place last)."""

    origin: Origin
    kind: str
    purposes: tuple[str, ...]
    path: tuple[Origin, ...]

    @property
    def place(self) -> Origin:
        """Where it can be seen."""
        return self.path[-1]

    @property
    def sentence(self) -> str:
        """What happens, without a value."""
        way = " → ".join(str(step) for step in self.path[1:-1])
        through = f" by way of {way}" if way else ""
        return f"{self.place} shows {self.origin} ({self.kind}){through}"


def exposed(graph: Graph, columns: ColumnGraph) -> Iterator[Reach]:
    """Each sensitive column that comes to a dashboard, a step or an exposure which is not for any of its purposes."""
    for asset in graph:
        if not isinstance(asset.definition, Ingested):
            continue
        for name, rule in asset.definition.table.columns.items():
            column = next((each for each in columns.columns(asset.id) if each.lower() == name.lower()), None)
            if not rule.sensitive or not rule.purpose or column is None:
                continue
            for path in _paths(graph, columns, Origin(asset.id, column)):
                if not set(rule.purpose) & set(_purposes(graph[path[-1].table])):
                    yield Reach(path[0], rule.sensitive, tuple(rule.purpose), path)


def problem_of(reach: Reach, graph: Graph) -> Problem:
    """The reach as `jusante check` tells it."""
    asset = graph[reach.place.table]
    return Problem("J140", "error", _told(reach), str(asset.place), _fix(reach))


def declared_in_vain(graph: Graph, columns: ColumnGraph) -> Iterator[Problem]:
    """Columns that a model declares free of personal data, and does not have."""
    for asset in graph:
        there = {name.lower() for name in columns.columns(asset.id)} if asset.declassified else set()
        for name in asset.declassified:
            if there and name.lower() not in there:
                near = nearest(name, columns.columns(asset.id))
                fix = f"did you mean {near}?" if near else f"there are {', '.join(columns.columns(asset.id))}"
                yield Problem("J141", "error", f"{asset.id} has no column {name} to declassify", str(asset.place), fix)


def refusal(reach: Reach, graph: Graph) -> NotAllowed:
    """The reach as the error that keeps the place from being written."""
    return NotAllowed(_told(reach), where=str(graph[reach.place.table].place), fix=_fix(reach))


def keeps_sensitive(asset: Asset) -> bool:
    """Whether an asset brings sensitive columns in, or says of one that it is none any more."""
    match asset.definition:
        case Ingested(table=table):
            return any(rule.sensitive and rule.purpose for rule in table.columns.values())
    return bool(asset.declassified)


def _told(reach: Reach) -> str:
    return f"{reach.sentence}, which is kept for {' or '.join(reach.purposes)}"


def _fix(reach: Reach) -> str:
    purposes = " or ".join(reach.purposes)
    return (
        f"leave it out, or show a count or a hash of it; if this is for {purposes}, say `purpose: [{reach.purposes[0]}]`; "
        "if it is no personal data any more, `declassify` it in the model that makes it so"
    )


def _paths(graph: Graph, columns: ColumnGraph, start: Origin) -> Iterator[tuple[Origin, ...]]:
    """The shortest way to each place outside where the values can be seen."""
    waiting: list[tuple[Origin, ...]] = [(start,)]
    seen = {start}
    while waiting:
        path = waiting.pop(0)
        for step in columns.steps_from(path[-1]):
            if not step.edge.is_direct or step.edge.masked or step.target in seen or _is_free(graph, step.target):
                continue
            seen.add(step.target)
            way = (*path, step.target)
            if isinstance(graph[step.target.table].definition, BuiltDashboard | ShellStep | Exposure):
                yield way
            waiting.append(way)


def _is_free(graph: Graph, column: Origin) -> bool:
    return column.column.lower() in {name.lower() for name in graph[column.table].declassified}


def _purposes(asset: Asset) -> tuple[str, ...]:
    match asset.definition:
        case BuiltDashboard(dashboard=dashboard):
            return dashboard.purpose
        case ShellStep(header=step):
            return step.purpose
        case Exposure(purpose=purpose):
            return purpose
    return ()
