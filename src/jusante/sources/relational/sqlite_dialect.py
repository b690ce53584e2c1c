"""SQLite's SQL and catalogue.

A column in SQLite may hold anything, whatever its declaration says. Values are read as declared, each checked on the
way; one that does not fit stops the load, with its row.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jusante.core.cursor import Cursor
from jusante.core.literals import text
from jusante.core.names import quote
from jusante.core.schema import decimal_of
from jusante.core.secret import Secret
from jusante.errors import SourceUnavailable
from jusante.sources.relational import files
from jusante.sources.relational.dialect import Ask, Database, SourceColumn, SourceRelation, TableName
from jusante.sources.relational.sqlite_types import column, instant

_TABLES = """
select name as t from sqlite_master where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\'
order by name"""
_COLUMNS = """
select c.name as name, coalesce(c.type, '') as declared, c."notnull" as required, c.pk as pk, m.type as relation,
  case when m.sql like '%without%rowid%' then 1 else 0 end as w
from pragma_table_xinfo({table}) as c join sqlite_master as m on m.name = {table} and m.type in ('table', 'view')
where c.hidden <> 1 order by c.cid"""
_KEYS = """
select i.name as i, c.name as c from pragma_index_list({table}) as i join pragma_index_info(i.name) as c
where i."unique" = 1 and i.partial = 0"""


class SQLiteDialect:
    """What is SQLite's own."""

    kind: Database = "sqlite"
    scans_tables = False

    def __init__(self, connection: Secret) -> None:
        self.connection = connection

    def tables(self, ask: Ask) -> Sequence[TableName]:
        """The tables and views of the file."""
        self._must_exist()
        return [TableName("", name, is_default=True) for (name,) in ask(_TABLES, {"t": "string"})]

    def describe(self, ask: Ask, name: TableName, declared: Mapping[str, str]) -> SourceRelation:
        """One table, as its declaration says."""
        self._must_exist()
        table = text(name.name)
        outputs = {
            "name": "string",
            "declared": "string",
            "required": "boolean",
            "pk": "int",
            "relation": "string",
            "w": "int",
        }
        rows = ask(_COLUMNS.format(table=table), outputs)
        is_table = bool(rows) and rows[0][4] == "table"
        members = [row for row in rows if row[3]]
        is_rowid = len(members) == 1 and members[0][1].strip().upper() == "INTEGER"
        without_rowid = bool(rows) and bool(rows[0][5])
        required = {row[0] for row in rows if row[2]} | {row[0] for row in members if is_rowid or without_rowid}
        keys: dict[str, set[str]] = {"primary key": {row[0] for row in members}}
        for index, member in ask(_KEYS.format(table=table), {"i": "string", "c": "string"}):
            keys.setdefault(index, set()).add(member or "an expression")
        unique = frozenset(frozenset(key) for key in keys.values() if key and key <= required)
        row_name = "rowid" if is_table and not without_rowid else ""
        columns = tuple(
            column(row[0], row[1], row[0] in required, declared.get(row[0].lower(), ""), row_name) for row in rows
        )
        return SourceRelation("", name.name, columns, unique, is_table)

    def relation(self, table: SourceRelation) -> str:
        """`"table"`."""
        return quote(table.name)

    def select(self, table: SourceRelation, columns: Sequence[SourceColumn], where: str) -> str:
        """A query of these columns, each value checked against its declaration."""
        items = ", ".join(f"{column.expression} as {quote(column.name)}" for column in columns)
        return f"select {items} from {self.relation(table)}" + (f" where {where}" if where else "")

    def since(self, column: SourceColumn, cursor: Cursor) -> str:
        """Rows at or after the cursor, and those without one."""
        name = quote(column.name)
        if column.type in {"timestamp", "timestamptz"}:
            value = text(str(cursor.value).replace("+00:00", ""))
            # A time that SQLite cannot read counts as null: it is read, and stops the load by name.
            return f"({instant(name)} >= strftime('%Y-%m-%d %H:%M:%f', {value}) or {instant(name)} is null)"
        is_number = column.type in {"int", "long", "double"} or decimal_of(column.type)
        value = str(cursor.value) if is_number else text(str(cursor.value))
        return f"({name} >= {value} or {name} is null)"

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

    def _must_exist(self) -> None:
        path = Path(self.connection.reveal())
        if not path.is_file():
            raise SourceUnavailable(
                f"there is no file {path}", where=str(path), fix="`connection:` is a path, relative to the project"
            )
