"""Seeds, and sources that nobody ingests here."""

import contextlib
import csv
from pathlib import Path

from jusante.core.dbt import DbtLink, DbtTable
from jusante.core.schema import named_type
from jusante.core.source import ColumnRule, SourceTable
from jusante.transformation.dbt.manifest import Catalog, Manifest, Node, meta_of

UNSTATED = ("nothing that was stated",)
"""The purpose of a sensitive column that dbt's database holds without one: it may be shown nowhere."""


def seed(node: Node, name: str, manifest: Manifest, link: DbtLink) -> DbtTable:
    """A seed as a CSV file that is ingested, with the types that its `column_types` ask for."""
    types = node.get("config", {}).get("column_types") or {}
    rules = {str(column): ColumnRule(type=_type(kind)) for column, kind in types.items() if _type(kind)}
    table = SourceTable(about=_about(node), columns=rules, tags=tuple(node.get("tags") or ()))
    return _table(node, name, manifest, link, table)


def source(node: Node, name: str, manifest: Manifest, link: DbtLink, catalog: Catalog) -> DbtTable:
    """A source, or a seed that dbt loads: its columns as far as dbt's catalog or its files tell them."""
    types = catalog.get(str(node["unique_id"]), {})
    said = {str(column.get("name") or key): column for key, column in (node.get("columns") or {}).items()}
    lower = {key.lower(): column for key, column in said.items()}
    names = dict.fromkeys([*types, *(key for key in said if key.lower() not in {known.lower() for known in types})])
    rules = {column: _rule(lower.get(column.lower(), {}), types.get(column, "")) for column in names}
    about = _about(node) or (str(node.get("source_description") or "").strip() or None)
    return _table(
        node, name, manifest, link, SourceTable(about=about, columns=rules, tags=tuple(node.get("tags") or ()))
    )


def with_header(table: DbtTable, folder: Path) -> DbtTable:
    """A seed that dbt loads, with the columns that stand in the first line of its file."""
    names: list[str] = []
    with contextlib.suppress(OSError, UnicodeDecodeError), (folder / table.file).open(encoding="utf-8-sig") as file:
        names = next(csv.reader(file), [])
    known = table.table.columns
    rules = {name: known.get(name, ColumnRule()) for name in [*names, *(n for n in known if n not in names)]}
    return table.model_copy(update={"table": table.table.model_copy(update={"columns": rules})})


def _table(node: Node, name: str, manifest: Manifest, link: DbtLink, table: SourceTable) -> DbtTable:
    path = str(node.get("original_file_path") or "").replace("\\", "/")
    package = node.get("package_name")
    file = path if package == manifest.project else f"dbt_packages/{package}/{path}"
    owner = manifest.owner_of(node) or link.owner
    return DbtTable(id=name, node=str(node["unique_id"]), file=file, owner=owner, table=table)


def _rule(column: Node, kind: str) -> ColumnRule:
    meta = meta_of(column)
    sensitive = str(meta["sensitive"]) if meta.get("sensitive") else None
    purpose = meta.get("purpose") or (UNSTATED if sensitive else ())
    purposes = (purpose,) if isinstance(purpose, str) else tuple(map(str, purpose))
    about = str(column.get("description") or "").strip() or None
    return ColumnRule(type=_type(kind or column.get("data_type")), about=about, sensitive=sensitive, purpose=purposes)


def _type(kind: object) -> str | None:
    with contextlib.suppress(ValueError):
        return named_type(str(kind)) if kind else None
    return None


def _about(node: Node) -> str | None:
    return str(node.get("description") or "").strip() or None
