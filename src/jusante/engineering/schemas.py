"""JSON Schemas of the project's files, made from the nouns, for editors to complete and check."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from jusante.core.dashboard import Dashboard
from jusante.core.dbt import DbtLink
from jusante.core.environment import ProjectFile
from jusante.core.exposure import Exposure
from jusante.core.glossary import GlossaryFile
from jusante.core.model import Model, Step
from jusante.core.source import Source, SourceTable
from jusante.ports.connector import ConnectorKinds

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schemas(kinds: ConnectorKinds) -> dict[str, dict[str, Any]]:
    """A schema for each kind of file, by the name it is written under. Sources allow the keys of every kind there is."""
    plain: dict[str, type[BaseModel]] = {
        "project": ProjectFile,
        "model": Model,
        "step": Step,
        "dashboard": Dashboard,
        "exposure": Exposure,
        "dbt": DbtLink,
        "glossary": GlossaryFile,
    }
    found = {name: _schema(noun) for name, noun in plain.items()}
    source = _schema(Source)
    _add_options(source, source["properties"], [kind.source_options for kind in kinds.values()])
    table = source["$defs"]["SourceTable"]
    _add_options(source, table["properties"], [kind.table_options for kind in kinds.values()])
    source["properties"]["kind"] = {"enum": sorted(kinds), "description": "What sort of system it is."}
    _shorten_checks(source)
    _shorten_checks(found["model"])
    return {"source": source, **found}


def write_schemas(folder: Path, kinds: ConnectorKinds) -> tuple[Path, ...]:
    """Write them all into a folder; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in schemas(kinds).items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return tuple(written)


class _Lenient(GenerateJsonSchema):
    """Secrets are text in a file; nothing else is said of them."""

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> dict[str, Any]:
        """A type that JSON does not know is a text there."""
        del schema, error_info
        return {"type": "string"}


def _schema(noun: type[BaseModel], mode: JsonSchemaMode = "validation") -> dict[str, Any]:
    made = noun.model_json_schema(schema_generator=_Lenient, mode=mode)
    made["properties"].pop("options", None)
    for definition in made.get("$defs", {}).values():
        if definition.get("title") == SourceTable.__name__:
            definition["properties"].pop("options", None)
    return {"$schema": DRAFT, **made}


def _add_options(root: dict[str, Any], properties: dict[str, Any], options: list[type[BaseModel]]) -> None:
    for option in options:
        made = option.model_json_schema(schema_generator=_Lenient)
        root["$defs"] |= made.get("$defs", {})
        for name, schema in made.get("properties", {}).items():
            properties.setdefault(name, schema)


def _shorten_checks(root: dict[str, Any]) -> None:
    """Checks are written short: one key that names the kind, and options beside it."""
    kinds = [
        "not_null",
        "unique",
        "accepted_values",
        "range",
        "positive",
        "pattern",
        "relationships",
        "row_count",
        "freshness",
        "sql",
    ]
    options = {
        "severity": {"enum": ["block", "warn"]},
        "quarantine": {"type": "boolean"},
        "name": {"type": "string"},
    }
    short = {"type": "object", "properties": {**{kind: {} for kind in kinds}, **options}, "additionalProperties": False}
    for place in (root, *root.get("$defs", {}).values()):
        if "checks" in place.get("properties", {}):
            place["properties"]["checks"] = {"type": "array", "items": short}
