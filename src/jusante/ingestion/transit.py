"""What happens to columns on their way in: only those that may be read are, and declared types are applied."""

from collections.abc import Callable

from jusante.core.literals import text
from jusante.core.names import quote
from jusante.core.schema import Column, Schema, widens
from jusante.core.source import ColumnRule, SourceTable

FILE_COLUMN = "_file"
WHOLE = {"int", "long"}


def readable(table: SourceTable, source: Schema) -> tuple[str, ...]:
    """The columns to read, in the source's order. Sensitive ones without a purpose stay where they are."""
    return tuple(column.name for column in source if not withheld(rule(table, column.name)))


def withheld(known: ColumnRule) -> bool:
    """Whether a column is not read at all: it is sensitive, and nobody has said what for."""
    return bool(known.sensitive) and not known.purpose


def rule(table: SourceTable, column: str) -> ColumnRule:
    """What the project says of a column, without regard to case."""
    wanted = column.lower()
    return next((known for name, known in table.columns.items() if name.lower() == wanted), ColumnRule())


def hidden(table: SourceTable) -> frozenset[str]:
    """The columns whose values no message shows."""
    return frozenset(name for name, known in table.columns.items() if known.sensitive)


def arriving(table: SourceTable, source: Schema) -> Schema:
    """The columns as they will arrive: those that are read, with declared types in place of the source's."""
    read = source.select(readable(table, source))
    return Schema(tuple(Column(c.name, rule(table, c.name).type or c.type) for c in read))


def settled(arriving: Schema, known: Schema | None) -> Schema:
    """The columns as they are stored: a type that the table holds already and that is wider stays."""

    def wider(column: Column) -> Column:
        kept = known.find(column.name) if known else None
        return Column(column.name, kept.type) if kept and widens(column.type, kept.type) else column

    return Schema(tuple(wider(column) for column in arriving))


def select(columns: Schema, found: Schema, relation: str, sql_type: Callable[[str], str]) -> str:
    """A SELECT of these columns from a relation that has `found`, each cast where its type there is another."""
    items = []
    for column in columns:
        before = found.find(column.name)
        assert before is not None, f"{column.name} was asked for and did not come"
        name = quote(before.name)
        same = before.type == column.type and before.name == column.name
        items.append(name if same else f"{_cast(before, column, sql_type)} as {quote(column.name)}")
    return f"select {', '.join(items)} from {relation}"


def loses_fraction(column: str) -> str:
    """SQL that is true where a value would be rounded to fit a whole number, which no cast says."""
    return f"coalesce(try_cast({quote(column)} as double) % 1 <> 0, false)"


def _cast(before: Column, column: Column, sql_type: Callable[[str], str]) -> str:
    cast = f"cast({quote(before.name)} as {sql_type(column.type)})"
    if column.type not in WHOLE or before.type in WHOLE:
        return cast
    told = text(f"column {column.name} holds numbers with a fraction, and is declared {column.type}")
    return f"case when {loses_fraction(before.name)} then error({told}) else {cast} end"
