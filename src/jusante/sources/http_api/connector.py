"""A web API as a source."""

import datetime as dt
from typing import Any

from jusante.core.cursor import Cursor
from jusante.core.schema import Column, Schema
from jusante.core.source import Source, SourceTable
from jusante.errors import SourceError
from jusante.ports.connector import Reading, Request
from jusante.ports.relation import Batches
from jusante.sources.http_api import HttpSourceOptions, HttpTableOptions
from jusante.sources.http_api.pages import pages
from jusante.sources.http_api.records import Spool, arrow_schema, type_of
from jusante.sources.http_api.requests import Asker


class HttpConnector:
    """One API. Nothing is asked before somebody wants to know."""

    def __init__(self, source: Source) -> None:
        assert isinstance(source.options, HttpSourceOptions)
        self._source = source
        self._address = source.secret().reveal()
        self._asker = Asker(self._address, source.options, source.limits)
        self._spools: list[Spool] = []
        self._first_pages: dict[str, Spool] = {}

    @property
    def requests(self) -> int:
        """How many requests were sent, failed ones included."""
        return self._asker.sent

    def tables(self) -> tuple[str, ...]:
        """An API does not tell its endpoints."""
        return ()

    def schema(self, name: str, table: SourceTable, known: Schema | None = None) -> Schema:
        """The columns as the first page shows them. One that is null there is the one known by that name, if any."""
        spool = self._first_pages[name] = self._spool((), name)
        spool.add(next(pages(self._asker, self._address, _options(table), {}, self._where(name)), []))
        declared = {column: rule.type or "string" for column, rule in table.columns.items()}
        kept = {column.name: column.type for column in known or () if column.name in spool.kinds}
        types = {
            column: type_of(kind, kept.get(column)) or declared.get(column) for column, kind in spool.kinds.items()
        }
        types = {**types, **{column: kind for column, kind in declared.items() if not types.get(column)}}
        found = tuple(Column(column, kind) for column, kind in types.items() if kind)
        if not found:
            raise SourceError(
                f"{name} is empty, and no columns are declared", where=self._where(name), fix="declare its columns"
            )
        return Schema(found)

    def unchanged(self, request: Request) -> bool:
        """An API does not tell without being asked for all of it."""
        del request
        return False

    def sample(self, request: Request, rows: int) -> Batches:
        """The first page, which was asked for to find the columns."""
        del rows
        if request.name not in self._first_pages:
            self.schema(request.name, request.table)
        spool = self._first_pages.pop(request.name)
        schema = arrow_schema(request.columns, spool.kinds, {}, None)
        return Batches(schema, spool.batches(schema))

    def read(self, request: Request) -> Reading:
        """All pages, spooled; from the cursor on where the API takes one."""
        where = self._where(request.name)
        extra, asked = self._since(request)
        spool = self._spool(request.columns, request.name)
        for records in pages(self._asker, self._address, _options(request.table), extra, where):
            spool.add(records)
        declared = {name: rule.type for name, rule in request.table.columns.items() if rule.type}
        schema = arrow_schema(request.columns, spool.kinds, declared, request.known)
        incremental = request.table.ingest.mode == "incremental"
        marker = None if incremental else spool.digest
        return Reading(Batches(schema, spool.batches(schema)), complete=not incremental or not asked, marker=marker)

    def close(self) -> None:
        """Let go of connections and of what was spooled."""
        self._asker.close()
        for spool in self._spools:
            spool.close()

    def _since(self, request: Request) -> tuple[dict[str, Any], bool]:
        """The query parameter that asks for what is new, and whether it is asked."""
        parameter = request.table.ingest.parameter
        if request.since is None:
            return {}, False
        return ({parameter: written(request.since)} if parameter else {}), True

    def _spool(self, columns: tuple[str, ...], name: str) -> Spool:
        spool = Spool(columns, self._where(name))
        self._spools.append(spool)
        return spool

    def _where(self, name: str) -> str:
        return f"source {self._source.source}, table {name}"


def _options(table: SourceTable) -> HttpTableOptions:
    assert isinstance(table.options, HttpTableOptions)
    return table.options


def written(cursor: Cursor) -> str:
    """A cursor's value as APIs read it: times in ISO 8601, in UTC."""
    value = cursor.value
    if isinstance(value, dt.datetime):
        at = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, dt.date) else str(value)
