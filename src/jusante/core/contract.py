"""What the owner of a source promises of its tables: a contract, as the Open Data Contract Standard 3 has it.

`ContractFile` and what it holds are as much of the standard as is used here; a key that the standard allows and that is
not named here is left alone. What is our own stands under `customProperties`. `Contract` is the file of one source.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from jusante.core.contract_types import admits, admitted_types, closest_type
from jusante.core.noun import Noun
from jusante.core.place import Place
from jusante.core.schema import Column, Schema

OWNER_ROLES = ("owner", "data owner", "dataowner")
SOURCE_PROPERTY = "jusanteSource"
"""The custom property that names the source, where the file's name does not."""


class _Part(Noun):
    """A part of a contract: names in camel case, and what is not used here is left alone."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class CustomProperty(_Part):
    """What the standard has no word for."""

    property: str
    value: Any = None


class QualityRule(_Part):
    """What must hold for a column or a table (ODCS, "Data Quality"). `rule` is the older word for `metric`."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    dimension: str | None = None
    type: str | None = None
    metric: str | None = None
    rule: str | None = None
    arguments: Mapping[str, Any] = Field(default_factory=dict)
    query: str | None = None
    unit: str | None = None
    severity: str | None = None
    must_be: Any = None
    must_not_be: Any = None
    must_be_greater_than: float | None = None
    must_be_greater_or_equal_to: float | None = None
    must_be_less_than: float | None = None
    must_be_less_or_equal_to: float | None = None
    must_be_between: tuple[float, float] | None = None
    must_not_be_between: tuple[float, float] | None = None

    @property
    def measures(self) -> str | None:
        """The metric of the standard's library that it is about; None for a query, a text, or another tool's rule."""
        return self.metric or self.rule if self.type in {None, "library"} else None


class EnumValue(_Part):
    """One of the values that a column may have."""

    value: Any = None


class SchemaProperty(_Part):
    """A column as it is promised. `id` stays when it is renamed."""

    id: str | None = None
    name: str
    physical_name: str | None = None
    description: str | None = None
    physical_type: str | None = None
    logical_type: str | None = None
    logical_type_options: Mapping[str, Any] = Field(default_factory=dict)
    required: bool = False
    unique: bool = False
    primary_key: bool = False
    primary_key_position: int = -1
    classification: str | None = None
    tags: tuple[str, ...] = ()
    quality: tuple[QualityRule, ...] = ()
    enum: tuple[EnumValue, ...] = ()
    custom_properties: tuple[CustomProperty, ...] = ()

    @property
    def at_source(self) -> str:
        """What the column is called there."""
        return self.physical_name or self.name

    @property
    def type(self) -> str | None:
        """Its type by the name it has here (`core.schema`); None where the contract says it loosely or not at all."""
        return closest_type(self.physical_type, self.logical_type, self.logical_type_options)

    @property
    def admitted_types(self) -> tuple[str, ...]:
        """The types it may have, the widest first; empty for any."""
        return admitted_types(self.physical_type, self.logical_type, self.logical_type_options)

    def admits(self, type_name: str) -> bool:
        """Whether a column of that type keeps the promise."""
        return admits(self.admitted_types, type_name)

    @property
    def nullable(self) -> bool:
        """Whether nulls keep the promise."""
        return not (self.required or self.primary_key)


class SchemaObject(_Part):
    """A table as it is promised."""

    name: str
    physical_name: str | None = None
    description: str | None = None
    properties: tuple[SchemaProperty, ...] = ()
    quality: tuple[QualityRule, ...] = ()
    tags: tuple[str, ...] = ()
    custom_properties: tuple[CustomProperty, ...] = ()

    @property
    def columns(self) -> Schema:
        """The promised columns by the names they have at the source; a loose type is its widest, none at all is empty."""
        return Schema(tuple(_column(each) for each in self.properties))

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell rows apart, in the key's own order."""
        parts = [each for each in self.properties if each.primary_key]
        return tuple(each.at_source for each in sorted(parts, key=lambda part: part.primary_key_position))

    def column(self, name: str) -> SchemaProperty | None:
        """What is promised of the column of that name at the source, without regard to case."""
        wanted = name.lower()
        return next((each for each in self.properties if each.at_source.lower() == wanted), None)


def _column(promised: SchemaProperty) -> Column:
    widest = promised.type or next(iter(promised.admitted_types), "")
    return Column(promised.at_source, widest, promised.nullable, about=promised.description or "")


class TeamMember(_Part):
    """Somebody who answers for the data."""

    username: str
    name: str | None = None
    role: str | None = None


class Team(_Part):
    """Who answers for the data."""

    name: str | None = None
    description: str | None = None
    members: tuple[TeamMember, ...] = ()


class ServiceLevel(_Part):
    """What is promised of the service: `latency`, `frequency`, `retention` … of an `element`, a table."""

    property: str
    value: Any = None
    unit: str | None = None
    element: str | None = None
    description: str | None = None


class ContractFile(_Part):
    """A file `contracts/<source>.odcs.yaml`."""

    id: str
    version: str
    api_version: str
    kind: str
    name: str | None = None
    status: str | None = None
    objects: tuple[SchemaObject, ...] = Field((), alias="schema")
    team: Team | tuple[TeamMember, ...] | None = None
    sla_properties: tuple[ServiceLevel, ...] = ()
    tags: tuple[str, ...] = ()
    custom_properties: tuple[CustomProperty, ...] = ()

    @property
    def owner(self) -> str | None:
        """Whom the contract names as the owner; else its first member, else its team."""
        members = self.team.members if isinstance(self.team, Team) else self.team or ()
        owners = [each.username for each in members if (each.role or "").lower() in OWNER_ROLES]
        named = [each.username for each in members]
        team = self.team.name if isinstance(self.team, Team) else None
        return next(iter([*owners, *named]), team)

    def table(self, name: str) -> SchemaObject | None:
        """The table of that name, without regard to case."""
        wanted = name.lower()
        return next((each for each in self.objects if each.name.lower() == wanted), None)

    def custom(self, name: str) -> Any:
        """The value of a custom property; None where there is none."""
        return next((each.value for each in self.custom_properties if each.property == name), None)


@dataclass(frozen=True)
class Contract:
    """The contract of one source of a project. `places` says where tables `(table, "")` and columns stand in it."""

    source: str
    terms: ContractFile
    place: Place
    places: Mapping[tuple[str, str], Place] = field(default_factory=dict, compare=False)

    @property
    def owner(self) -> str | None:
        """Who promises."""
        return self.terms.owner

    def table(self, name: str) -> SchemaObject | None:
        """What is promised of a table, by its name in the project, without regard to case."""
        return self.terms.table(name)

    def where(self, table: str, column: str = "") -> Place:
        """Where a table or column stands in the file; the nearest thing around it where it does not."""
        key = (table.lower(), column.lower())
        return self.places.get(key) or self.places.get((key[0], "")) or self.place
