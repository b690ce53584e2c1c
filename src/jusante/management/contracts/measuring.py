"""What a contract promises, asked of rows: its quality rules, and what its columns say besides, as SQL that counts.

`type: library` are the standard's metrics (ODCS, "Data Quality"); `type: sql` queries run as they stand, where `{table}`
or `${table}` is the table and `{column}` the column.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jusante.core.contract import QualityRule, SchemaObject, SchemaProperty
from jusante.core.literals import literal, text
from jusante.core.names import quote
from jusante.management.contracts.rules import title

_MISSING = (None, "")
"""What counts as missing where a rule does not say."""
_TABLE_WORDS = ("table", "object", "model")
_COLUMN_WORDS = ("column", "property", "field")


@dataclass(frozen=True, slots=True)
class Measure:
    """A rule of a table or column, with the SQL that measures it: an aggregate over the table's rows, or a query.

    `needs` are the columns that it reads; None: any of them. `unmeasured` says why there is no SQL.
    """

    table: str
    column: str
    rule: QualityRule
    title: str
    aggregate: str = ""
    query: str = ""
    needs: tuple[str, ...] | None = ()
    unmeasured: str = ""


def measures(table: SchemaObject) -> Iterator[Measure]:
    """Everything that a contract promises of a table's rows."""
    if table.key:
        rule = QualityRule(metric="duplicateValues", mustBe=0, arguments={"properties": table.key})
        yield _measured(table, None, rule, f"key ({', '.join(table.key)}) unique")
    for column in table.properties:
        for rule, named in _implied(column):
            yield _measured(table, column, rule, named)
        for rule in column.quality:
            yield _measured(table, column, rule, title(rule))
    for rule in table.quality:
        yield _measured(table, None, rule, title(rule))


def _implied(column: SchemaProperty) -> Iterator[tuple[QualityRule, str]]:
    """What a column promises beside its rules, as rules."""
    if not column.nullable:
        yield QualityRule(metric="nullValues", mustBe=0), "never null"
    if column.unique:
        yield QualityRule(metric="duplicateValues", mustBe=0), "unique"
    if column.enum:
        values = [each.value for each in column.enum]
        yield QualityRule(metric="invalidValues", mustBe=0, arguments={"validValues": values}), "one of its values"
    for word, condition in _OPTIONS.items():
        if word in column.logical_type_options:
            wanted = column.logical_type_options[word]
            failing = condition.format(column=quote(column.at_source), value=_bound(wanted))
            rule = QualityRule(type="sql", query=f"select count(*) from {{table}} where {failing}", mustBe=0)
            yield rule, f"{word} {wanted}"


_OPTIONS = {
    "minimum": "{column} < {value}",
    "maximum": "{column} > {value}",
    "exclusiveMinimum": "{column} <= {value}",
    "exclusiveMaximum": "{column} >= {value}",
    "minLength": "length({column}) < {value}",
    "maxLength": "length({column}) > {value}",
    "pattern": "not regexp_matches({column}, {value})",
}


def _bound(wanted: object) -> str:
    return text(wanted) if isinstance(wanted, str) else literal(wanted)


def _measured(table: SchemaObject, column: SchemaProperty | None, rule: QualityRule, named: str) -> Measure:
    name = column.at_source if column else ""
    if rule.type == "sql" and rule.query:
        return Measure(table.name, name, rule, named, query=rule.query, needs=None)
    if rule.measures is None:
        why = (
            "a text for people"
            if rule.type == "text"
            else f"a rule of {rule.type or 'no type'}, which is another tool's"
        )
        return Measure(table.name, name, rule, named, unmeasured=why)
    return _of_library(table, name, rule, named)


def _of_library(table: SchemaObject, name: str, rule: QualityRule, named: str) -> Measure:
    columns = (name,) if name else tuple(map(str, rule.arguments.get("properties", ())))
    if rule.measures == "rowCount":
        return Measure(table.name, name, rule, named, aggregate="count(*)")
    if not columns:
        return Measure(table.name, name, rule, named, unmeasured="it names no column")
    at_source = tuple(_at_source(table, each) for each in columns)
    counted = _counted(rule, at_source)
    if counted is None:
        return Measure(table.name, name, rule, named, unmeasured=f"{rule.measures} with these arguments is not known")
    aggregate = f"100.0 * {counted} / nullif(count(*), 0)" if rule.unit == "percent" else counted
    return Measure(table.name, name, rule, named, aggregate=aggregate, needs=at_source)


def _at_source(table: SchemaObject, name: str) -> str:
    return next((each.at_source for each in table.properties if each.name == name), name)


def _counted(rule: QualityRule, columns: tuple[str, ...]) -> str | None:
    """The aggregate that counts the rows a metric is about."""
    first = quote(columns[0])
    match rule.measures:
        case "nullValues":
            return f"count(*) filter (where {first} is null)"
        case "missingValues":
            return f"count(*) filter (where {_one_of(first, rule.arguments.get('missingValues', _MISSING))})"
        case "duplicateValues":
            filled = " and ".join(f"{quote(column)} is not null" for column in columns)
            each = ", ".join(map(quote, columns))
            return f"(count(*) filter (where {filled}) - count(distinct ({each})) filter (where {filled}))"
        case "invalidValues":
            return _invalid(rule, first)
    return None


def _invalid(rule: QualityRule, column: str) -> str | None:
    conditions = []
    if (values := rule.arguments.get("validValues")) is not None:
        conditions.append(f"not {_one_of(column, values)}")
    if (pattern := rule.arguments.get("pattern")) is not None:
        conditions.append(f"not regexp_matches(cast({column} as varchar), {text(str(pattern))})")
    if not conditions:
        return None
    return f"count(*) filter (where {column} is not null and ({' or '.join(conditions)}))"


def _one_of(column: str, values: object) -> str:
    """Compared as text: what a contract lists may be written otherwise than the column's type has it."""
    listed = list(values) if isinstance(values, list | tuple) else [values]
    some = [text(str(value)) for value in listed if value is not None]
    parts = [f"cast({column} as varchar) in ({', '.join(some)})"] if some else []
    parts += [f"{column} is null"] if None in listed else []
    return f"({' or '.join(parts) or 'false'})"


def filled_in(query: str, table: str, column: str) -> str:
    """A rule's query with the names of the table and column in place of the words that stand for them."""
    for word in _TABLE_WORDS:
        query = re.sub(rf"\$?\{{{word}\}}", lambda _: table, query, flags=re.IGNORECASE)
    for word in _COLUMN_WORDS:
        query = re.sub(rf"\$?\{{{word}\}}", lambda _: quote(column), query, flags=re.IGNORECASE)
    return query
