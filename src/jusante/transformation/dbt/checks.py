"""dbt's tests as checks: those that have a word here by that word, all others by the SQL that they were compiled to."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from jusante.core.check import AcceptedValues, Check, NotNull, Range, Relationships, Sql, Unique
from jusante.core.duration import parse as duration
from jusante.core.model import QueryProblem
from jusante.transformation.dbt.compiled import Translator
from jusante.transformation.dbt.manifest import Node

_NAME = re.compile(r"^\s*\w+\(.*['\"]([^'\"]+)['\"][^'\"]*\)\s*$", re.DOTALL)
_PLAIN = re.compile(r"[\"'`]?(\w+)[\"'`]?")
UNCOUNTED = frozenset({"count(*)", ""})
ANY_ROW = frozenset({"!= 0", "!=0", "> 0", ">0", ""})

Reason = str
Arguments = Mapping[str, Any]


class Untold(Exception):
    """A test that cannot be a check here, and why."""


def check_of(test: Node, subject: str, other: Callable[[str], str | None], translator: Translator) -> Check:
    """The check that a test is of `subject`, a table here. Raises Untold.

    `other` gives the table here that another node of dbt stands for, by its name in dbt.
    """
    config = test.get("config", {})
    if str(config.get("fail_calc") or "").lower() not in UNCOUNTED:
        raise Untold(f"it fails by {config['fail_calc']}, not by the number of rows")
    severity = _severity(config)
    worded = None if config.get("where") else _worded(test, other)
    try:
        if worded is not None:
            check: Check = worded[0].model_validate({**worded[1], "severity": severity})
            return check
    except ValidationError:
        pass  # arguments that the word does not take: its SQL says what they mean
    return _by_sql(test, subject, translator, severity)


def _severity(config: Arguments) -> str:
    """block where dbt would fail, warn where it would warn. Raises Untold for a bound on the number of rows."""
    error_if, warn_if = (str(config.get(name) or "") for name in ("error_if", "warn_if"))
    if str(config.get("severity") or "error").lower() == "warn":
        if warn_if not in ANY_ROW:
            raise Untold(f"it warns from a number of rows on ({warn_if})")
        return "warn"
    if error_if not in ANY_ROW:
        raise Untold(f"it fails from a number of rows on ({error_if})")
    return "block"


def _worded(test: Node, other: Callable[[str], str | None]) -> tuple[type[Any], dict[str, Any]] | None:
    """The kind of check and its fields, for a test that has a word here."""
    metadata = test.get("test_metadata") or {}
    words = _WORDS.get((metadata.get("namespace") or "", metadata.get("name") or ""))
    arguments = metadata.get("kwargs") or {}
    return words(arguments, other) if words else None


def _not_null(arguments: Arguments, other: Any) -> tuple[type[Any], dict[str, Any]] | None:
    del other
    column = _column(arguments)
    return (NotNull, {"columns": (column,)}) if column else None


def _unique(arguments: Arguments, other: Any) -> tuple[type[Any], dict[str, Any]] | None:
    del other
    column = _column(arguments)
    return (Unique, {"columns": (column,)}) if column else None


def _accepted(arguments: Arguments, other: Any) -> tuple[type[Any], dict[str, Any]] | None:
    del other
    values = arguments.get("values", arguments.get("value_set"))
    column = _column(arguments)
    if not column or not isinstance(values, list):
        return None
    quoted = arguments.get("quote", True)
    return AcceptedValues, {"column": column, "values": tuple(str(v) if quoted else v for v in values)}


def _relationships(arguments: Arguments, other: Callable[[str], str | None]) -> tuple[type[Any], dict[str, Any]] | None:
    named = _NAME.match(str(arguments.get("to") or ""))
    there = other(named[1]) if named else None
    column, field = _column(arguments), _plain(arguments.get("field"))
    return (Relationships, {"column": column, "to": f"{there}.{field}"}) if there and column and field else None


def _combination(arguments: Arguments, other: Any) -> tuple[type[Any], dict[str, Any]] | None:
    del other
    columns = [_plain(name) for name in arguments.get("combination_of_columns", arguments.get("column_list")) or ()]
    return (Unique, {"columns": tuple(columns)}) if columns and all(columns) else None


def _range(arguments: Arguments, other: Any) -> tuple[type[Any], dict[str, Any]] | None:
    del other
    column = _column(arguments)
    bounds = {name: arguments.get(f"{name}_value") for name in ("min", "max")}
    plain = all(bound is None or isinstance(bound, int | float) for bound in bounds.values())
    strict = not arguments.get("inclusive", True) or arguments.get("strictly", False) or arguments.get("row_condition")
    return (Range, {"column": column, **bounds}) if column and plain and not strict else None


_WORDS: Mapping[tuple[str, str], Callable[[Arguments, Any], tuple[type[Any], dict[str, Any]] | None]] = {
    ("", "not_null"): _not_null,
    ("", "unique"): _unique,
    ("", "accepted_values"): _accepted,
    ("", "relationships"): _relationships,
    ("dbt_utils", "unique_combination_of_columns"): _combination,
    ("dbt_utils", "accepted_range"): _range,
    ("dbt_expectations", "expect_column_values_to_be_between"): _range,
}
"""The tests that have a word here, by package and name."""


def _column(arguments: Arguments) -> str:
    return _plain(arguments.get("column_name"))


def _plain(name: Any) -> str:
    """A column's plain name; empty for an expression."""
    found = _PLAIN.fullmatch(str(name or "").strip())
    return found[1] if found else ""


def _by_sql(test: Node, subject: str, translator: Translator, severity: str) -> Sql:
    text = test.get("compiled_code")
    if not text:
        raise Untold("it was not compiled: dbt compile")
    try:
        compiled = translator.translated(str(text), subject)
    except QueryProblem as problem:
        raise Untold(problem.what) from None
    if compiled.unsupported:
        raise Untold(compiled.unsupported)
    return Sql(query=compiled.sql, name=str(test["name"]), severity="warn" if severity == "warn" else "block")


def tables_in(test: Node, translator: Translator) -> tuple[str, ...]:
    """The tables that a test's own SQL reads; none where it cannot be told."""
    try:
        return translator.translated(str(test.get("compiled_code") or "")).reads
    except QueryProblem:
        return ()


def freshness_of(source: Node) -> dict[str, Any] | None:
    """dbt's `freshness` of a source as a check; None where it has none, or none that a column tells."""
    config = source.get("config", {})
    column = source.get("loaded_at_field") or config.get("loaded_at_field")
    freshness = source.get("freshness") or config.get("freshness") or {}
    for key, severity in (("error_after", "block"), ("warn_after", "warn")):
        after = freshness.get(key) or {}
        if column and _plain(column) and after.get("count") and after.get("period"):
            within = f"{after['count']}{str(after['period'])[0]}"
            duration(within)
            return {"kind": "freshness", "within": within, "column": _plain(column), "severity": severity}
    return None
