"""`jusante.yaml`: the project's name, and where each part of it lies in each environment."""

import datetime as dt
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from jusante.core import duration, quiet_hours, size
from jusante.core.contract import Contract
from jusante.core.cost import Budgets, Rates
from jusante.core.glossary import Glossary
from jusante.core.graph import Graph
from jusante.core.guard import GuardCode, Policy
from jusante.core.incident import Severity
from jusante.core.noun import Noun
from jusante.core.others import Broker, Hook, LogFormat, OpenTelemetry, OtherProject
from jusante.core.problem import Problem
from jusante.core.secret import Secret
from jusante.core.sensitive import Handling
from jusante.core.source import Source


class EngineChoice(Noun):
    """Which engine runs queries, and how much of the machine it may use."""

    kind: Literal["duckdb"] = "duckdb"
    memory: str | None = Field(
        None,
        pattern=size.PATTERN,
        description="How much memory it may use before it spills to disk: `2GB`. By default four fifths of the machine's.",
    )
    threads: int = Field(0, ge=0, description="How many cores it may use; 0 for all.")
    spill_limit: str = Field("100GB", description="How much disk it may spill to.")


class Keys(Noun):
    """The keys of masks, by reference. A project without any gets one, in a file that only its owner can read."""

    masks: Any = Field(None, description="The key that hashes and tokens are made with: `${env:MASK_KEY}`.")
    subjects: Any = Field(
        None, description="The SQL database that holds the keys of single persons; SQLite by default."
    )


class OpenLineage(Noun):
    """Where runs tell what they do, in the words of OpenLineage: a file, a receiver over HTTP, or the console."""

    file: str | None = Field(None, description="A file of one event a line, relative to the project.")
    url: Any = Field(None, description="A receiver over HTTP: Marquez, DataHub …; `api/v1/lineage` is added.")
    api_key: Any = Field(None, description="What the receiver knows us by; by reference: `${env:NAME}`.")
    console: bool = Field(False, description="Onto standard error.")
    timeout_seconds: float = Field(2.0, gt=0, le=30, description="How long one delivery may take.")

    @model_validator(mode="after")
    def _one_way(self) -> "OpenLineage":
        if sum(map(bool, (self.file, self.url, self.console))) != 1:
            raise ValueError("openlineage goes one way; write one of file, url and console")
        if self.api_key and not isinstance(self.api_key, Secret):
            raise ValueError("the api_key is written out; write it as ${env:NAME} and set NAME")
        return self


