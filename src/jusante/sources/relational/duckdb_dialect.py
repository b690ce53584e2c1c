"""Other DuckDB databases: their types are the engine's own, so nothing is cast."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jusante.core.cursor import Cursor
from jusante.core.literals import literal, text
from jusante.core.names import quote
from jusante.core.secret import Secret
from jusante.errors import SourceUnavailable
from jusante.sources.relational import files
from jusante.sources.relational.dialect import Ask, Database, SourceColumn, SourceRelation, TableName

_TABLES = """
select schema_name as s, table_name as t, schema_name = 'main' as d from duckdb_tables()
where database_name = '__attached__'
union all
select schema_name, view_name, schema_name = 'main' from duckdb_views()
where database_name = '__attached__' and not internal
order by 3 desc, 1, 2"""
_COLUMNS = """
select column_name as name, data_type as declared, is_nullable as nullable, coalesce(comment, '') as about
from duckdb_columns() where database_name = '__attached__' and schema_name = {schema} and table_name = {table}
order by column_index"""
_KEYS = """
select constraint_index as i, unnest(constraint_column_names) as c, constraint_type as k from duckdb_constraints()
where database_name = '__attached__' and schema_name = {schema} and table_name = {table}
  and constraint_type in ('PRIMARY KEY', 'UNIQUE')"""


class DuckDBDialect:
    """What is DuckDB's own."""

    kind: Database = "duckdb"
    scans_tables = True

    def __init__(self, connection: Secret) -> None:
        self.connection = connection

    def tables(self, ask: Ask) -> Sequence[TableName]:
        """The tables and views of the file."""
        path = Path(self.connection.reveal())
        if not path.is_file():
            raise SourceUnavailable(
                f"there is no file {path}", where=str(path), fix="`connection:` is a path, relative to the project"
            )
        return [TableName(*row) for row in ask(_TABLES, {"s": "string", "t": "string", "d": "boolean"})]

    def describe(self, ask: Ask, name: TableName, declared: Mapping[str, str]) -> SourceRelation:  # noqa: ARG002
        """One table from the catalogue. Its types are left for the engine to tell."""
        place = {"schema": text(name.schema), "table": text(name.name)}
        outputs = {"name": "string", "declared": "string", "nullable": "boolean", "about": "string"}
        rows = ask(_COLUMNS.format(**place), outputs)
        keys: dict[tuple[int, str], set[str]] = {}
        for index, member, kind in ask(_KEYS.format(**place), {"i": "long", "c": "string", "k": "string"}):
            keys.setdefault((index, kind), set()).add(member)
        required = {row[0] for row in rows if not row[2]}
        unique = frozenset(
            frozenset(key) for (_, kind), key in keys.items() if kind == "PRIMARY KEY" or key <= required
        )
        columns = tuple(
            SourceColumn(n, "", quote(n), declared, nullable=nullable, about=about)
            for n, declared, nullable, about in rows
        )
        return SourceRelation(name.schema, name.name, columns, unique)

    def relation(self, table: SourceRelation) -> str:
        """The table in the attached database."""
        return f'"__attached__".{quote(table.schema)}.{quote(table.name)}'

    def select(self, table: SourceRelation, columns: Sequence[SourceColumn], where: str) -> str:
        """A query of these columns."""
        items = ", ".join(column.expression for column in columns)
        return f"select {items} from {self.relation(table)}" + (f" where {where}" if where else "")

    def since(self, column: SourceColumn, cursor: Cursor) -> str:
        """Rows at or after the cursor, and those without one."""
        name = quote(column.name)
        return f"({name} >= {literal(cursor.value)} or {name} is null)"

    def newest(self, ask: Ask, table: SourceRelation, column: SourceColumn) -> str | None:  # noqa: ARG002
        """Not asked: the file says whether it changed."""
        return None

    def fingerprint(
        self,
        ask: Ask,  # noqa: ARG002
        table: SourceRelation,  # noqa: ARG002
        columns: Sequence[SourceColumn],  # noqa: ARG002
        where: str,  # noqa: ARG002
    ) -> str | None:
        """The file's size, time and header: any write to any table changes it."""
        return files.fingerprint(Path(self.connection.reveal()))
