"""A dbt project that stands in the graph: the link to it, and what was imported from its manifest."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from jusante.core.check import Check
from jusante.core.exposure import Exposure
from jusante.core.model import Model
from jusante.core.noun import Noun
from jusante.core.source import SourceTable

FORM = 1
"""The number of the form in which imports are kept; another one is not read."""


def _joined(text: Any) -> Any:
    """A text that is kept line by line, so that a change of it can be read."""
    return "\n".join(text) if isinstance(text, list) else text


class DbtLink(Noun):
    """The file `dbt/<name>.yaml`: which dbt project stands in the graph, and how its names are read here."""

    dbt: str = Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="What the dbt project is called here; the file's name by default.",
    )
    project: str = Field(description="The folder with `dbt_project.yml`, relative to this project.")
    build: Literal["jusante", "dbt"] | None = Field(
        None,
        description="jusante: what can be built from the tables here is. dbt: all is left to dbt, and stands in the graph "
        "only. By default jusante for DuckDB, and dbt for other databases, whose SQL may mean something else here.",
    )
    target: str | None = Field(None, description="The dbt target to compile for; its profile's own by default.")
    profiles: str | None = Field(
        None, description="The folder with `profiles.yml`, relative to the dbt project; where dbt looks by default."
    )
    command: tuple[str, ...] = Field(
        ("dbt",), min_length=1, description="How dbt is called, in an environment of its own: `[uv, run, dbt]`."
    )
    timeout_seconds: int = Field(900, ge=1, description="How long dbt may take to compile.")
    owner: str | None = Field(None, description="Who owns models that have no group and no `meta: {owner: …}` in dbt.")
    sources: Mapping[str, str] = Field(
        default_factory=dict,
        description="dbt sources by what they are called here: `raw: sales`, or `raw.orders: sales.orders`.",
    )
    schemas: Mapping[str, str] = Field(
        default_factory=dict, description="Folders or schemas of dbt by what they are called here: `staging: stg`."
    )
    instead: Mapping[str, str] = Field(
        default_factory=dict, description="dbt models that tables here stand in for: `lead_scores: ml.lead_scores`."
    )


class DbtModel(Noun):
    """A model, or a snapshot, as imported. `file` is relative to the dbt project.

    `sql` is its compiled text in DuckDB's dialect, with names as they are here; None where that cannot be told.
    `elsewhere` says why dbt goes on making it; empty: it is built here. `columns` are those known, with what is said of them.
    """

    id: str
    node: str
    file: str
    header: Model
    reads: tuple[str, ...] = ()
    sql: Annotated[str, BeforeValidator(_joined)] | None = None
    elsewhere: str = ""
    told: str = ""
    columns: Mapping[str, str] = Field(default_factory=dict)


class DbtTable(Noun):
    """A seed, or a source that nobody ingests here. `file` is relative to the dbt project; a seed's is its CSV file."""

    id: str
    node: str
    file: str
    line: int = 0
    owner: str | None = None
    table: SourceTable


class DbtExposure(Noun):
    """An exposure and the file that declares it."""

    file: str
    line: int = 0
    exposure: Exposure


class DbtOrigin(Noun):
    """Where an import comes from."""

    folder: str = Field(description="The dbt project's folder, relative to this project.")
    project: str
    version: str
    adapter: str
    link: str = Field(description="A hash of the link as it was then.")
    files: Mapping[str, str] = Field(description="A hash of each file of the dbt project.")


class DbtImport(Noun):
    """The file `dbt/<name>.json`: what was imported, so that no other command needs dbt or its manifest."""

    form: int = FORM
    origin: DbtOrigin
    models: tuple[DbtModel, ...] = ()
    seeds: tuple[DbtTable, ...] = ()
    sources: tuple[DbtTable, ...] = ()
    exposures: tuple[DbtExposure, ...] = ()
    checks: Mapping[str, tuple[Check, ...]] = Field(
        default_factory=dict, description="dbt's tests of sources, by the table that is ingested here."
    )
