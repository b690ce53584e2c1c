"""dbt's manifest and catalog as files: read whole, once, at import.

The manifest is that of https://schemas.getdbt.com/dbt/manifest/v12 and its neighbours; what differs between them is not
read here.
"""

import contextlib
import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jusante.core.problem import Problem
from jusante.engineering.project import ProjectProblems
from jusante.engineering.project.dbt import digests

KNOWN_FORMS = frozenset({10, 11, 12, 20})
"""Those of dbt 1.6 to 1.11, and of dbt Fusion."""
MOST_BYTES = 1024**3
_FORM = re.compile(r"/manifest/v(\d+)")
_ASKS_THE_DATABASE = frozenset({"macro.dbt.run_query", "macro.dbt.statement", "macro.dbt_utils.get_column_values"})
_KNOWS_THE_MOMENT = re.compile(r"\b(run_started_at|invocation_id)\b|modules\.datetime")

Node = Mapping[str, Any]
Catalog = Mapping[str, Mapping[str, str]]
"""The type of each column, by dbt's unique id and the column's name."""


@dataclass(frozen=True)
class Manifest:
    """A manifest as read. Nodes, sources, exposures and groups are plain mappings, by dbt's unique id."""

    data: Mapping[str, Any]

    @property
    def project(self) -> str:
        """The dbt project's own name."""
        return str(self.data["metadata"].get("project_name") or "")

    @property
    def adapter(self) -> str:
        """The database that it is compiled for: duckdb, postgres, snowflake …"""
        return str(self.data["metadata"].get("adapter_type") or "duckdb")

    @property
    def version(self) -> str:
        """The version of the dbt that wrote it."""
        return str(self.data["metadata"].get("dbt_version") or "")

    def part(self, name: str) -> Mapping[str, Node]:
        """One of its dictionaries: nodes, sources, exposures …"""
        found = self.data.get(name)
        return found if isinstance(found, dict) else {}

    def of_type(self, *types: str) -> Iterator[Node]:
        """The nodes of these types, by their ids."""
        for key in sorted(self.part("nodes")):
            if self.part("nodes")[key].get("resource_type") in types:
                yield self.part("nodes")[key]

    def node(self, unique_id: str) -> Node | None:
        """A node, a source, a metric … by its id."""
        parts = ("nodes", "sources", "metrics", "semantic_models", "saved_queries")
        return next((found for part in parts if (found := self.part(part).get(unique_id))), None)

    def owner_of(self, node: Node) -> str | None:
        """Who owns a node: its own `meta`, or its group's e-mail address or name."""
        stated = meta_of(node).get("owner")
        if isinstance(stated, str):
            return stated
        group = node.get("group") or node.get("config", {}).get("group")
        found = next((each for each in self.part("groups").values() if group and each.get("name") == group), None)
        return person(found.get("owner")) if found else None

    def asks_the_database(self, node: Node) -> bool:
        """Whether its text was made by asking the database, so that data decide what it says."""
        return any(macro in self._asking for macro in node.get("depends_on", {}).get("macros", ()))

    def differs_from(self, folder: Path) -> str | None:
        """A text of the dbt project that is another one now, by its hash; None where there is none."""
        for node in self.part("nodes").values():
            checksum, path = node.get("checksum") or {}, folder / str(node.get("original_file_path"))
            if node.get("package_name") != self.project or checksum.get("name") != "sha256" or path.suffix != ".sql":
                continue
            with contextlib.suppress(OSError, UnicodeDecodeError):
                text = path.read_text(encoding="utf-8").strip()
                if hashlib.sha256(text.encode()).hexdigest() != checksum.get("checksum"):
                    return path.relative_to(folder).as_posix()
        return None

    def older_than(self, folder: Path) -> str | None:
        """A file of the dbt project with a later time than this was written: it may say something else by now."""
        written = _moment(self.data["metadata"].get("generated_at"))
        later = (name for name in digests(folder) if written and (folder / name).stat().st_mtime > written)
        return next((name for name in later if name.endswith((".yml", ".yaml", ".sql"))), None)

    @cached_property
    def _asking(self) -> frozenset[str]:
        """The macros that run a query, and those that call them; dbt's own are asked for by name alone."""
        calls = {
            key: macro.get("depends_on", {}).get("macros", ())
            for key, macro in self.part("macros").items()
            if macro.get("package_name") != "dbt" and not str(macro.get("package_name")).startswith("dbt_duckdb")
        }
        found = set(_ASKS_THE_DATABASE)
        while more := {key for key, called in calls.items() if key not in found and not found.isdisjoint(called)}:
            found |= more
        return frozenset(found)


def knows_the_moment(node: Node) -> bool:
    """Whether its text holds the moment at which it was compiled."""
    return bool(_KNOWS_THE_MOMENT.search(str(node.get("raw_code") or "")))


def meta_of(thing: Node) -> Mapping[str, Any]:
    """The `meta` of a node or a column, where this version of dbt writes it."""
    found = thing.get("config", {}).get("meta") or thing.get("meta")
    return found if isinstance(found, dict) else {}


def person(owner: Any) -> str | None:
    """An owner as dbt has it, by e-mail address or else by name."""
    found = (owner.get("email") or owner.get("name")) if isinstance(owner, dict) else None
    if isinstance(found, list):
        found = found[0] if found else None
    return str(found) if found else None


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file. Raises ProjectProblems where there is none, or none that can be read."""
    data = _json(path, "manifest", "dbt compile writes it")
    version = str((data.get("metadata") or {}).get("dbt_schema_version"))
    form = _FORM.search(version)
    if form is None:
        raise problem("J191", "this is no dbt manifest", str(path), "name the manifest.json in dbt's target folder")
    if int(form[1]) not in KNOWN_FORMS:
        known = ", ".join(f"v{number}" for number in sorted(KNOWN_FORMS))
        raise problem(
            "J191",
            f"this is a manifest of form v{form[1]}; known are {known}",
            str(path),
            "compile with dbt 1.6 or newer",
        )
    return Manifest(data)


def read_catalog(path: Path) -> Catalog:
    """The columns of each node and source that the database has, with their types. Raises ProjectProblems."""
    data = _json(path, "catalog", "dbt docs generate writes it")
    found = {}
    for part in ("nodes", "sources"):
        for key, entry in (data.get(part) or {}).items():
            columns = sorted((entry.get("columns") or {}).values(), key=lambda column: column.get("index") or 0)
            found[key] = {str(column["name"]): str(column.get("type") or "") for column in columns}
    return found


def _json(path: Path, what: str, fix: str) -> Mapping[str, Any]:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise problem("J191", f"this {what} has {size:,} bytes; {MOST_BYTES:,} is the most", str(path))
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise problem("J190", f"there is no {what} here", str(path), fix) from None
    except OSError as error:
        raise problem("J191", f"the {what} cannot be read: {error.strerror}", str(path)) from None
    except (ValueError, RecursionError) as error:
        raise problem("J191", f"this is no {what}: it is not valid JSON ({error})", str(path), fix) from None
    if not isinstance(data, dict):
        raise problem("J191", f"this is no {what}", str(path), fix)
    return data


def problem(code: str, what: str, where: str, fix: str = "") -> ProjectProblems:
    """One thing that keeps a dbt project from being imported."""
    return ProjectProblems([Problem(code, "error", what, where, fix)])


def _moment(told: Any) -> float | None:
    """A time as manifests write it, in seconds since 1970."""
    try:
        return dt.datetime.fromisoformat(str(told)).timestamp()
    except ValueError:
        return None
