"""PostgreSQL's SQL and catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from jusante.core.cursor import Cursor
from jusante.core.literals import text
from jusante.core.names import quote
from jusante.core.secret import Secret
from jusante.errors import SourceError
from jusante.sources.relational.dialect import Ask, Database, SourceColumn, SourceRelation, TableName
from jusante.sources.relational.postgres_types import Measured, PostgresType, column, measure

_TABLES = """
select n.nspname::text as s, c.relname::text as t, n.nspname = any(current_schemas(false)) as d
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
  and n.nspname not in ('information_schema', 'pg_catalog') and n.nspname not like 'pg\\_toast%'
  and n.nspname not like 'pg\\_temp%'
order by 3 desc, 1, 2"""

# Domains are followed down to the type they are made of; the last length or precision on the way is the one that holds.
_COLUMNS = """
with recursive wanted as (
  select c.oid, c.relkind from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = {schema} and c.relname = {table}
), resolved(attnum, type, modifier, dimensions, is_domain) as (
  select a.attnum, a.atttypid, a.atttypmod, a.attndims::int, false
  from pg_catalog.pg_attribute a join wanted w on a.attrelid = w.oid where a.attnum > 0 and not a.attisdropped
  union all
  select r.attnum, t.typbasetype, case when t.typtypmod <> -1 then t.typtypmod else r.modifier end, t.typndims, true
  from resolved r join pg_catalog.pg_type t on t.oid = r.type where t.typtype = 'd'
)
select a.attname::text as name, pg_catalog.format_type(r.type, r.modifier) as declared,
  case when t.typnamespace = 'pg_catalog'::regnamespace then t.typname::text else '' end as base,
  t.typtype::text as kind,
  coalesce(case when e.typnamespace = 'pg_catalog'::regnamespace then e.typname::text else '' end, '') as element,
  coalesce(e.typtype::text, '') as element_kind, r.modifier, r.dimensions, r.is_domain, a.attnotnull as required,
  coalesce(pg_catalog.col_description(w.oid, a.attnum), '') as about, w.relkind::text as relation,
  w.oid::text || '.' || a.attnum as identity