class NotifyChoice(Noun):
    """One way in which owners are told."""

    kind: Literal["console", "file", "webhook", "alertmanager", "apprise"]
    name: str | None = Field(
        None,
        description="What the channel is called. It is known by it what was told there; by default its kind, and digits of its target.",
    )
    path: str | None = Field(None, description="The file that notices are appended to, one JSON object a line.")
    url: Any = Field(
        None,
        description="Where a webhook is sent to; the URL of a service of Apprise, in which `{to}` is the owner: "
        "`mailto://…?to={to}`. It may be a reference: `${env:NAME}`.",
    )
    secret: Any = Field(
        None,
        description="Signs webhooks as Standard Webhooks says (`whsec_…`); the bearer token of an alertmanager; only by "
        "reference: `${env:NAME}`.",
    )
    severity: Severity = Field("low", description="Of incidents, those that are so bad or worse.")
    quiet: str | None = Field(
        None,
        description='Hours in which nothing is sent here: `"22:00-07:00 Europe/Lisbon"`. What still goes on then comes after them.',
    )
    breaks_quiet: Literal["low", "medium", "high", "nothing"] = Field(
        "high", description="Incidents so bad or worse are sent in quiet hours as well."
    )
    after: str | None = Field(
        None, description="Only incidents that nobody has acknowledged for so long: `30m`. This is who is called next."
    )
    to: str | None = Field(None, description="Who is told here, in the place of owners.")

    @model_validator(mode="after")
    def _complete(self) -> "NotifyChoice":
        needed = {"file": "path", "webhook": "url", "alertmanager": "url", "apprise": "url"}.get(self.kind)
        if needed and not getattr(self, needed):
            article = "an" if self.kind[0] == "a" else "a"
            raise ValueError(f"{article} {self.kind} needs a {needed}; write {needed}: …")
        if self.secret is not None and not isinstance(self.secret, Secret):
            raise ValueError("the secret of a webhook stands in the file; write it as ${env:NAME}, and set NAME")
        if self.kind == "apprise" and "@" in str(self.url) and not isinstance(self.url, Secret):
            raise ValueError(
                "the url of a service of Apprise bears its password; write it as ${env:NAME}, and set NAME"
            )
        return self

    @field_validator("quiet")
    @classmethod
    def _is_of_hours(cls, given: str | None) -> str | None:
        if given:
            try:
                quiet_hours.until(given, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
            except zoneinfo.ZoneInfoNotFoundError as error:
                raise ValueError(f"there is no time zone {error.args[0].split()[-1]}") from None
        return given

    @field_validator("after")
    @classmethod
    def _is_a_duration(cls, given: str | None) -> str | None:
        if given:
            duration.parse(given)
        return given


class Environment(Noun):
    """Where each part lies. Empty: all in `.jusante/` in the project."""

    warehouse: str | None = Field(None, description="The folder that holds the tables' files.")
    catalog: Any = Field(None, description="The SQL database that holds the table pointers; SQLite by default.")
    metadata: Any = Field(None, description="The SQL database that holds runs and states; SQLite by default.")
    engine: EngineChoice = EngineChoice()
    keys: Keys = Keys()
    openlineage: OpenLineage | None = Field(None, description="Where runs tell what they do, if anywhere.")
    opentelemetry: OpenTelemetry | None = Field(None, description="Where runs leave traces, if anywhere.")
    logs: LogFormat = Field(
        "text", description="How `run` and `up` tell what they do: for people, or one JSON object a line."
    )
    hooks: Mapping[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")], Hook] = Field(
        default_factory=dict, description="Who may call `jusante up` over HTTP, by the name in `when: {webhook: NAME}`."
    )
    broker: Broker | None = Field(None, description="The NATS server that `when: {message: …}` speaks of.")
    projects: Mapping[str, OtherProject] = Field(
        default_factory=dict, description="Other projects, by the name in `when: {asset: NAME:table}`."
    )
    notify: tuple[NotifyChoice, ...] = Field((), description="How owners are told what happens to what is theirs.")
    lease: str = Field(
        "30s",
        pattern=r"^\d+ ?[smh]$",
        description="How long a process may be silent before another machine's takes over, where they share a metadata database.",
    )
    rates: Rates = Field(Rates(), description="What work and storage cost: the rate card.")
    parallel: int = Field(4, ge=1, le=64, description="How many tasks of a run work at once.")
    pools: Mapping[str, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict, description="How many assets of each pool are made at once, by the pool's name."
    )

    @field_validator("notify")
    @classmethod
    def _names_differ(cls, given: tuple[NotifyChoice, ...]) -> tuple[NotifyChoice, ...]:
        names = [choice.name for choice in given if choice.name]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two channels are called {twice}; give each a name of its own")
        return given


class ProjectFile(Noun):
    """The file `jusante.yaml`."""

    name: str
    about: str | None = None
    guards: Mapping[GuardCode, Policy] = Field(
        default_factory=dict,
        description="What happens where a query breaks a rule: refuse, warn or off, by its number.",
    )
    environments: Mapping[str, Environment] = Field(default_factory=lambda: {"dev": Environment()})
    budgets: Budgets = Field(Budgets(), description="How much the project, and each owner, may cost in a month.")
    sensitive: Mapping[str, Handling] = Field(
        default_factory=dict, description="How kinds of personal data are handled: `health: {indirect: true}`."
    )


@dataclass(frozen=True)
class Project:
    """A project as read: its folder, its settings in the chosen environment, its sources and its graph.

    `unready` tells which sources cannot be asked, because a secret is missing here. `contracts` are those of sources, by
    the source's name; `glossary` its business terms; `handlings` are of kinds of personal data.
    """

    name: str
    folder: Path
    environment_name: str
    environment: Environment
    sources: Mapping[str, Source]
    graph: Graph
    unready: tuple[Problem, ...] = ()
    contracts: Mapping[str, Contract] = field(default_factory=dict)
    glossary: Glossary = field(default_factory=Glossary)
    handlings: Mapping[str, Handling] = field(default_factory=dict)
    guards: Mapping[GuardCode, Policy] = field(default_factory=dict)
    budgets: Budgets = field(default_factory=Budgets)
