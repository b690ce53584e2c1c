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
from jusante.core.declared import Declared
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

    @property
    def declared(self) -> Declared:
        """What it declares."""
        return Declared(
            about=self.table.about or self.source.about,
            owner=self.source.owner,
            steward=self.source.steward,
            tags=self.table.tags,
            timing=self.table.ingest,
            budget=self.table.budget,
            classification=self.table.classification,
            checks=self.table.checks,
            grain=self.table.key,
            elsewhere=self.elsewhere,
            about_columns={name: rule.about for name, rule in self.table.columns.items() if rule.about},
        )


@dataclass(frozen=True, slots=True)
class BuiltDashboard:
    """A dashboard with its queries analysed, in the order of `Dashboard.queries()`."""

    dashboard: Dashboard
    queries: tuple[Query, ...]

    @property
    def declared(self) -> Declared:
        """What it declares."""
        return self.dashboard.declared


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
    _declared: Declared = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_declared", self.definition.declared)

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
        return self._declared.elsewhere

    @property
    def about_columns(self) -> Mapping[str, str]:
        """What is said of its columns, by name; empty where nobody has said."""
        return self._declared.about_columns

    @property
    def owner(self) -> str | None:
        """Whom to tell."""
        return self._declared.owner

    @property
    def steward(self) -> str | None:
        """Who keeps it in order, where that is somebody else than its owner."""
        return self._declared.steward

    @property
    def classification(self) -> Classification | None:
        """How secret it is, where somebody has said so."""
        return self._declared.classification

    @property
    def about(self) -> str:
        """What it is, in a sentence; empty where nobody has said."""
        return self._declared.about or ""

    @property
    def title(self) -> str:
        """What people call it, where that is not its name; else empty."""
        return self._declared.title or ""

    @property
    def tags(self) -> tuple[str, ...]:
        """The words it can be selected by, as `tag:ml`."""
        return self._declared.tags

    @property
    def timing(self) -> Timing:
        """When it is made, and what is done where it is not."""
        return self._declared.timing

    @property
    def budget(self) -> Budget | None:
        """How much it may cost, where somebody has said so."""
        return self._declared.budget

    @property
    def checks(self) -> tuple[Check, ...]:
        """What must hold before it is published, as declared."""
        return self._declared.checks

    @property
    def grain(self) -> tuple[str, ...]:
        """The columns that tell its rows apart; empty where nobody has said."""
        return self._declared.grain

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
        return self._declared.declassified

    @property
    def allowed(self) -> Mapping[GuardCode, str]:
        """The guards that may be broken here, each with the reason."""
        return self._declared.allowed

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
