"""Where the parts of a project lie in the chosen environment."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jusante.core.environment import Project
from jusante.core.secret import Secret
from jusante.engineering.state import state_folder


@dataclass(frozen=True, slots=True)
class Settings:
    """Folders and addresses. `state` holds all that is not told to lie elsewhere; it may be deleted to start afresh."""

    state: Path
    warehouse: str
    catalog_url: str
    metadata_url: str
    mask_key: Path
    subject_keys_url: str
    lock: Path
    dashboards: Path


def resolve(project: Project) -> Settings:
    """The settings of a project: `.jusante/` for dev, `.jusante/<name>/` for another environment, unless it says else."""
    state = state_folder(project.folder, project.environment_name)
    chosen = project.environment
    return Settings(
        state=state,
        warehouse=str(project.folder / chosen.warehouse) if chosen.warehouse else str(state / "warehouse"),
        catalog_url=_url(chosen.catalog, state / "catalog.db"),
        metadata_url=_url(chosen.metadata, state / "metadata.db"),
        mask_key=state / "keys" / "masks.key",
        subject_keys_url=_url(chosen.keys.subjects, state / "keys" / "subjects.db"),
        lock=state / "run.lock",
        dashboards=state / "dashboards",
    )


def _url(given: Any, default: Path) -> str:
    if not given:
        return f"sqlite:///{default.as_posix()}"
    return database_url(given.reveal() if isinstance(given, Secret) else str(given))


def database_url(url: str) -> str:
    """The address of a SQL database, with the driver that is used for it."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
