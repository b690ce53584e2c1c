"""What DuckDB did to answer a query, operator by operator, from its JSON profile."""

import json
from collections.abc import Mapping
from typing import Any

import duckdb

from jusante.ports.engine import Operator, OperatorKind

_SETTINGS = json.dumps(
    dict.fromkeys(("OPERATOR_TYPE", "OPERATOR_CARDINALITY", "OPERATOR_TIMING", "EXTRA_INFO"), "true")
)
_KINDS: tuple[tuple[str, OperatorKind], ...] = (
    ("SCAN", "scan"),
    ("JOIN", "join"),
    ("CROSS_PRODUCT", "join"),
    ("GROUP_BY", "aggregate"),
    ("AGGREGATE", "aggregate"),
    ("WINDOW", "window"),
    ("ORDER_BY", "sort"),
    ("TOP_N", "sort"),
    ("COPY", "write"),
    ("FILTER", "filter"),
    ("UNION", "union"),
    ("PROJECTION", "project"),
)
"""The first word that an operator's name holds decides. What is not listed is `other`."""


def begin(connection: duckdb.DuckDBPyConnection) -> None:
    """Profile what comes next. Costs less than can be measured: see ADR 12."""
    connection.execute("pragma enable_profiling = 'no_output'")
    connection.execute(f"set custom_profiling_settings = '{_SETTINGS}'")


def end(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> Operator | None:
    """The operators of the last query; `tables` are the names of tables by the files that they lie in."""
    told = json.loads(connection.get_profiling_information(format="json"))
    connection.execute("pragma disable_profiling")
    children = told.get("children") or []
    return _operator(children[0], tables) if children else None


def _operator(node: Mapping[str, Any], tables: Mapping[str, str]) -> Operator:
    name = str(node.get("operator_type") or node.get("operator_name") or "")
    kind: OperatorKind = next((kind for word, kind in _KINDS if word in name), "other")
    extra = node.get("extra_info") or {}
    return Operator(
        kind=kind,
        about=_about(kind, name, extra),
        rows=int(node.get("operator_cardinality") or 0),
        seconds=float(node.get("operator_timing") or 0.0),
        inputs=tuple(_operator(child, tables) for child in node.get("children") or ()),
        table=_table(extra, tables),
    )


def _about(kind: OperatorKind, name: str, extra: Mapping[str, Any]) -> str:
    """What is joined on what. Filters are left out: those that DuckDB makes up itself hold values of rows."""
    if kind == "join":
        conditions = extra.get("Conditions") or []
        told = conditions if isinstance(conditions, list) else [conditions]
        how = str(extra.get("Join Type") or "").lower()
        # Left and right change places when the engine swaps the sides, which it does as tables grow.
        said = "" if how in {"inner", "left", "right"} else how
        return " ".join(each for each in (said, " and ".join(map(str, told))) if each)
    return "" if kind != "other" else name.lower().replace("_", " ")


def _table(extra: Mapping[str, Any], tables: Mapping[str, str]) -> str | None:
    files = str(extra.get("Filename(s)") or "").split(", ")
    return next((tables[file] for file in files if file in tables), None)
