"""Files of a project as they were in a revision of git."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from jusante.errors import ExtraMissing, UsageError

TIMEOUT_SECONDS = 60


def files_at(folder: Path, revision: str, under: str, endings: tuple[str, ...]) -> Mapping[str, str]:
    """The texts of the files below a folder of the project, by path in the project. Raises UsageError for no revision."""
    _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", revision=revision)
    listed = _git(folder, "ls-tree", "-r", "-z", "--name-only", revision, "--", under, revision=revision)
    names = [name for name in listed.split("\0") if name.endswith(endings)]
    return {name: _git(folder, "show", f"{revision}:./{name}", revision=revision) for name in names}


def files_now(folder: Path, under: str, endings: tuple[str, ...]) -> Mapping[str, str]:
    """The same as they lie in the project now, committed or not."""
    found = sorted(path for path in (folder / under).glob("*") if path.name.endswith(endings) and path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8-sig") for path in found}


def _git(folder: Path, *words: str, revision: str) -> str:
    if revision.startswith("-"):
        raise UsageError(f"{revision} is no revision", fix="name a branch, a tag or a commit")
    try:
        done = subprocess.run(  # noqa: S603  # the revision is a word of its own, and begins with no dash
            ["git", *words],  # noqa: S607  # whichever git this user has
            cwd=folder,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise ExtraMissing("git is not installed", fix="install git, or name two files") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        why = f": {said[0].removeprefix('fatal: ')}" if said else ""
        what = f"git does not know the revision {revision} here{why}"
        raise UsageError(what, where=str(folder), fix="see `git log`; in CI, fetch the whole history")
    return done.stdout.decode(errors="replace")
