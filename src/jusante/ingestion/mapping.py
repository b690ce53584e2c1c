"""Which column of a source each column of a table is read from: the one of its name, another, or an expression."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from jusante.core.names import nearest, quote
from jusante.core.schema import Column, Schema
from jusante.core.source import ColumnRule, SourceTable
from jusante.errors import SourceError

_WORD = re.compile(r"""'(?:[^']|'')*'|"((?:[^"]|"")*)"|([A-Za-z_]\w*)""")


@dataclass(frozen=True, slots=True)
class Sourced:
    """A column here: the SQL that gives it from the source's columns, those it `needs`, and its type if that is known."""

    name: str
    sql: str
    needs: tuple[str, ...]
    type: str = ""


def sourced(table: SourceTable, source: Schema, known: Schema | None = None) -> tuple[Sourced, ...]:
    """The columns that are read, in the source's order. Sensitive ones without a purpose stay where they are.

    Raises SourceError where a column would be read from one that must not be. `known` spells names as the table does.
    """
    mapped = {name: rule for name, rule in table.columns.items() if rule.origin and not rule.is_withheld}
    taken = {column.name: name for name, rule in mapped.items() if (column := named_in(rule, source))}
    hidden = {name.lower() for name in table.columns if table.columns[name].origin}
    found: list[Sourced | None] = []
    for column in source:
        if column.name in taken:
            found.append(_plain(taken[column.name], column, table))
        elif column.name.lower() not in hidden and not stays(table, column.name):
            spelled = known.find(column.name) if known else None
            found.append(
                Sourced(spelled.name if spelled else column.name, quote(column.name), (column.name,), column.type)
            )
    for name, rule in mapped.items():
        if name not in taken.values() and rule.origin and not rule.other_name:
            found.append(_expression(name, rule.origin, table, source))
    return tuple(each for each in found if each is not None)


def named_in(rule: ColumnRule, source: Schema) -> Column | None:
    """The column of the source that `from:` names; None where it is an expression, or names none."""
    return source.find(rule.other_name) if rule.other_name else None


def spoken_of(expression: str, source: Schema) -> tuple[str, ...]:
    """The columns of the source that stand in an expression; texts in it are not looked into."""
    words = [quoted.replace('""', '"') or plain for quoted, plain in _WORD.findall(expression)]
    found = [column.name for word in words if word and (column := source.find(word))]
    return tuple(dict.fromkeys(found))


def stays(table: SourceTable, column: str) -> bool:
    """Whether a column of the source is not read, under whatever name the project speaks of it."""
    rules = table.columns.values()
    plain = {rule.other_name.lower() for rule in rules if rule.other_name and rule.is_withheld}
    return table.rule(column).is_withheld or column.lower() in plain


def _plain(name: str, column: Column, table: SourceTable) -> Sourced:
    _refuse_hidden(name, (column.name,), table)
    return Sourced(name, quote(column.name), (column.name,), column.type)


def _expression(name: str, sql: str, table: SourceTable, source: Schema) -> Sourced | None:
    """None where a column that it needs is gone: the expression then waits with it."""
    needs = spoken_of(sql, source)
    _refuse_hidden(name, needs, table)
    return Sourced(name, f"({sql})", needs) if needs else None


def _refuse_hidden(name: str, needs: tuple[str, ...], table: SourceTable) -> None:
    """Personal data do not come in under another name, as if nobody had said what they are."""
    for need in needs:
        rule = table.rule(need)
        if need.lower() != name.lower() and rule.is_hidden and not table.rule(name).is_hidden:
            raise SourceError(
                f"{name} would be read from {need}, which is sensitive",
                where=name,
                fix=f"say of {name} that it is sensitive as well, and what for",
            )


def typed(
    columns: tuple[Sourced, ...], source: Schema, describe: Callable[[str], Schema], sql_type: Callable[[str], str]
) -> Schema:
    """The columns with their types; those of expressions are what the engine makes of them."""
    unknown = [each for each in columns if not each.type]
    types = {each.name: each.type for each in columns}
    if unknown:
        nulls = ", ".join(f"cast(null as {sql_type(column.type)}) as {quote(column.name)}" for column in source)
        items = ", ".join(f"{each.sql} as {quote(each.name)}" for each in unknown)
        types |= {column.name: column.type for column in describe(f"select {items} from (select {nulls}) as source")}
    return Schema(tuple(Column(each.name, types[each.name]) for each in columns))


def view(columns: tuple[Sourced, ...], found: Schema, relation: str) -> str | None:
    """A SELECT that gives the columns under their names here, with whatever else came; None where all have theirs."""
    if all(each.sql == quote(each.name) for each in columns):
        return None
    items = [f"{each.sql} as {quote(each.name)}" for each in columns]
    read = {need.lower() for each in columns for need in each.needs} | {each.name.lower() for each in columns}
    items += [quote(column.name) for column in found if column.name.lower() not in read]
    return f"select {', '.join(items)} from {relation}"


def missing(name: str, source: Schema) -> str:
    """What to say of a column that is not at the source."""
    near = nearest(name, source.names)
    return f"did you mean {near}?" if near else f"there are {', '.join(source.names)}"
