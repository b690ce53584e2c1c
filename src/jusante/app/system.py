"""The adapters that a project's settings choose."""

import os
from functools import cached_property

from jusante.core.environment import Project
from jusante.engineering.settings import Settings
from jusante.management.lake import Tables
from jusante.plugins import Connectors
from jusante.ports.connector import Connector
from jusante.ports.engine import Engine
from jusante.ports.metadata_store import MetadataStore
from jusante.ports.table_store import TableStore


class System:
    """The adapters that a project's settings choose, each made when it is first needed."""

    def __init__(self, project: Project, settings: Settings) -> None:
        self.project = project
        self.settings = settings
        self.graph = project.graph

    @cached_property
    def engine(self) -> Engine:
        """What runs queries."""
        from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings

        choice = self.project.environment.engine
        spill = self.settings.state / "spill" / str(os.getpid())
        return DuckDBEngine(EngineSettings(choice.memory, choice.threads, spill, choice.spill_limit))

    @cached_property
    def store(self) -> TableStore:
        """Where tables rest."""
        from jusante.storage.iceberg.store import IcebergStore

        return IcebergStore(self.settings.warehouse, self.settings.catalog_url, self.settings.state / "plans")

    @cached_property
    def metadata(self) -> MetadataStore:
        """Where runs and states are kept."""
        from jusante.storage.sql_metadata import SqlMetadata

        return SqlMetadata(self.settings.metadata_url)

    @cached_property
    def _kinds(self) -> Connectors:
        return Connectors()

    def connect(self, source: str) -> Connector:
        """An open source."""
        known = self.project.sources[source]
        return self._kinds[known.kind].open(known, self.project.folder, self.engine)

    def tables(self) -> Tables:
        """The tables as of now. Where nothing has run yet there are none, and looking makes no folders."""
        return Tables(self.store if self.settings.state.is_dir() else None)

    def close(self) -> None:
        """Let go of what was opened."""
        for name in ("engine", "store", "metadata"):
            if name in self.__dict__:
                self.__dict__[name].close()


def connector_kinds() -> Connectors:
    """The kinds of sources there are."""
    return Connectors()
