"""dbt as a program: asked for its version, told to compile; its failures as problems with node, file and line."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from jusante.core.dbt import DbtLink
from jusante.core.problem import Problem
from jusante.engineering.project import ProjectProblems
from jusante.transformation.dbt.manifest import problem

OLDEST, NEWEST = (1, 6), (3, 0)
"""The versions of dbt whose manifests are known: from the first to before the second."""
VERSION_SECONDS = 120
TAIL = 20_000
_VERSION = re.compile(r"(?:installed: |dbt[- ](?:core|fusion)?[ :]*)(\d+)\.(\d+)\.(\d+)")
_NODE = re.compile(r"(?:in |^\s*)(\w+) '?([\w.]+)'? \(([^()\n]+)\)", re.MULTILINE)
_LINE = re.compile(r"\bline (\d+)")
_FILE = re.compile(r"(?:Error reading [\w.]+: |\bfile at )(\S+\.ya?ml)")
_CLOCK = re.compile(r"^\d\d:\d\d:\d\d\s+", re.MULTILINE)


def compiled(link: DbtLink, folder: Path, target: Path, *, docs: bool) -> Path:
    """Let dbt compile a project into a folder of ours; the folder, with its manifest. Raises ProjectProblems.

    Everything is compiled as for a first build: an increment's filter is of no use here. With `docs`, dbt also asks its
    database which columns there are.
    """
    check_version(link, folder)
    places = ["--target-path", str(target), "--log-path", str(target / "logs")]
    options = [*places, *(["--target", link.target] if link.target else [])]
    options += ["--profiles-dir", str(folder / link.profiles)] if link.profiles else []
    quiet = [*link.command, "--quiet", "--no-use-colors"]
    _run(link, [*quiet, "compile", "--full-refresh", *options], folder, link.timeout_seconds)
    if docs:
        _run(link, [*quiet, "docs", "generate", "--no-compile", *options], folder, link.timeout_seconds)
    return target


def check_version(link: DbtLink, folder: Path) -> str:
    """The version of dbt. Raises ProjectProblems where there is no dbt, or one that is not known to work."""
    said = _run(link, [*link.command, "--version"], folder, VERSION_SECONDS)
    found = _VERSION.search(said)
    version = (int(found[1]), int(found[2])) if found else None
    if version is None or not OLDEST <= version < NEWEST:
        known = f"from {OLDEST[0]}.{OLDEST[1]} to before {NEWEST[0]}.{NEWEST[1]}"
        told = ".".join(map(str, version)) if version else "of a version that it does not tell"
        raise problem("J199", f"{_called(link)} is dbt {told}; known to work is {known}", "", "install one of these")
    return ".".join(map(str, version))


def _run(link: DbtLink, command: Sequence[str], folder: Path, seconds: int) -> str:
    """What a dbt command says, as far as its last part. Raises ProjectProblems."""
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(  # noqa: S603  # the program that the link names, without a shell
                command,
                cwd=folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            fix = "install dbt in an environment of its own and name it: --dbt /path/to/dbt; or give a --manifest"
            raise problem("J199", f"{_called(link)} cannot be started: {error.strerror}", "", fix) from None
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            fix = "raise timeout_seconds in the link"
            raise problem("J198", f"dbt was not done after {seconds:,} s, and was stopped", "", fix) from None
        finally:
            _end(process)
        size = said.seek(0, os.SEEK_END)
        said.seek(max(size - TAIL, 0))
        text = said.read().decode(errors="replace").strip()
    if status:
        raise ProjectProblems(list(problems_in(text, link, folder)))
    return text


def problems_in(text: str, link: DbtLink, folder: Path) -> Iterator[Problem]:
    """What dbt said when it failed: what is wrong, in which file and line of its project where it tells."""
    said = _CLOCK.sub("", text)
    said = said.partition("Encountered an error:")[2] or said
    what = "; ".join(line.strip() for line in said.splitlines() if line.strip())[:1_000] or "it said nothing"
    node, file, line = _NODE.search(said), _FILE.search(said), _LINE.search(said)
    place = node[3] if node else _inside(folder, file[1]) if file else ""
    where = f"{link.project}/{place}" + (f":{line[1]}" if line and place else "") if place else link.project
    subject = f" at {node[1].lower()} {node[2].rpartition('.')[2]}" if node else ""
    yield Problem("J198", "error", f"dbt failed{subject}: {what}", where, _fix(said))


def _inside(folder: Path, file: str) -> str:
    """A file as dbt names it, which leaves the folder away that it looked into: `marts/schema.yml` for that in models/."""
    if (folder / file).exists():
        return file
    places = sorted(path for path in folder.glob("*") if path.is_dir() and (path / file).exists())
    return f"{places[0].name}/{file}" if places else file


def _fix(said: str) -> str:
    if "dbt deps" in said and "package" in said and "undefined" not in said:
        return "dbt deps, in the dbt project"
    if "profile" in said.lower() and "could not find" in said.lower():
        return "say where profiles.yml is: --profiles DIR, relative to the dbt project"
    return "put it right in the dbt project; dbt compile shows the same"


def _called(link: DbtLink) -> str:
    return " ".join(link.command)


def _environment() -> dict[str, str]:
    """The environment of whoever calls, in which dbt finds its secrets; but not the Python that jusante runs in."""
    ours = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Stop dbt and whatever it has started and left running."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
