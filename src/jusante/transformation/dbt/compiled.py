"""dbt's compiled SQL in DuckDB's dialect, with the names that tables have here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, TokenError, UnsupportedError

from jusante.core.model import QueryProblem
from jusante.core.names import split
from jusante.transformation.sql_analysis import DIALECT, analyse, query_problem

CTE = "__dbt__cte__"
"""What dbt puts before the name of an ephemeral model where it writes it into its readers."""
DIALECTS: Mapping[str, str] = {
    "athena": "athena",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "databricks": "databricks",
    "dremio": "dremio",
    "duckdb": "duckdb",
    "fabric": "fabric",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgres": "postgres",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "spark": "spark",
    "sqlite": "sqlite",
    "sqlserver": "tsql",
    "synapse": "tsql",
    "trino": "trino",
}
"""dbt's adapters, and what sqlglot calls their SQL."""

_SUBJECT = "__subject__"
_NO_NAME = re.compile(r"[/\\.]")
"""What stands in the paths of files, by which no column can be qualified."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A text as it is here: what it reads, and what its dialect has that DuckDB has not."""

    sql: str
    reads: tuple[str, ...]
    unsupported: str = ""


class Translator:
    """Texts of one project: relations as dbt names them become tables as they are named here."""

    def __init__(self, adapter: str, relations: Mapping[str, str], ephemeral: Mapping[str, str]) -> None:
        self._dialect = DIALECTS.get(adapter, DIALECT)
        self._names = {key: name for relation, name in relations.items() if (key := self._key_of(relation))}
        self._ephemeral = {f"{CTE}{name}".lower(): there for name, there in ephemeral.items()}

    def translated(self, text: str, subject: str | None = None) -> Compiled:
        """A compiled query. Raises QueryProblem where it cannot be understood, or reads what dbt does not know.

        With a `subject`, that table is called `{table}`, as the SQL of a check wants it.
        """
        tree = self._parsed(text)
        if self._dialect != DIALECT:
            _unquoted(tree)
        self._inlined_again(tree)
        for table in list(tree.find_all(exp.Table)):
            self._rename(table)
        sql, unsupported = self._written(tree)
        query = analyse(sql)
        if subject is not None:
            _mark(tree, subject)
            sql = self._written(tree)[0].replace(_SUBJECT, "{table}")
        return Compiled(sql, query.reads, unsupported)

    def _parsed(self, text: str) -> exp.Query:
        try:
            trees = [tree for tree in sqlglot.parse(text, read=self._dialect) if tree is not None]
        except ParseError as error:
            raise query_problem(error) from None
        except TokenError as error:
            raise QueryProblem(str(error).split("\n")[0]) from None
        if len(trees) != 1 or not isinstance(trees[0], exp.Query):
            raise QueryProblem("this is not one query")
        return trees[0]

    def _written(self, tree: exp.Expr) -> tuple[str, str]:
        """The text in DuckDB's dialect, and what it could not say in it."""
        try:
            return tree.sql(DIALECT, pretty=True, comments=False, unsupported_level=ErrorLevel.RAISE), ""
        except UnsupportedError as error:
            told = str(error).split("\n")[0]
        return tree.sql(DIALECT, pretty=True, comments=False, unsupported_level=ErrorLevel.IGNORE), told

    def _inlined_again(self, tree: exp.Expr) -> None:
        """Take the texts of ephemeral models out of their readers: they are views here, and read by name."""
        for cte in list(tree.find_all(exp.CTE)):
            if cte.alias.lower() in self._ephemeral:
                with_ = cte.parent
                cte.pop()
                if isinstance(with_, exp.With) and not with_.expressions:
                    with_.pop()

    def _rename(self, table: exp.Table) -> None:
        plain = isinstance(table.this, exp.Identifier) and not table.db
        there = self._ephemeral.get(table.name.lower()) if plain else None
        there = there or self._names.get(self._key(table))
        if there is None:
            if table.catalog:
                raise QueryProblem(
                    f"it names {table.sql(DIALECT, comments=False)} itself",
                    fix="declare it as a source of the dbt project",
                )
            return
        space, name = split(there)
        _requalify(table, name)
        _put(
            table, exp.Table(this=exp.to_identifier(name, quoted=not name.isidentifier()), db=exp.to_identifier(space))
        )

    def _key_of(self, relation: str) -> str:
        """A relation as dbt writes it, in a form to look it up by; empty where it is no table."""
        try:
            tree = sqlglot.parse_one(f"select * from {relation}", read=self._dialect)
        except (ParseError, TokenError):
            return ""
        from_ = tree.find(exp.From)
        return self._key(from_.this) if from_ and isinstance(from_.this, exp.Table) else ""

    def _key(self, table: exp.Table) -> str:
        if isinstance(table.this, exp.Identifier):
            return ".".join(part.name for part in table.parts).lower()
        return str(table.this.sql(DIALECT, comments=False)).lower()


def _mark(tree: exp.Expr, subject: str) -> None:
    """Put a mark in place of a table; where columns are qualified by its name, that becomes its alias."""
    qualifiers = {column.table.lower() for column in tree.find_all(exp.Column)}
    for table in list(tree.find_all(exp.Table)):
        if f"{table.db}.{table.name}" == subject:
            if not table.alias and table.name.lower() in qualifiers:
                table.set("alias", exp.TableAlias(this=table.this.copy()))
            _put(table, exp.to_table(_SUBJECT))


def _unquoted(tree: exp.Expr) -> None:
    """A value out of JSON that is cast: others cast what it says, DuckDB how it is written, in its quotes."""
    for cast in list(tree.find_all(exp.Cast)):
        if isinstance(cast.this, exp.JSONExtract):
            cast.set("this", exp.JSONExtractScalar(**cast.this.args))


def _put(table: exp.Table, new: exp.Table) -> None:
    """Another name for a table, which keeps its alias and all else that stands with it."""
    for part in ("this", "db", "catalog"):
        table.set(part, new.args.get(part))


def _requalify(table: exp.Table, name: str) -> None:
    """Columns may name their table: by its old name, which becomes its alias, or by all its parts."""
    old = table.name if isinstance(table.this, exp.Identifier) and not _NO_NAME.search(table.name) else ""
    if old and old.lower() != name.lower() and not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(old, quoted=not old.isidentifier())))
    scope = table.find_ancestor(exp.Select)
    for column in scope.find_all(exp.Column) if scope and old else ():
        if column.args.get("db") and column.table.lower() == old.lower():
            column.set("db", None)
            column.set("catalog", None)
