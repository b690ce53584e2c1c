"""Small dbt manifests, of the parts that are read, in the form that dbt 1.11 writes."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from projects import write

FORM = "https://schemas.getdbt.com/dbt/manifest/v12.json"


def manifest(*nodes: Mapping[str, Any], adapter: str = "duckdb", form: str = FORM, **parts: Any) -> dict[str, Any]:
    """A manifest with these nodes, sources among them."""
    found: dict[str, Any] = {
        "metadata": {
            "dbt_schema_version": form,
            "dbt_version": "1.11.16",
            "generated_at": "2100-01-01T00:00:00Z",
            "project_name": "warehouse",
            "adapter_type": adapter,
        },
        "nodes": {node["unique_id"]: node for node in nodes if node["resource_type"] != "source"},
        "sources": {node["unique_id"]: node for node in nodes if node["resource_type"] == "source"},
    }
    return found | parts


def model(
    name: str, sql: str | None, reads: Iterable[str] = (), *, folder: str = "marts", kind: str = "table", **more: Any
) -> dict[str, Any]:
    """A model; its relation is `"db"."main"."name"`."""
    config = {"materialized": kind, **more.pop("config", {})}
    return {
        "unique_id": f"model.warehouse.{name}",
        "resource_type": "model",
        "name": name,
        "alias": name,
        "package_name": "warehouse",
        "original_file_path": f"models/{folder}/{name}.sql",
        "fqn": ["warehouse", folder, name],
        "relation_name": None if kind == "ephemeral" else f'"db"."main"."{name}"',
        "language": "sql",
        "compiled_code": sql,
        "config": config,
        "depends_on": {"macros": [], "nodes": list(reads)},
        **more,
    }


def source(table: str, space: str = "raw", **more: Any) -> dict[str, Any]:
    """A source's table; its relation is `"db"."raw"."table"`."""
    return {
        "unique_id": f"source.warehouse.{space}.{table}",
        "resource_type": "source",
        "name": table,
        "identifier": table,
        "source_name": space,
        "schema": space,
        "package_name": "warehouse",
        "original_file_path": "models/sources.yml",
        "relation_name": f'"db"."{space}"."{table}"',
        **more,
    }


def dbt_test(
    name: str, subject: str, kwargs: Mapping[str, Any], *, namespace: str | None = None, sql: str = "", **more: Any
) -> dict[str, Any]:
    """A generic test of a model."""
    reads = more.pop("reads", ())
    return {
        "unique_id": f"test.warehouse.{name}_{subject}",
        "resource_type": "test",
        "name": f"{name}_{subject}",
        "package_name": "warehouse",
        "original_file_path": "models/schema.yml",
        "test_metadata": {"name": name, "namespace": namespace, "kwargs": dict(kwargs)},
        "attached_node": f"model.warehouse.{subject}",
        "compiled_code": sql,
        "config": {"severity": "ERROR", "fail_calc": "count(*)", "warn_if": "!= 0", "error_if": "!= 0", **more},
        "depends_on": {"macros": [], "nodes": [f"model.warehouse.{subject}", *reads]},
    }


def dbt_project(folder: Path, made: Mapping[str, Any]) -> Path:
    """The folder of a dbt project, with a manifest that has been compiled; the manifest's path."""
    write(folder, {"dbt_project.yml": "name: warehouse\n", "target/manifest.json": json.dumps(made)})
    return folder / "target" / "manifest.json"
