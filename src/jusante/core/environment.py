"""`jusante.yaml`: the project's name, and where each part of it lies in each environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from jusante.core.contract import Contract
from jusante.core.glossary import Glossary
from jusante.core.graph import Graph
from jusante.core.noun import Noun
from jusante.core.problem import Problem
from jusante.core.source import Source


class EngineChoice(Noun):
    """Which engine runs queries, and how much of the machine it may use."""

    kind: Literal["duckdb"] = "duckdb"
    memory: str | None = Field(
        None,
        pattern=r"^\d+(\.\d+)? ?([KMGT]i?B)$",
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


class Environment(Noun):
    """Where each part lies. Empty: all in `.jusante/` in the project."""

    warehouse: str | None = Field(None, description="The folder that holds the tables' files.")
    catalog: Any = Field(None, description="The SQL database that holds the table pointers; SQLite by default.")
    metadata: Any = Field(None, description="The SQL database that holds runs and states; SQLite by default.")
    engine: EngineChoice = EngineChoice()
    keys: Keys = Keys()
    parallel: int = Field(4, ge=1, le=64, description="How many tasks of a run work at once.")


class ProjectFile(Noun):
    """The file `jusante.yaml`."""

    name: str
    about: str | None = None
    environments: Mapping[str, Environment] = Field(default_factory=lambda: {"dev": Environment()})


@dataclass(frozen=True)
class Project:
    """A project as read: its folder, its settings in the chosen environment, its sources and its graph.

    `unready` tells which sources cannot be asked, because a secret is missing here. `contracts` are those of sources, by
    the source's name; `glossary` its business terms.
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
