"""MySQL's and MariaDB's SQL and catalogue.

Tables are always read by a query: the scanner takes MySQL's text and guesses, and the query says what is meant.
Numbers travel as the digits that the server holds, times of type TIMESTAMP in UTC. MySQL's zero date (0000-00-00) is
read as null.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from jusante.core.cursor import Cursor
from jusante.core.schema import decimal_of
from jusante.core.secret import Secret
from jusante.sources.relational.dialect import Ask, Database, SourceColumn, SourceRelation, TableName
from jusante.sources.relational.mysql_types import MySQLType, column, quote

_TABLES = """
select cast(table_schema as char) as s, cast(table_name as char) as t,
  case when table_schema = database() then 1 else 0 end as d
from information_schema.tables
where table_schema not in ('information_schema', 'performance_schema', 'mysql', 'sys')
order by 3 desc, 1, 2"""
_COLUMNS = """
select cast(c.column_name as char) as name, cast(c.column_type as char) as declared, cast(c.data_type as char) as base,
  cast(c.is_nullable as char) as nullable, coalesce(c.numeric_precision, 0) as digits,
  coalesce(c.numeric_scale, 0) as scale,
  cast(c.column_comment as char) as about, cast(t.table_type as char) as relation
from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
where c.table_schema = {schema} and c.table_name = {table} order by c.ordinal_position"""
_KEYS = """
select cast(index_name as char) as i, cast(column_name as char) as c, cast(nullable as char) as n,
  case when sub_part is null then 0 else 1 end as p
from information_schema.statistics where table_schema = {schema} and table_name = {table} and non_unique = 0"""


class MySQLDialect:
    """What is MySQL's own."""

    kind: Database = "mysql"
    scans_tables = False

    def __init__(self, connection: Secret) -> None:
        self.connection = connection

    def tables(self, ask: Ask) -> Sequence[TableName]:
        """The tables and views of all databases that the user may see."""
        rows = ask(_TABLES, {"s": "string", "t": "string", "d": "boolean"})
        return [TableName(schema, name, is_default) for schema, name, is_default in rows]

    def describe(self, ask: Ask, name: TableName, declared: Mapping[str, str]) -> SourceRelation:
        """One table from the catalogue."""
        place = {"schema": text(name.schema), "table": text(name.name)}
        words = ("name", "declared", "base", "nullable")
        outputs = {
            **dict.fromkeys(words, "string"),
            "digits": "int",
            "scale": "int",
            "about": "string",
            "relation": "string",
        }
        rows = ask(_COLUMNS.format(**place), outputs)
        columns = tuple(column(MySQLType(*row[:7]), declared.get(row[0].lower(), "")) for row in rows)
        keys: dict[str, set[str]] = {}
        broken = set()
        for index, member, nullable, is_prefix in ask(
            _KEYS.format(**place), {"i": "string", "c": "string", "n": "string", "p": "boolean"}
        ):
            keys.setdefault(index, set()).add(member)
            if nullable == "YES" or is_prefix:
                broken.add(index)
        unique = frozenset(frozenset(members) for index, members in keys.items() if index not in broken)
        is_stored = bool(rows) and "VIEW" not in rows[0][7].upper()
        return SourceRelation(name.schema, name.name, columns, unique, is_stored)

    def relation(self, table: SourceRelation) -> str:
        """The name between backquotes."""
        return f"{quote(table.schema)}.{quote(table.name)}"

    def select(self, table: SourceRelation, columns: Sequence[SourceColumn], where: str) -> str:
        """A query of these columns, exact to the last digit."""
        items = ", ".join(f"{column.expression} as {quote(column.name)}" for column in columns)
        return f"select {items} from {self.relation(table)}" + (f" where {where}" if where else "")

    def since(self, column: SourceColumn, cursor: Cursor) -> str:
        """Rows at or after the cursor, and those without one."""
        value = cursor.value
        if isinstance(value, dt.datetime) and value.tzinfo:
            value = value.astimezone(dt.UTC).replace(tzinfo=None)
        return self._from(column, str(value))

    def newest(self, ask: Ask, table: SourceRelation, column: SourceColumn) -> str | None:
        """The rows with the greatest value, which an index gives at once."""
        sql = f"select cast(max({_ordered(column)}) as char) as v from {self.relation(table)}"
        ((value,),) = ask(sql, {"v": "string"})
        return None if value is None else self._from(column, value)

    def _from(self, column: SourceColumn, value: str) -> str:
        is_number = column.type in {"int", "long", "double", "float"} or decimal_of(column.type)
        written = value if is_number and re.fullmatch(r"[-+0-9.eE]+", value) else text(value)
        written = f"cast({written} as binary)" if column.type == "string" else written
        return f"({_ordered(column)} >= {written} or {quote(column.name)} is null)"

    def fingerprint(self, ask: Ask, table: SourceRelation, columns: Sequence[SourceColumn], where: str) -> str | None:
        """All rows: CHECKSUM TABLE, which reads what is committed. Some rows: a digest of their columns."""
        if not table.is_stored:
            return None
        if not where:
            sums = ask(f"checksum table {self.relation(table)}", {"Checksum": "string"})
            return sums[0][0] if sums else None
        values = ", ".join(f"quote({quote(column.name)})" for column in columns)
        digest = f"cast(conv(left(md5(concat_ws(',', {values})), 16), 16, 10) as unsigned)"
        answer = f"concat(count(*), ':', coalesce(bit_xor({digest}), 0))"
        ((found,),) = ask(f"select {answer} as f from {self.relation(table)} where {where}", {"f": "string"})
        return str(found)


def _ordered(column: SourceColumn) -> str:
    """The column as it is compared: text by its bytes, as here, and not by a collation's rules."""
    name = quote(column.name)
    return f"cast(convert({name} using utf8mb4) as binary)" if column.type == "string" else name


def text(value: str) -> str:
    """A string by its bytes, which means the same whether or not the server takes backslashes for escapes."""
    return f"convert(x'{value.encode().hex()}' using utf8mb4)"
