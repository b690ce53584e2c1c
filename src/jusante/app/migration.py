"""A project's metadata database brought to another revision."""

import os
from pathlib import Path

from jusante.app.holding import RUN, UP, idle
from jusante.core.environment import Project
from jusante.engineering.project import read_project
from jusante.engineering.settings import resolve
from jusante.errors import ProjectBusy
from jusante.plugins import Connectors
from jusante.storage.sql_metadata import Identity, SqlMetadata
from jusante.storage.sql_metadata.migrations import Migration, migrate
from jusante.storage.sql_metadata.tables import REVISION
from jusante.transformation.sql_analysis import analyse


def migrate_project(folder: Path, environment: str | None, target: str | None = None) -> Migration:
    """Bring the database to a revision, by default the one that this version works with. Raises StorageError."""
    project = _read(folder, environment)
    settings = resolve(project)
    settings.state.mkdir(parents=True, exist_ok=True)
    with idle(settings):
        return migrate(settings.metadata_url, target or REVISION)


def adopt_database(folder: Path, environment: str | None) -> Identity | None:
    """Make the database that of this project in this environment; whose it was. Raises ProjectBusy while somebody works with it."""
    project = _read(folder, environment)
    store = SqlMetadata(resolve(project).metadata_url)
    try:
        for name in (RUN, UP):
            if store.leases and (holder := store.leases.holder(name)):
                what = f"somebody works with the database: {holder}"
                raise ProjectBusy(what, fix="wait for its end, or see whether it is a project of its own")
        return store.adopt(Identity(project.name, project.environment_name))
    finally:
        store.close()


def _read(folder: Path, environment: str | None) -> Project:
    return read_project(folder.resolve(), environment, kinds=Connectors(), analyse=analyse, variables=os.environ)