from resolved r join wanted w on true
join pg_catalog.pg_attribute a on a.attrelid = w.oid and a.attnum = r.attnum
join pg_catalog.pg_type t on t.oid = r.type
left join pg_catalog.pg_type e on e.oid = t.typelem and t.typcategory = 'A'
where t.typtype <> 'd' order by r.attnum"""
_COLUMNS_TYPES = {
    "name": "string",
    "declared": "string",
    "base": "string",
    "kind": "string",
    "element": "string",
    "element_kind": "string",
    "modifier": "int",
    "dimensions": "int",
    "is_domain": "boolean",
    "required": "boolean",
    "about": "string",
    "relation": "string",
    "identity": "string",
}

_KEYS = """
select i.indexrelid::bigint as i, a.attname::text as c, bool_and(a.attnotnull) over (partition by i.indexrelid) as n
from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1])
where n.nspname = {schema} and c.relname = {table} and i.indisunique and i.indisvalid and i.indpred is null
  and i.indexprs is null"""


class PostgresDialect:
    """What is PostgreSQL's own."""

    kind: Database = "postgres"
    scans_tables = True

    def __init__(self, connection: Secret) -> None:
        self.connection = connection

    def tables(self, ask: Ask) -> Sequence[TableName]:
        """The tables and views that are the users' own; partitions are read through their table."""
        rows = ask(_TABLES, {"s": "string", "t": "string", "d": "boolean"})
        return [TableName(schema, name, is_default) for schema, name, is_default in rows]

    def describe(self, ask: Ask, name: TableName, declared: Mapping[str, str]) -> SourceRelation:
        """One table from the catalogue. Numbers without a precision are measured, by one aggregate over the table."""
        place = {"schema": text(name.schema), "table": text(name.name)}
        rows = ask(_COLUMNS.format(**place), _COLUMNS_TYPES)
        types = [PostgresType(*row[:11]) for row in rows]
        keys: dict[int, set[str]] = {}
        for index, member, is_required in ask(_KEYS.format(**place), {"i": "long", "c": "string", "n": "boolean"}):
            if is_required:
                keys.setdefault(index, set()).add(member)
        relation = SourceRelation(name.schema, name.name, (), frozenset(map(frozenset, keys.values())))
        measured = self._measured(ask, relation, [t for t in types if t.must_be_measured(declared)])
        identities = {row[0]: row[12] for row in rows}  # a table that is made anew has another number: all is told anew
        found = (column(t, declared.get(t.name.lower(), ""), measured.get(t.name)) for t in types)
        columns = tuple(replace(each, identity=identities[each.name]) for each in found)
        is_stored = bool(rows) and rows[0][11] in {"r", "p", "m"}
        return SourceRelation(name.schema, name.name, columns, relation.keys, is_stored)

    def _measured(self, ask: Ask, relation: SourceRelation, types: Sequence[PostgresType]) -> dict[str, Measured]:
        if not types:
            return {}
        items: list[str] = []
        outputs: dict[str, str] = {}
        for number, wanted in enumerate(types):
            items += [f"{sql} as {quote(f'{word}{number}')}" for word, sql in measure(wanted).items()]
            outputs |= {f"{word}{number}": "long" for word in measure(wanted)}
        (row,) = ask(f"select {', '.join(items)} from {self.relation(relation)}", outputs)
        return {t.name: Measured(*row[3 * i : 3 * i + 3]) for i, t in enumerate(types)}

    def relation(self, table: SourceRelation) -> str:
        """`"schema"."table"`."""
        return f"{quote(table.schema)}.{quote(table.name)}"

    def select(self, table: SourceRelation, columns: Sequence[SourceColumn], where: str) -> str:
        """A query of these columns, exact to the last digit."""
        items = ", ".join(f"{column.expression} as {quote(column.name)}" for column in columns)
        return f"select {items} from {self.relation(table)}" + (f" where {where}" if where else "")

    def since(self, column: SourceColumn, cursor: Cursor) -> str:
        """Rows at or after the cursor, and those without one; the literal has the column's type, so an index serves."""
        return self._from(column, str(cursor.value))

    def newest(self, ask: Ask, table: SourceRelation, column: SourceColumn) -> str | None:
        """The rows with the greatest value, which an index gives at once."""
        sql = f"select (max({_ordered(column)}))::text as v from {self.relation(table)}"
        ((value,),) = ask(sql, {"v": "string"})
        return None if value is None else self._from(column, value)

    def _from(self, column: SourceColumn, value: str) -> str:
        kind = "text" if column.type == "string" else column.declared
        return f"({_ordered(column)} >= {text(value)}::{kind} or {quote(column.name)} is null)"

    def fingerprint(self, ask: Ask, table: SourceRelation, columns: Sequence[SourceColumn], where: str) -> str | None:
        """How many row versions there are, and which: each write makes one with a place or transaction of its own.

        Where all rows are looked at, values that a scan of the table would falsify are a SourceError.
        """
        if not table.is_stored:
            return None
        guards = [] if where else [column for column in columns if column.guard]
        found = [f"case when bool_or({column.guard}) then {text(column.name)} end" for column in guards]
        # The first of them; a function would take no more than a hundred arguments.
        tail = f"coalesce({', '.join(('null::text', *found))}) as bad from {self.relation(table)}" + (
            f" where {where}" if where else ""
        )
        outputs = {"rows": "long", "hash": "string", "bad": "string"}
        # The fast form needs PostgreSQL 14; the slow one is right everywhere.
        fast = "bit_xor(hashtidextended(ctid, (xmin::text::bigint << 32) | tableoid::bigint))"
        slow = "sum(hashtext(ctid::text || xmin::text || tableoid::text)::bigint)"
        sql = "select count(*) as rows, {}::text as hash, " + tail.replace("{", "{{").replace("}", "}}")
        try:
            ((rows, found_hash, bad),) = ask(sql.format(fast), outputs)
        except SourceError as error:
            if "hashtidextended" not in error.what and "bit_xor" not in error.what:
                raise
            ((rows, found_hash, bad),) = ask(sql.format(slow), outputs)
        if bad:
            raise SourceError(
                f"column {bad} holds NaN, which no decimal can",
                where=table.place,
                fix="correct it at the source, or read the column as `type: double` or `type: string`",
            )
        return f"{rows}:{found_hash or 0}"


def _ordered(column: SourceColumn) -> str:
    """The column as it is compared: text by its bytes, as here, and not by a language's rules."""
    return f'{quote(column.name)}::text collate "C"' if column.type == "string" else quote(column.name)
