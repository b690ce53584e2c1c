"""A contract as a first draft, written from the source as it is and from what the project says of it.

The text is for people to edit: it keeps the standard's order, says what it could not know, and leaves nothing out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from jusante.core import duration
from jusante.core.check import (
    AcceptedValues,
    Check,
    Freshness,
    NotNull,
    Pattern,
    Positive,
    Range,
    Relationships,
    RowCount,
    Sql,
    Unique,
)
from jusante.core.contract_types import described
from jusante.core.names import quote
from jusante.core.schema import Column, Schema
from jusante.core.source import ColumnRule, Source, SourceTable

API_VERSION = "v3.1.0"
"""The version of the standard that drafts are written in: the newest that other tools read widely."""
_APART = {"schema", "slaProperties"}
"""The parts with an empty line before them, and before each table."""
_SHORT = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Said:
    """A value with a comment behind it."""

    value: Any
    comment: str


def draft(source: Source, live: Mapping[str, Schema]) -> str:
    """The text of a contract for the tables of a source, each with its columns as they are."""
    head = (
        f"# What the owner of {source.source} promises of it, as an Open Data Contract (https://bitol.io).\n"
        f"# Written by `jusante contract init {source.source}` from the source as it is. Now it is yours: strike what nobody\n"
        "# promises, add what somebody does. `jusante contract test` holds the source against it.\n"
    )
    return head + "".join(f"{line}\n" for line in _lines(_document(source, live), 0))


def _document(source: Source, live: Mapping[str, Schema]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": source.source,
        "name": source.source,
        "version": Said("1.0.0", "raise the first number with each change that breaks a reader"),
        "status": Said("draft", "proposed, draft, active, deprecated or retired"),
    }
    if source.about:
        found["description"] = {"purpose": source.about}
    if source.owner:
        member = {"username": source.owner, "role": "owner"}
        found["team"] = {"name": source.owner.partition("@")[0], "members": [member]}
    found["schema"] = [_table(source, name, source.tables[name], columns) for name, columns in live.items()]
    if levels := [level for name in live for level in _levels(name, source.tables[name])]:
        found["slaProperties"] = levels
    return found


def _table(source: Source, name: str, table: SourceTable, columns: Schema) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name}
    if table.origin:
        found["physicalName"] = table.origin
    found["logicalType"] = "object"
    if table.about:
        found["description"] = table.about
    if table.tags:
        found["tags"] = list(table.tags)
    found["properties"] = [_column(source, table, column) for column in columns]
    if rules := [rule for check in table.checks for rule in _table_rules(check)]:
        found["quality"] = rules
    return found


def _column(source: Source, table: SourceTable, column: Column) -> dict[str, Any]:
    rule = next((rule for each, rule in table.columns.items() if each.lower() == column.name.lower()), ColumnRule())
    key = [part.lower() for part in table.key]
    found: dict[str, Any] = {"name": column.name}
    if about := rule.about or column.about:
        found["description"] = about
    found |= described(column.type)
    if column.name.lower() in key:
        place = key.index(column.name.lower()) + 1
        found |= {"required": True, "primaryKey": _keyed(column), "primaryKeyPosition": place}
    elif not column.nullable or any(_requires(check, column.name) for check in table.checks):
        found["required"] = True
    if rule.sensitive:
        found["classification"] = Said("restricted", _kept(source, rule))
        found["tags"] = ["personal", rule.sensitive]
    if links := [link for check in table.checks for link in _links(source, check, column.name)]:
        found["relationships"] = links
    if rules := [each for check in table.checks for each in _column_rules(check, column.name)]:
        found["quality"] = rules
    return found


def _keyed(column: Column) -> Any:
    """That a column is of the key; a source that enforces it says that it is never null."""
    told = "the project says so, and keeps one row of each; does the source?"
    return Said(True, told) if column.nullable else True


def _requires(check: Check, column: str) -> bool:
    """Whether a check lets no null of a column pass."""
    named = isinstance(check, NotNull) and column.lower() in {each.lower() for each in check.columns}
    return named and check.severity == "block"


def _kept(source: Source, rule: ColumnRule) -> str:
    if not rule.purpose:
        return f"{rule.sensitive}: it never leaves {source.source}, nobody has said what for"
    return f"{rule.sensitive}: read for {', '.join(rule.purpose)} only"


def _column_rules(check: Check, column: str) -> Iterator[dict[str, Any]]:
    """The rules that a check of one column becomes."""
    mine = column.lower()
    match check:
        case NotNull(columns=columns) if mine in {each.lower() for each in columns} and not _requires(check, column):
            yield _library(check, "nullValues")
        case Unique(columns=(only,)) if only.lower() == mine:
            yield _library(check, "duplicateValues")
        case AcceptedValues(column=about, values=values) if about.lower() == mine:
            yield _library(check, "invalidValues", {"validValues": list(values)})
        case Pattern(column=about, matches=pattern) if about.lower() == mine:
            yield _library(check, "invalidValues", {"pattern": f"^(?:{pattern})$"})
        case Positive(column=about) if about.lower() == mine:
            yield _counting(check, f"not ({quote(column)} > 0)")
        case Range(column=about, min=low, max=high) if about.lower() == mine:
            bounds = [(low, "<"), (high, ">")]
            failing = [f"{quote(column)} {sign} {_literal(bound)}" for bound, sign in bounds if bound is not None]
            yield _counting(check, " or ".join(failing) or "false")


def _table_rules(check: Check) -> Iterator[dict[str, Any]]:
    """The rules that a check of a whole table becomes."""
    match check:
        case Unique(columns=columns) if len(columns) > 1:
            yield _library(check, "duplicateValues", {"properties": list(columns)})
        case RowCount(min=low, max=high):
            yield _severe(check, {"metric": "rowCount", **_between(low, high)})
        case Sql(query=query):
            yield _severe(check, {"type": "sql", "query": f"select count(*) from ({query}) as bad", "mustBe": 0})


def _between(low: int | None, high: int | None) -> dict[str, Any]:
    if low is not None and high is not None and low != high:
        return {"mustBeBetween": [low, high]}
    if low is not None and high is not None:
        return {"mustBe": low}
    return {"mustBeLessOrEqualTo": high} if low is None else {"mustBeGreaterOrEqualTo": low}


def _links(source: Source, check: Check, column: str) -> Iterator[dict[str, Any]]:
    """The columns of the same source that a column refers to; the standard's short names allow plain ones only."""
    if isinstance(check, Relationships) and check.column.lower() == column.lower():
        namespace, _, rest = check.to.partition(".")
        if namespace == source.source and all(_SHORT.fullmatch(part) for part in rest.split(".")):
            yield {"to": rest}


