"""Assets of other projects, as their own ledgers know them."""

import os

from jusante.app.system import System
from jusante.core.others import OtherProject
from jusante.core.run import AssetState
from jusante.core.secret import Secret
from jusante.engineering.project import ProjectProblems, read_bare
from jusante.engineering.settings import database_url, resolve
from jusante.errors import SourceUnavailable
from jusante.plugins import Connectors
from jusante.transformation.sql_analysis import analyse


def neighbour(system: System, text: str) -> AssetState | None:
    """The state of `PROJECT:ASSET`; None where it was never made. Raises SourceUnavailable where the project is not there."""
    from jusante.storage.sql_metadata.elsewhere import state_elsewhere

    name, _, asset = text.partition(":")
    other = system.project.environment.projects.get(name) or OtherProject(folder=name)
    return state_elsewhere(_ledger(system, other, name), asset)


def _ledger(system: System, other: OtherProject, name: str) -> str:
    if other.folder is None:
        given = other.metadata
        return database_url(given.reveal() if isinstance(given, Secret) else str(given))
    folder = (system.project.folder / other.folder).resolve()
    try:
        found = read_bare(folder, other.environment, kinds=Connectors(), analyse=analyse, variables=os.environ)
    except ProjectProblems as problems:
        first = problems.problems[0]
        what = f"the project {name} cannot be read: {first.what}"
        raise SourceUnavailable(what, where=str(other.folder), fix=first.fix) from None
    return resolve(found).metadata_url
