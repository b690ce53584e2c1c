"""One open relational source: what is the same for all of them."""

import functools
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from jusante.core.names import split
from jusante.core.schema import Schema
from jusante.core.source import Source, SourceTable
from jusante.errors import SourceError, SourceUnavailable
from jusante.ports.connector import Reading, Request
from jusante.ports.engine import Engine
from jusante.ports.relation import Batches, DatabaseScan
from jusante.sources.relational.dialect import Dialect, Rows, SourceColumn, SourceRelation, TableName, missing
from jusante.sources.relational.pace import PacedBatches
from jusante.sources.relational.retry import T, retried

LONGEST_READ_SECONDS = 24 * 3600.0
ASKED = "source.asked"


class RelationalConnector:
    """A database that is read through the engine, in the database's own SQL."""

    def __init__(
        self,
        source: Source,
        engine: Engine,
        dialect: Dialect,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._engine = engine
        self._dialect = dialect
        self._clock = clock
        self._sleep = sleep
        self._described: dict[str, SourceRelation] = {}

    # -- the port ----------------------------------------------------------------------------------------------------

    def tables(self) -> tuple[str, ...]:
        """The names of its tables and views, as `from:` takes them."""
        return tuple(table.written for table in self._dialect.tables(self._ask))

    def schema(self, name: str, table: SourceTable, known: Schema | None = None) -> Schema:
        """The table as it is now. Only numbers that declare no precision have their values looked at."""
        del known  # a database says itself what it holds
        relation = self._resolve(name, table)
        self._described[name] = relation
        return relation.iceberg

    def unchanged(self, request: Request) -> bool:
        """Whether the rows that a read would bring are those that the marker was made of."""
        kept = _unpacked(request.marker)
        if kept is None:
            return False
        relation, columns = self._wanted(request)
        if kept["shape"] != _shape(relation, columns) or (kept["where"] and request.since is None):
            return False
        return kept["rows"] == self._dialect.fingerprint(self._ask, relation, columns, kept["where"])

    def sample(self, request: Request, rows: int) -> DatabaseScan:
        """The first rows that the database comes upon."""
        relation, columns = self._wanted(request)
        scan = self._scan(relation, columns, "", is_checked=False)
        query = self._dialect.select(relation, columns, "")
        return replace(
            scan,
            table=None,
            query=f"{query} limit {rows}",
            connections=1,
            timeout_seconds=self._source.limits.timeout_seconds,
        )

    def read(self, request: Request) -> Reading:
        """Start reading; the marker is made first, so that what changes meanwhile is seen next time."""
        relation, columns = self._wanted(request)
        notices: list[str] = []
        since = ""
        if request.since is not None:
            since = self._dialect.since(relation.column(request.since.column), request.since)
        marker = self._marker(request, relation, columns, since, notices)
        scan = self._scan(relation, columns, since, is_checked=marker is not None)
        rate = self._source.limits.rows_per_second
        return Reading(
            relation=self._paced(scan, rate) if rate else scan,
            complete=request.since is None,
            marker=marker,
            key_is_enforced=_is_enforced(request.table.key, relation),
            notices=notices,
        )

    def close(self) -> None:
        """Connections are the engine's, which closes them after each piece of work."""
        self._described.clear()

    # -- what the source has -----------------------------------------------------------------------------------------

    def _resolve(self, name: str, table: SourceTable) -> SourceRelation:
        wanted = table.origin or _without_source(name, self._source.source)
        found = find(wanted, self._dialect.tables(self._ask), where=f"source {self._source.source}")
        declared = {column.lower(): rule.type.lower() for column, rule in table.columns.items() if rule.type}
        relation = self._dialect.describe(self._ask, found, declared)
        if not relation.columns:
            raise SourceError(
                f"{found.written} has no columns that this user may see", where=f"source {self._source.source}"
            )
        return self._typed(relation) if any(not column.type for column in relation.columns) else relation

    def _typed(self, relation: SourceRelation) -> SourceRelation:
        """The relation with the types that the engine finds, where the source's are the engine's own."""
        scan = self._scan(relation, (), "", is_checked=True)

        def described() -> Schema:
            with self._engine.session({ASKED: scan}) as session:
                return session.schema("select * from source.asked")

        types = {column.name: column.type for column in self._again(described)}
        return replace(relation, columns=tuple(replace(c, type=types[c.name]) for c in relation.columns))

    def _wanted(self, request: Request) -> tuple[SourceRelation, tuple[SourceColumn, ...]]:
        relation = self._described.get(request.name)
        if relation is None:
            relation = self._described[request.name] = self._resolve(request.name, request.table)
        return relation, tuple(relation.column(name) for name in request.columns)

    def _ask(self, sql: str, columns: Mapping[str, str]) -> Rows:
        scan = DatabaseScan(
            kind=self._dialect.kind,
            connection=self._dialect.connection,
            source=self._source.source,
            query=sql,
            columns=columns,
            connections=1,
            timeout_seconds=self._source.limits.timeout_seconds,
        )

        def answer() -> Rows:
            with self._engine.session({ASKED: scan}) as session:
                return session.rows("select * from source.asked")

        return self._again(answer)

    def _again(self, work: Callable[[], T]) -> T:
        return retried(work, self._source.limits.attempts, self._sleep)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _scan(
        self, relation: SourceRelation, columns: Sequence[SourceColumn], where: str, *, is_checked: bool
    ) -> DatabaseScan:
        """How the rows are read: by ranges of the table in parallel where that is exact, else by one query.

        `is_checked`: the marker was made, and has seen that no value is one that the table scan would falsify.
        """
        limits = self._source.limits
        is_plain = all(column.plain and (is_checked or not column.guard) for column in columns)
        scan = DatabaseScan(
            kind=self._dialect.kind,
            connection=self._dialect.connection,
            source=self._source.source,
            columns={column.name: column.type for column in columns},
            connections=limits.connections,
            timeout_seconds=LONGEST_READ_SECONDS,
        )
        if self._dialect.scans_tables and relation.is_stored and is_plain and not where:
            return replace(scan, table=(relation.schema, relation.name))
        return replace(scan, query=self._dialect.select(relation, columns, where))

    def _paced(self, scan: DatabaseScan, rows_per_second: int) -> Batches:
        opened = self._engine.session({ASKED: replace(scan, connections=1)})
        batches = PacedBatches(opened, "select * from source.asked", rows_per_second, self._clock, self._sleep)
        return Batches(batches.schema, batches)

    def _marker(
        self,
        request: Request,
        relation: SourceRelation,
        columns: Sequence[SourceColumn],
        since: str,
        notices: list[str],
    ) -> str | None:
        """What the rows look like now. Incremental: those from the cursor on, all that the next read may bring."""
        ingest = request.table.ingest
        where = since
        try:
            if not where and ingest.mode == "incremental" and ingest.cursor and not ingest.lookback:
                where = self._dialect.newest(self._ask, relation, relation.column(ingest.cursor)) or ""
            rows = self._dialect.fingerprint(self._ask, relation, columns, where)
        except SourceUnavailable as error:
            if "statement timeout" not in error.what:
                raise
            notices.append(
                f"{relation.place} is read each time: its fingerprint takes longer than limits.timeout_seconds"
            )
            return None
        return None if rows is None else json.dumps({"rows": rows, "where": where, "shape": _shape(relation, columns)})


def find(wanted: str, tables: Sequence[TableName], where: str) -> TableName:
    """The table that a name means, in any case if only one is so called. Raises SourceError with the nearest."""
    exact = next((table for table in tables if table.is_called(wanted)), None)
    if exact:
        return exact
    folded = [t for t in tables if TableName(t.schema.lower(), t.name.lower(), t.is_default).is_called(wanted.lower())]
    if len(folded) == 1:
        return folded[0]
    elsewhere = [table.written for table in tables if table.name.lower() == wanted.lower()]
    if elsewhere:
        raise SourceError(
            f"there is no table {wanted!r} where the source looks first",
            where=where,
            fix=f"write `from: {elsewhere[0]}`",
        )
    raise missing("table", wanted, [table.written for table in tables], where=where)


def _without_source(name: str, source: str) -> str:
    return split(name)[1] if name.startswith(f"{source}.") else name


def _is_enforced(key: tuple[str, ...], relation: SourceRelation) -> bool:
    names = {column.name.lower(): column.name for column in relation.columns}
    return bool(key) and frozenset(names.get(part.lower(), part) for part in key) in relation.keys


def _shape(relation: SourceRelation, columns: Sequence[SourceColumn]) -> str:
    """Changes when other columns are asked for, or the same are read otherwise."""
    told = [(relation.schema, relation.name), *((c.name, c.type, c.expression) for c in columns)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


@functools.lru_cache(maxsize=64)
def _unpacked(marker: str | None) -> Mapping[str, str] | None:
    """What `_marker` packed; None for anything else, as the marker of another kind of source."""
    try:
        kept = json.loads(marker or "null")
    except ValueError:
        return None
    return kept if isinstance(kept, dict) and {"rows", "where", "shape"} <= set(kept) else None
