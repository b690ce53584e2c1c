"""A project's metadata database brought to another revision."""

import os
from pathlib import Path

from jusante.engineering.project import read_project
from jusante.engineering.settings import resolve
from jusante.plugins import Connectors
from jusante.storage.sql_metadata.migrations import Migration, migrate
from jusante.storage.sql_metadata.tables import REVISION
from jusante.transformation.sql_analysis import analyse


def migrate_project(folder: Path, environment: str | None, target: str | None = None) -> Migration:
    """Bring the database to a revision, by default the one that this version works with. Raises StorageError."""
    project = read_project(folder.resolve(), environment, kinds=Connectors(), analyse=analyse, variables=os.environ)
    settings = resolve(project)
    settings.state.mkdir(parents=True, exist_ok=True)
    return migrate(settings.metadata_url, target or REVISION)
