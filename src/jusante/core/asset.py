"""What the graph is made of."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jusante.core.check import Check, NotNull, Unique
from jusante.core.classification import Classification
from jusante.core.cost import Budget
from jusante.core.dashboard import Dashboard
from jusante.core.exposure import Exposure
from jusante.core.guard import GuardCode
from jusante.core.model import HISTORY, ForeignModel, PythonModel, Query, ShellStep, SqlModel
from jusante.core.place import Place
from jusante.core.source import Source, SourceTable
from jusante.core.trigger import TIMING, Timing

AssetKind = Literal["ingested", "model", "view", "step", "dashboard", "exposure"]


@dataclass(frozen=True, slots=True)
class Ingested:
    """A table that is brought in from a source. `elsewhere` says who reads it there, where it is not brought in here."""

    source: Source
    table: SourceTable
    name: str
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class BuiltDashboard:
    """A dashboard with its queries analysed, in the order of `Dashboard.queries()`."""

    dashboard: Dashboard
    queries: tuple[Query, ...]


Definition = Ingested | SqlModel | PythonModel | ForeignModel | ShellStep | BuiltDashboard | Exposure


@dataclass(frozen=True, slots=True)
class Asset:
    """One thing that the project makes, or that reads what it makes. `id` is the table's name; others are `step:x`,
    `dashboard:x`, `exposure:x`.

    `inputs` are the ids it reads; `places` says where it names them, where that is known.
    """

    id: str
    place: Place
    inputs: tuple[str, ...]
    definition: Definition
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    @property
    def kind(self) -> AssetKind:
        """What sort of thing it is."""
        match self.definition:
            case Ingested():
                return "ingested"
            case ShellStep():
                return "step"
            case BuiltDashboard():
                return "dashboard"
            case Exposure():
                return "exposure"
            case SqlModel(header=header) | PythonModel(header=header) | ForeignModel(header=header):
                return "view" if header.kind == "view" else "model"

    @property
    def is_table(self) -> bool:
        """Whether it has rows of its own in the lakehouse."""
        return self.kind in {"ingested", "model"} and not self.elsewhere

    @property
    def is_made(self) -> bool:
        """Whether a run makes it; others make an exposure, and what is made elsewhere."""
        return self.kind != "exposure" and not self.elsewhere

    @property
    def elsewhere(self) -> str:
        """Who makes it and why, where its rows are not here; empty for what is made here."""
        match self.definition:
            case Ingested(elsewhere=why) | SqlModel(elsewhere=why) | ForeignModel(elsewhere=why):
                return why
        return ""

    @property
    def about_columns(self) -> Mapping[str, str]:
        """What is said of its columns, by name; empty where nobody has said."""
        match self.definition:
            case Ingested(table=table):
                return {name: rule.about for name, rule in table.columns.items() if rule.about}
            case SqlModel(columns=columns) | ForeignModel(columns=columns):
                return {name: about for name, about in columns.items() if about}
        return {}

    @property
    def owner(self) -> str | None:
        """Whom to tell."""
        match self.definition:
            case Ingested(source=source):
                return source.owner
            case BuiltDashboard(dashboard=dashboard):
                return dashboard.owner
            case Exposure(owner=owner):
                return owner
            case SqlModel(header=header) | PythonModel(header=header) | ForeignModel(header=header):
                return header.owner
            case ShellStep(header=step):
                return step.owner

    @property
    def steward(self) -> str | None:
        """Who keeps it in order, where that is somebody else than its owner."""
        match self.definition:
            case Ingested(source=source):
                return source.steward
            case BuiltDashboard(dashboard=dashboard):
                return dashboard.steward
            case Exposure(steward=steward):
                return steward
            case SqlModel(header=header) | PythonModel(header=header) | ForeignModel(header=header):
                return header.steward
            case ShellStep(header=step):
                return step.steward

    @property
    def classification(self) -> Classification | None:
        """How secret it is, where somebody has said so."""
        match self.definition:
            case Ingested(table=table):
                return table.classification
            case BuiltDashboard(dashboard=dashboard):
                return dashboard.classification
            case SqlModel(header=header) | PythonModel(header=header) | ForeignModel(header=header):
                return header.classification
        return None

    @property
    def about(self) -> str:
        """What it is, in a sentence; empty where nobody has said."""
        match self.definition:
            case Ingested(source=source, table=table):
                return table.about or source.about or ""
            case BuiltDashboard(dashboard=dashboard):
                return dashboard.about or ""
            case Exposure(about=about):
                return about or ""
            case SqlModel(header=header) | PythonModel(header=header) | ForeignModel(header=header):
                return header.about or ""
            case ShellStep(header=step):
                return step.about or ""

    @property
    def title(self) -> str:
        """What people call it, where that is not its name; else empty."""
        match self.definition:
            case BuiltDashboard(dashboard=dashboard):
                return dashboard.title or ""
            case Exposure(title=title):
                return title or ""
        return ""

    @property
    def tags(self) -> tuple[str, ...]:
        """The words it can be selected by, as `tag:ml`."""
        match self.definition:
            case Ingested(table=table):
                return table.tags
            case BuiltDashboard(dashboard=dashboard):
                return dashboard.tags
            case Exposure(tags=tags):
                return tags
            case SqlModel(header=header) | PythonModel(header=header) | ForeignModel(header=header):
                return header.tags
            case ShellStep(header=step):
                return step.tags

    @property
    def timing(self) -> Timing:
        """When it is made, and what is done where it is not."""
        match self.definition:
            case Ingested(table=table):
                return table.ingest
            case BuiltDashboard(dashboard=dashboard):
                return dashboard
            case SqlModel(header=header) | PythonModel(header=header) | ForeignModel(header=header):
                return header
            case ShellStep(header=step):
                return step
            case Exposure():
                return Timing()

    @property
    def budget(self) -> Budget | None:
        """How much it may cost, where somebody has said so."""
        match self.definition:
            case Ingested(table=table):
                return table.budget
            case BuiltDashboard(dashboard=dashboard):
                return dashboard.budget
            case SqlModel(header=header) | PythonModel(header=header) | ForeignModel(header=header):
                return header.budget
            case ShellStep(header=step):
                return step.budget
            case Exposure():
                return None

    @property
    def checks(self) -> tuple[Check, ...]:
        """What must hold before it is published, as declared."""
        match self.definition:
            case Ingested(table=table):
                return table.checks
            case SqlModel(header=header) | PythonModel(header=header) | ForeignModel(header=header):
                return header.checks
            case BuiltDashboard() | ShellStep() | Exposure():
                return ()

    @property
    def grain(self) -> tuple[str, ...]:
        """The columns that tell its rows apart; empty where nobody has said."""
        match self.definition:
            case Ingested(table=table):
                return table.key
            case SqlModel(header=header) | PythonModel(header=header) | ForeignModel(header=header):
                return header.grain
            case BuiltDashboard() | ShellStep() | Exposure():
                return ()

    @property
    def audited(self) -> tuple[Check, ...]:
        """The declared checks, after what a grain promises: its columns are filled, and no two rows agree in them."""
        if not self.grain:
            return (*self._timed, *self.checks)
        if self.kind == "ingested":  # of rows with the same key one is kept: nothing is left to compare
            return (NotNull(columns=self.grain, name="key"), *self.checks)
        return (
            NotNull(columns=self.grain, name="grain"),
            Unique(columns=(*self.grain, HISTORY[0]) if self.keeps_history else self.grain, name="grain"),
            *self._timed,
            *self.checks,
        )

    @property
    def keeps_history(self) -> bool:
        """Whether its table says of each key what its row was, and when."""
        return isinstance(self.definition, SqlModel) and self.definition.header.history

    @property
    def gathers(self) -> bool:
        """Whether its table holds rows of many builds, which none of them would give again."""
        return self.keeps_history or (isinstance(self.definition, SqlModel) and self.definition.header.kind == "append")

    @property
    def _timed(self) -> tuple[Check, ...]:
        """A row without a time lies in no interval, so a model by time can have none."""
        match self.definition:
            case SqlModel(header=header) if header.kind == "by_time" and header.time:
                return (NotNull(columns=(header.time,), name="time"),)
        return ()

    @property
    def declassified(self) -> Mapping[str, str]:
        """The columns it declares free of personal data, each with the reason."""
        match self.definition:
            case SqlModel(header=header) | PythonModel(header=header) | ForeignModel(header=header):
                return header.declassify
        return {}

    @property
    def allowed(self) -> Mapping[GuardCode, str]:
        """The guards that may be broken here, each with the reason."""
        match self.definition:
            case SqlModel(header=header) | PythonModel(header=header):
                return header.allow
        return {}

    def version(self, above: Mapping[str, str]) -> str:
        """A hash that changes only when the result might: of what it is, and of the versions of its inputs."""
        basis = [self.kind, _canonical(self.definition), sorted((name, above[name]) for name in self.inputs)]
        return hashlib.sha256(json.dumps(basis, default=str).encode()).hexdigest()[:16]


def _canonical(definition: Definition) -> Any:
    """What the result depends on. Owners, descriptions and the way to a source do not change a row."""
    match definition:
        case Ingested(source=source, table=table):
            return [source.kind, _table(table)]
        case BuiltDashboard(dashboard=dashboard, queries=queries):
            return [
                dashboard.model_dump(exclude={"steward", "classification", "budget"} | TIMING),
                [query.canonical for query in queries],
            ]
        case SqlModel(header=header, query=query):
            return [query.canonical, _settings(header)]
        case Exposure():
            return definition.model_dump(exclude={"steward"})
        case PythonModel(header=header, canonical=canonical, inputs=inputs):
            return [canonical, sorted(inputs.items()), _settings(header)]
        case ForeignModel(header=header, columns=columns):
            return [sorted(columns), _settings(header)]
        case ShellStep(header=step, script=script):
            return [script, step.model_dump(exclude={"about", "owner", "steward", "tags", "budget"} | TIMING)]


_FOR_PEOPLE = {"budget", "about", "owner", "steward", "classification", "tags", "lineage", "declassify", "allow"}
_LATER = {"interval", "start", "history"}


def _table(table: SourceTable) -> Any:
    """How a table is read. What is to be done about drift changes no row; the drift itself does."""
    for_people = {"about": True, "tags": True, "classification": True, "budget": True}
    said = table.model_dump(exclude={**for_people, "drift": True, "ingest": set(TIMING), "columns": True})
    rules = {
        name: rule.model_dump(exclude={"about", "tags", "indirect", "was", "gone"}, exclude_defaults=True)
        for name, rule in table.columns.items()
    }
    return said | {"columns": {name: rule for name, rule in rules.items() if rule}}


def _settings(header: Any) -> Any:
    # Why a column is declared free is for people to read; that it is decides what may be shown below.
    said = header.model_dump(exclude=_FOR_PEOPLE | TIMING)
    # What is not said is left out: else a table is made anew when there is a new thing to say.
    return [{key: value for key, value in said.items() if key not in _LATER or value}, sorted(header.declassify)]
