"""What the project itself makes: SQL models, Python models and shell steps."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import Field

from jusante.core.check import Check
from jusante.core.classification import Classification
from jusante.core.cost import Budget
from jusante.core.declared import Declared, declared
from jusante.core.guard import GuardCode
from jusante.core.interval import Unit
from jusante.core.trigger import Timing

HISTORY = ("valid_from", "valid_to", "is_current")
"""The columns that a history adds: from when, until when a row is as it is, and whether it still is."""


class Model(Timing):
    """What stands in a model's header, or in the arguments of `@model`."""

    about: str | None = Field(None, description="What the table tells, in a sentence.")
    owner: str | None = None
    steward: str | None = Field(None, description="Who keeps it in order, where that is not its owner.")
    classification: Classification | None = Field(None, description="How secret it is.")
    kind: Literal["view", "full", "append", "by_time", "by_key"] = Field(
        "full",
        description="view: a query kept by name. full: built anew as a whole. by_time: built by intervals of its `time`; "
        "those are made anew that are new, or whose rows changed above. by_key: the rows of each `grain` that something "
        "changed for are made anew. append: what is new in its one input is added, and nothing is ever changed.",
    )
    grain: tuple[str, ...] = Field(
        (), description="The columns that say what one row is; checked to be unique and filled."
    )
    time: str | None = Field(None, description="The column with the time a row is about.")
    interval: Unit | None = Field(None, description="Of by_time: how long an interval is. A day by default.")
    start: str | None = Field(
        None, description="Of by_time: the first moment, as `2026-01-01`; what is before is left out."
    )
    history: bool = Field(
        False,
        description="Of by_key: rows are never overwritten; each says from when until when it was so (SCD 2): `valid_from`, "
        "`valid_to`, `is_current`.",
    )
    checks: tuple[Check, ...] = ()
    tags: tuple[str, ...] = ()
    lineage: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Of a Python model: the columns, as `table.column`, that each of its columns is made of; under `*` "
        "those that decide which rows there are. What is not declared may depend on all that it reads.",
    )
    budget: Budget | None = Field(
        None,
        description="How much it may cost in a month, and what happens beyond: `{usd_per_month: 20, policy: hold}`.",
    )
    allow: Mapping[GuardCode, str] = Field(
        default_factory=dict, description="Guards that may be broken here, each with the reason: `J160: …`."
    )
    declassify: Mapping[str, str] = Field(
        default_factory=dict, description="Columns that hold no personal data any more, each with the reason."
    )

    @property
    def unit(self) -> Unit:
        """How long an interval is."""
        return self.interval or "day"

    @property
    def declared(self) -> Declared:
        """What it declares."""
        return replace(
            declared(self, self),
            budget=self.budget,
            classification=self.classification,
            checks=self.checks,
            grain=self.grain,
            declassified=self.declassify,
            allowed=self.allow,
        )


class Step(Timing):
    """What stands in the comment block at the head of a shell step."""

    about: str | None = None
    owner: str | None = None
    steward: str | None = Field(None, description="Who keeps it in order, where that is not its owner.")
    tags: tuple[str, ...] = ()
    budget: Budget | None = Field(
        None,
        description="How much it may cost in a month, and what happens beyond: `{usd_per_month: 20, policy: hold}`.",
    )
    inputs: Mapping[str, str] = Field(
        default_factory=dict, description="Tables, by the name NAME that the step finds as a file's path in INPUT_NAME."
    )
    format: Literal["csv", "parquet", "ndjson"] = Field("csv", description="The format of the input files.")
    outputs: tuple[str, ...] = Field((), description="Files it writes, relative to the project.")
    environment: tuple[str, ...] = Field((), description="The environment variables it gets, besides PATH.")
    purpose: tuple[str, ...] = Field(
        (), description="What it is for; it may not read sensitive columns that are kept for none of these."
    )
    timeout_seconds: int = Field(3600, ge=1)

    @property
    def declared(self) -> Declared:
        """What it declares."""
        return replace(
            declared(self, self),
            budget=self.budget,
        )


class QueryProblem(ValueError):
    """A text that is not one SELECT query. `line` counts from 1 within the query."""

    def __init__(self, what: str, *, line: int = 1, fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.line = line
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Query:
    """An analysed SQL query: the tables it reads, and its text in canonical form, alike for alike queries.

    `lines` says where each table is first named, counted from 1.
    """

    sql: str
    reads: tuple[str, ...]
    canonical: str
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class SqlModel:
    """A SQL file under `models/`, or a dbt model.

    `elsewhere` says who makes it and why, where its rows are not here; `columns` what is said of each of its columns.
    """

    header: Model
    query: Query
    elsewhere: str = ""
    columns: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def declared(self) -> Declared:
        """What it declares."""
        return _with_columns(self.header.declared, self.elsewhere, self.columns)


@dataclass(frozen=True, slots=True)
class ForeignModel:
    """A model that another tool makes, of a text that cannot be read here: all that is known is what it reads.

    `told` says why it cannot be read, `elsewhere` who makes it; `columns` are those known, with what is said of each.
    """

    header: Model
    told: str
    elsewhere: str
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def declared(self) -> Declared:
        """What it declares."""
        return _with_columns(self.header.declared, self.elsewhere, self.columns)


@dataclass(frozen=True, slots=True)
class PythonModel:
    """A function under `models/` with `@model`. `inputs` are the tables its parameters take, by parameter.

    `file` is relative to the project; `canonical` is the module's syntax tree, without comments and docstrings. `lines`
    says where the lineage of each column is declared, counted from 1.
    """

    header: Model
    file: str
    function: str
    inputs: Mapping[str, str]
    canonical: str
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)

    @property
    def declared(self) -> Declared:
        """What it declares."""
        return self.header.declared


@dataclass(frozen=True, slots=True)
class ShellStep:
    """A script under `steps/`. `script` is its text."""

    header: Step
    file: str
    script: str

    @property
    def declared(self) -> Declared:
        """What it declares."""
        return self.header.declared


def _with_columns(declared: Declared, elsewhere: str, columns: Mapping[str, str]) -> Declared:
    return replace(
        declared, elsewhere=elsewhere, about_columns={name: about for name, about in columns.items() if about}
    )
