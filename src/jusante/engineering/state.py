"""Where an environment keeps what it remembers."""

from pathlib import Path

DEFAULT_ENVIRONMENT = "dev"


def state_folder(folder: Path, environment_name: str) -> Path:
    """The folder for all that is not told to lie elsewhere: `.jusante/` for dev, a folder in it for another environment."""
    state = folder / ".jusante"
    return state if environment_name == DEFAULT_ENVIRONMENT else state / environment_name
