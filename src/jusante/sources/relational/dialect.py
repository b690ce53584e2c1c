"""What the connector asks of each database: its catalogue, its types and its SQL."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from jusante.core.cursor import Cursor
from jusante.core.names import nearest, quote
from jusante.core.schema import Column, Schema
from jusante.core.secret import Secret
from jusante.errors import SourceError

Database = Literal["postgres", "mysql", "sqlite", "duckdb"]
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column at the source: the type it is read as here (Iceberg's name), and the SQL at the source that gives it.

    `plain`: a scan of the table gives the same values as `expression`. `declared` is the source's word for its type.
    `guard` is SQL that is true of a value which a scan of the table would falsify without a word.
    `identity` is the database's own number of the column, which a rename does not change.
    """

    name: str
    type: str
    expression: str
    declared: str
    plain: bool = True
    guard: str = ""
    nullable: bool = True
    about: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class SourceRelation:
    """A table or view at the source. `keys` are the sets of columns that it keeps unique and not null.

    `is_stored`: it has rows of its own, which can be fingerprinted and read in ranges; false for views.
    """

    schema: str
    name: str
    columns: tuple[SourceColumn, ...]
    keys: frozenset[frozenset[str]] = frozenset()
    is_stored: bool = True

    def column(self, name: str) -> SourceColumn:
        """The column of that name, without regard to case. Raises SourceError with the nearest."""
        found = next((column for column in self.columns if column.name == name), None)
        found = found or next((column for column in self.columns if column.name.lower() == name.lower()), None)
        if found is None:
            raise missing("column", name, [column.name for column in self.columns], where=self.place)
        return found

    @property
    def place(self) -> str:
        """Its name in a message."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def iceberg(self) -> Schema:
        """Its columns in our types. Raises SourceError where two names differ in case only."""
        seen: dict[str, str] = {}
        for column in self.columns:
            if column.name.lower() in seen:
                raise SourceError(
                    f"the columns {seen[column.name.lower()]!r} and {column.name!r} differ in case only",
                    where=self.place,
                    fix="read a view at the source that renames one of them",
                )
            seen[column.name.lower()] = column.name
        columns = (Column(c.name, c.type, c.nullable, about=c.about, identity=c.identity) for c in self.columns)
        return Schema(tuple(columns), tuple(sorted(tuple(sorted(key)) for key in self.keys)))


@dataclass(frozen=True, slots=True)
class TableName:
    """A table at the source. `is_default`: its schema need not be named."""

    schema: str
    name: str
    is_default: bool = False

    @property
    def written(self) -> str:
        """The name as `from:` takes it: quoted only where it holds dots or quotes."""
        parts = (self.name,) if self.is_default or not self.schema else (self.schema, self.name)
        return ".".join(quote(part) if set(part) & set('."') else part for part in parts)

    def is_called(self, name: str) -> bool:
        """Whether somebody who writes this name may mean this table."""
        spellings = {self.written, f"{self.schema}.{self.name}"} | ({self.name} if self.is_default else set())
        return name in spellings or parts(name) in {(self.schema, self.name), (self.name,) if self.is_default else ()}


class Ask(Protocol):
    """Sends a query in the source's SQL; `columns` are its result's names and types. Tried again within the limits."""

    def __call__(self, sql: str, columns: Mapping[str, str]) -> Rows:
        """The rows of the answer."""


class Dialect(Protocol):
    """One kind of database. Methods that ask get `ask`; the others are pure."""

    kind: Database
    connection: Secret
    scans_tables: bool

    def tables(self, ask: Ask) -> Sequence[TableName]:
        """The tables and views that are the users' own."""

    def describe(self, ask: Ask, name: TableName, declared: Mapping[str, str]) -> SourceRelation:
        """One table that exists. `declared` are the types that the project wants, by column name in lower case.

        A column that is wanted as string is read as the text that the source writes.
        """

    def relation(self, table: SourceRelation) -> str:
        """The table's name in SQL."""

    def select(self, table: SourceRelation, columns: Sequence[SourceColumn], where: str) -> str:
        """A query of these columns, exact to the last digit; every row where `where` is empty."""

    def since(self, column: SourceColumn, cursor: Cursor) -> str:
        """SQL that is true of rows at or after the cursor, and of rows without a value in it."""

    def fingerprint(self, ask: Ask, table: SourceRelation, columns: Sequence[SourceColumn], where: str) -> str | None:
        """A text that changes when these rows do; None where the database has no cheap way to tell."""

    def newest(self, ask: Ask, table: SourceRelation, column: SourceColumn) -> str | None:
        """SQL that is true of the rows with the greatest value in a column, and of those without; None if none has."""


def missing(what: str, name: str, there: Sequence[str], where: str) -> SourceError:
    """The error for a table or column that is not at the source, with the nearest that is."""
    near = nearest(name, there)
    some = ", ".join(sorted(there)[:10]) or "none"
    fix = f"did you mean {near!r}?" if near else f"those there: {some}"
    return SourceError(f"there is no {what} {name!r} at the source", where=where, fix=fix)


def parts(name: str) -> tuple[str, ...]:
    """`public."odd.name"` as its parts; dots and doubled quotes within double quotes belong to the part."""
    found = re.findall(r'(?:^|\.)(?:"((?:[^"]|"")*)"|([^".]+))', name)
    return tuple(quoted.replace('""', '"') if quoted else plain for quoted, plain in found)
