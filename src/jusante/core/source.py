"""A source system that somebody else owns, and how each of its tables is ingested."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, SerializeAsAny, field_validator

from jusante.core.check import Check
from jusante.core.classification import Classification
from jusante.core.cost import Budget
from jusante.core.form import Form
from jusante.core.mask import WrittenMask
from jusante.core.noun import Noun
from jusante.core.schema import named_type
from jusante.core.secret import Secret
from jusante.core.trigger import Timing

_NAME = re.compile(r'"(?:[^"]|"")*"|[A-Za-z_]\w*')
Policy = Literal["evolve", "hold", "quarantine"]
DataPolicy = Literal["tell", "hold", "off"]


class Ingest(Timing):
    """How a table is brought in."""

    mode: Literal["full", "incremental"] = Field(
        "full", description="full: all of it each time; deletes are noticed. incremental: what is new since the cursor."
    )
    cursor: str | None = Field(None, description="The column that grows: an id, or the time of the last change.")
    lookback: str | None = Field(
        None, description="How far behind the cursor late rows are looked for: `2h`, `3d`, or a number for a number."
    )
    parameter: str | None = Field(None, description="The query parameter of a web API that takes the cursor: `since`.")


class Drift(Noun):
    """What happens when the source changes its shape.

    evolve follows it. hold keeps the column's last good values, and what needs them as it is; the rest is published.
    quarantine sets rows aside that do not fit a new type, and publishes the others; for all else it is hold.
    """

    add: Policy = "evolve"
    drop: Policy = "hold"
    rename: Policy = "hold"
    type: Policy = "hold"
    data: DataPolicy = Field(
        "tell",
        description="Its shape stays and its data change. tell: it is told, and published. hold: nothing is published "
        "until it is accepted. off: nobody looks.",
    )
    key: Policy = Field("hold", description="The source no longer keeps the table's key unique and filled.")


class ColumnRule(Noun):
    """What is known of one column at the source."""

    origin: str | None = Field(
        None, alias="from", description="Where it is read from: another column's name there, or a SQL expression."
    )
    was: str | None = Field(
        None, description="The name that it bore before: it keeps its values and history under the new one."
    )
    gone: bool = Field(False, description="It is no longer at the source, and nobody waits for it.")
    type: str | None = Field(None, description="Cast to this type on arrival: `decimal(12,2)`, `timestamptz`, `date` …")
    about: str | None = None
    sensitive: str | None = Field(None, description="What kind of personal data it is: email, phone, name …")
    purpose: tuple[str, ...] = Field(
        (), description="What it may be used for. Sensitive without a purpose: never read."
    )
    mask: WrittenMask | None = Field(
        None,
        description="What is done to its values before they rest anywhere: drop, hash, tokenise, {truncate: 4}, {generalise: year}.",
    )
    not_personal: str | None = Field(
        None, min_length=3, description="Why it holds no personal data, where it looks as if it did."
    )
    tags: tuple[str, ...] = Field((), description="Words that go with it to all that is made of it: `finance`.")
    indirect: bool | None = Field(
        None, description="Whether what it decides is sensitive too. By default what `sensitive` in jusante.yaml says."
    )

    @property
    def is_decided(self) -> bool:
        """Whether somebody has said if it is personal data, or what is to be done about it."""
        return bool(self.sensitive or self.not_personal or self.mask)

    @property
    def is_withheld(self) -> bool:
        """Whether it is not read at all: it is sensitive and nobody has said what for, or it is dropped."""
        return bool(self.sensitive and not self.purpose) or bool(self.mask and self.mask.kind == "drop")

    @property
    def is_hidden(self) -> bool:
        """Whether no message may show its values."""
        return bool(self.sensitive or self.mask)

    @property
    def other_name(self) -> str | None:
        """The column of the source that `from:` names; None where it is an expression, or nothing is said."""
        text = (self.origin or "").strip()
        if not _NAME.fullmatch(text):
            return None
        return text[1:-1].replace('""', '"') if text.startswith('"') else text

    @property
    def arrives_as(self) -> Form:
        """What its mask has left of its values once they are here."""
        return self.mask.leaves if self.mask else "whole"

    @field_validator("type")
    @classmethod
    def _named(cls, value: str | None) -> str | None:
        return value and named_type(value)


class Subject(Noun):
    """The person that each row of a table is about. Tables whose subjects have the same `name` are about the same persons."""

    column: str = Field(description="The column that says which person it is.")
    name: str = Field(description="What the person is called across tables; the column's name by default.")
    erase: Literal["rows", "values"] | None = Field(
        None,
        description="What goes with an erased person: its rows, or the sensitive values in them. Rows where the column is in the key.",
    )


class Limits(Noun):
    """Kindness to the source."""

    connections: int = Field(2, ge=1, le=64, description="How many connections at once, at the most.")
    rows_per_second: int | None = Field(None, ge=1, description="How fast rows are read, at the most.")
    requests_per_second: float | None = Field(None, gt=0, description="How fast a web API is asked, at the most.")
    not_during: str | None = Field(None, description='Quiet hours: `"09:00-11:00 America/Sao_Paulo"`.')
    attempts: int = Field(4, ge=1, le=20, description="How often a read that failed in passing is tried, in all.")
    timeout_seconds: float = Field(60.0, gt=0, le=3600, description="How long one answer may take.")


class SourceTable(Noun):
    """One table of a source. `options` are those of the source's kind (paths of files, paging of a web API)."""

    about: str | None = None
    origin: str | None = Field(
        None, alias="from", description="Its name at the source, where another: `public.orders`."
    )
    key: tuple[str, ...] = Field((), description="The columns that tell rows apart. One row is kept for each key.")
    ingest: Ingest = Ingest()
    drift: Drift = Drift()
    subject: Subject | None = Field(
        None, description="The column that says which person a row is about: `customer_id`. See `jusante erase`."
    )
    columns: Mapping[str, ColumnRule] = Field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    tags: tuple[str, ...] = ()
    classification: Classification | None = Field(None, description="How secret it is.")
    budget: Budget | None = Field(
        None,
        description="How much it may cost in a month, and what happens beyond: `{usd_per_month: 20, policy: hold}`.",
    )
    bad_rows: Literal["fail", "quarantine"] = Field(
        "fail", description="A row that cannot be read: fail the load, or set it aside in `<table>__quarantine`."
    )
    options: SerializeAsAny[Noun] = Noun()

    @field_validator("subject", mode="before")
    @classmethod
    def _person(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"column": value, "name": value}
        if isinstance(value, dict) and "column" in value:
            return {"name": value["column"], **value}
        return value

    def rule(self, column: str) -> ColumnRule:
        """What the project says of a column, without regard to case."""
        wanted = column.lower()
        return next((known for name, known in self.columns.items() if name.lower() == wanted), ColumnRule())


class Source(Noun):
    """A source system: its owner, how to reach it, its tables."""

    source: str = Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="Its name, which its tables bear before the dot."
    )
    kind: str
    connection: Any = Field(None, description="How to reach it; secrets only by reference: `${env:NAME}`.")
    owner: str | None = None
    steward: str | None = Field(None, description="Who keeps it in order, where that is not its owner.")
    about: str | None = None
    tables: Mapping[str, SourceTable] = Field(default_factory=dict)
    limits: Limits = Limits()
    options: SerializeAsAny[Noun] = Noun()

    def secret(self) -> Secret:
        """The connection as a secret; empty where the source needs none."""
        return self.connection if isinstance(self.connection, Secret) else Secret(self.connection or "")
