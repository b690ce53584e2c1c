"""What happens to columns on their way in: only those that may be read are; types are applied, then masks."""

from collections.abc import Callable, Mapping

from jusante.core.literals import text
from jusante.core.names import quote
from jusante.core.schema import Column, Schema, widens
from jusante.core.source import ColumnRule, SourceTable
from jusante.errors import SourceError
from jusante.ingestion.mapping import sourced

FILE_COLUMN = "_file"
WHOLE = {"int", "long"}


def readable(table: SourceTable, source: Schema) -> tuple[str, ...]:
    """The columns to read, in the source's order. Sensitive ones without a purpose stay where they are."""
    needed = {need for each in sourced(table, source) for need in each.needs}
    return tuple(column.name for column in source if column.name in needed)


def hidden(table: SourceTable) -> frozenset[str]:
    """The columns whose values no message shows."""
    return frozenset(name for name, rule in table.columns.items() if rule.is_hidden)


def arriving(table: SourceTable, columns: Schema) -> Schema:
    """The columns as they will arrive: declared types in place of those that they come with, masked if they are to be.

    Raises SourceError where a mask says nothing of such values.
    """
    return Schema(tuple(Column(c.name, _arrives_as(table.rule(c.name), c)) for c in columns))


def plain(table: SourceTable, column: Column) -> Column:
    """A column before it is masked, in the type that is declared for it."""
    return Column(column.name, table.rule(column.name).type or column.type)


def _arrives_as(rule: ColumnRule, column: Column) -> str:
    kind = rule.type or column.type
    if rule.mask is None:
        return kind
    try:
        return rule.mask.type_of(kind)
    except ValueError as error:
        what, _, fix = str(error).partition("; ")
        raise SourceError(f"column {column.name} cannot be masked by {rule.mask}: {what}", fix=fix) from None


def settled(arriving: Schema, known: Schema | None) -> Schema:
    """The columns as they are stored: a type that the table holds already and that is wider stays."""

    def wider(column: Column) -> Column:
        kept = known.find(column.name) if known else None
        return Column(column.name, kept.type) if kept and widens(column.type, kept.type) else column

    return Schema(tuple(wider(column) for column in arriving))


def select(  # what is selected, from what, and what is done to it
    columns: Schema,
    found: Schema,
    relation: str,
    sql_type: Callable[[str], str],
    *,
    hidden: frozenset[str] = frozenset(),
    instead: Mapping[str, str] | None = None,
) -> str:
    """A SELECT of these columns from a relation that has `found`, each cast where its type there is another.

    `instead` holds SQL, by column, for those that are made otherwise; no error shows a value of those `hidden`.
    """
    items = []
    for column in columns:
        before = found.find(column.name)
        assert before is not None, f"{column.name} was asked for and did not come"
        if made := (instead or {}).get(before.name):
            items.append(f"{made} as {quote(column.name)}")
        elif before.type == column.type and before.name == column.name:
            items.append(quote(before.name))
        else:
            made = cast(before, column.type, sql_type, hidden=before.name in hidden)
            items.append(f"{made} as {quote(column.name)}")
    return f"select {', '.join(items)} from {relation}"


def loses_fraction(column: str) -> str:
    """SQL that is true where a value would be rounded to fit a whole number, which no cast says."""
    return f"coalesce(try_cast({quote(column)} as double) % 1 <> 0, false)"


def misfit(before: Column, kind: str, sql_type: Callable[[str], str]) -> str:
    """SQL that is true where a value is there and is not one of the type."""
    name = quote(before.name)
    unreadable = f"{name} is not null and try_cast({name} as {sql_type(kind)}) is null"
    return f"({unreadable} or {loses_fraction(before.name)})" if kind in WHOLE else f"({unreadable})"


def cast(before: Column, kind: str, sql_type: Callable[[str], str], *, hidden: bool = False) -> str:
    """SQL for a column in another type; what does not fit is an error, which names no value of a `hidden` column."""
    name = quote(before.name)
    if before.type == kind:
        return name
    if hidden:
        told = text(f"column {before.name} holds something that is no {kind}")
        safe = f"try_cast({name} as {sql_type(kind)})"
        return f"case when {misfit(before, kind, sql_type)} then error({told}) else {safe} end"
    if kind not in WHOLE or before.type in WHOLE:
        return f"cast({name} as {sql_type(kind)})"
    told = text(f"column {before.name} holds numbers with a fraction, and is declared {kind}")
    return f"case when {loses_fraction(before.name)} then error({told}) else cast({name} as {sql_type(kind)}) end"