def _levels(name: str, table: SourceTable) -> Iterator[dict[str, Any]]:
    if every := table.ingest.every:
        yield {"property": "frequency", **_span(every), "element": name}
    for check in table.checks:
        if isinstance(check, Freshness):
            column = check.column or table.ingest.cursor
            yield {"property": "latency", **_span(check.within), "element": f"{name}.{column}" if column else name}


def _span(text: str) -> dict[str, Any]:
    seconds = int(duration.parse(text).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % length == 0:
            return {"value": seconds // length, "unit": unit}
    return {"value": seconds, "unit": "s"}


def _library(check: Check, metric: str, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
    given = {"arguments": dict(arguments)} if arguments else {}
    return _severe(check, {"metric": metric, **given, "mustBe": 0})


def _counting(check: Check, failing: str) -> dict[str, Any]:
    return _severe(check, {"type": "sql", "query": f"select count(*) from {{table}} where {failing}", "mustBe": 0})


def _severe(check: Check, rule: dict[str, Any]) -> dict[str, Any]:
    named = {"name": check.name} if check.name else {}
    return {**named, **rule, **({"severity": "warning"} if check.severity == "warn" else {})}


def _literal(bound: int | float | str) -> str:
    return "'" + bound.replace("'", "''") + "'" if isinstance(bound, str) else str(bound)


# -- as text ---------------------------------------------------------------------------------------------------------


def _lines(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    """A mapping as YAML: lists of mappings and mappings below each other, the rest in a line."""
    space = "  " * depth
    for key, inner in value.items():
        comment = f"  # {inner.comment}" if isinstance(inner, Said) else ""
        plain = inner.value if isinstance(inner, Said) else inner
        if isinstance(plain, list) and plain and isinstance(plain[0], dict):
            yield from ("",) if key in _APART else ()
            yield f"{space}{key}:"
            for number, item in enumerate(plain):
                yield from ("",) if key in _APART and number else ()
                yield from _item(item, depth + 1)
        elif isinstance(plain, dict) and key not in {"logicalTypeOptions", "arguments"}:
            yield f"{space}{key}:"
            yield from _lines(plain, depth + 1)
        else:
            yield f"{space}{key}: {_written(plain)}{comment}"


def _item(item: Mapping[str, Any], depth: int) -> Iterator[str]:
    for number, line in enumerate(_lines(item, depth + 1)):
        yield f"{'  ' * depth}- {line.lstrip()}" if number == 0 else line


def _written(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")
