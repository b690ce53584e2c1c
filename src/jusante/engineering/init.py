"""A new project, from a template that runs as it is."""

import shutil
from pathlib import Path

from jusante.errors import UsageError

TEMPLATES = Path(__file__).parent / "templates"


def create(folder: Path, template: str = "starter") -> tuple[Path, ...]:
    """Write a template's files into a new or empty folder; the files written. Raises UsageError where something is there."""
    source = TEMPLATES / template
    if not source.is_dir():
        known = ", ".join(sorted(path.name for path in TEMPLATES.iterdir()))
        raise UsageError(f"there is no template {template}", fix=f"there are: {known}")
    if folder.exists() and any(path.name not in {".git", ".gitignore", ".venv"} for path in folder.iterdir()):
        raise UsageError(f"the folder {folder} is not empty", fix="name a new one: jusante init shop")
    written = []
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        target = folder / path.relative_to(source).with_name(path.name.replace("dot-", "."))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        written.append(target)
    return tuple(written)
