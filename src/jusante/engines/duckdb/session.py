"""One piece of work on a DuckDB connection: relations as views, queries over them, files out of them."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from jusante.core.literals import literal
from jusante.core.names import quote, split
from jusante.core.schema import Column, Schema
from jusante.engines.duckdb import database_scan, file_scan, functions, profile
from jusante.engines.duckdb.calendar import refuse_odd_times
from jusante.engines.duckdb.failures import failure
from jusante.engines.duckdb.types import FieldIds, duckdb_name, schema_of, storable
from jusante.errors import EngineError, JusanteError
from jusante.ports.engine import Operator, Reject, Target, TextFunction
from jusante.ports.relation import Batches, DatabaseScan, FilePlan, FileScan, Relation

if TYPE_CHECKING:
    import pyarrow as pa

MOST_FILES = 5
"""How many files of a scan a profile names; by these it is known which table was read."""
_Result = TypeVar("_Result")

ROW_GROUP_ROWS = 122_880
FILE_BYTES = 256 * 1024 * 1024
ENCODING = "compression zstd, compression_level 1, parquet_version v2, dictionary_size_limit 1000"
"""See ADR 6. A dictionary pays for few values; for more, most of the time to write goes into looking for them."""


class DuckDBSession:
    """A connection with a catalogue of its own, in which each relation is a view `namespace.table`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, catalogue: str) -> None:
        self._connection = connection
        self._catalogue = catalogue
        self._scans: dict[str, DatabaseScan | FileScan] = {}
        self._namespaces: set[str] = set()
        self._files: dict[str, str] = {}
        self._profiles: list[Operator] | None = None
        self._lost: JusanteError | None = None
        self._cancelled = False
        self._functions: list[str] = []
        connection.execute(f"attach ':memory:' as {quote(catalogue)}")
        connection.execute(f"use {quote(catalogue)}")

    # -- relations ---------------------------------------------------------------------------------------------------

    def add(self, name: str, relation: Relation) -> None:
        """One more relation, under a table's name."""
        match relation:
            case FilePlan():
                self._files.update(dict.fromkeys(relation.files[:MOST_FILES], name))
                self.add_view(name, read_plan(relation))
            case FileScan():
                self._scans[name] = relation
                self._guarded(lambda: self.add_view(name, file_scan.prepare(self._connection, name, relation)))
            case DatabaseScan():
                self._scans[name] = relation
                self._guarded(lambda: self.add_view(name, database_scan.prepare(self._connection, relation)))
            case Batches():
                self._add_batches(name, relation)

    def add_view(self, name: str, sql: str) -> None:
        """A query under a table's name."""
        self._guarded(lambda: self._connection.execute(f"create or replace view {self._named(name)} as {sql}"))

    def _add_batches(self, name: str, relation: Batches) -> None:
        import pyarrow as pa

        reader = pa.RecordBatchReader.from_batches(relation.schema, self._remembering(relation.batches))
        # A view of this connection alone; Arrow readers cannot live in a catalogue that others see.
        registered = f"batches {name}"
        self._connection.register(registered, reader)
        self.add_view(name, f"from temp.main.{quote(registered)}")

    def _remembering(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """The batches. What goes wrong with them is kept, since it comes back from DuckDB as a mere text."""
        try:
            yield from batches
        except JusanteError as error:
            self._lost = error
            raise

    def _named(self, name: str) -> str:
        namespace, table = split(name)
        if namespace not in self._namespaces:
            self._connection.execute(f"create schema if not exists {quote(namespace)}")
            self._namespaces.add(namespace)
        return f"{quote(namespace)}.{quote(table)}"

    # -- functions ---------------------------------------------------------------------------------------------------

    def keyed_hash(self, name: str, key: bytes) -> Callable[[str], str]:
        """SQL for the HMAC-SHA-256 of bytes; the key lies in variables of this connection."""
        return functions.keyed_hash(self._connection, name, key)

    def function(self, name: str, work: TextFunction, arguments: int) -> Callable[..., str]:
        """SQL that calls a function of ours. Functions belong to the whole database, so its name bears the session's."""
        own = f"{self._catalogue}_{name}_{len(self._functions)}"
        functions.register(self._connection, own, self._remembering_errors(work), arguments)
        self._functions.append(own)
        return lambda *expressions: f"{own}({', '.join(expressions)})"

    def _remembering_errors(self, work: TextFunction) -> TextFunction:
        def guarded(*texts: list[str | None]) -> list[str | None]:
            try:
                return work(*texts)
            except JusanteError as error:
                self._lost = error
                raise

        return guarded

    # -- queries -----------------------------------------------------------------------------------------------------

    def sql_type(self, type_name: str) -> str:
        """A type, named as Iceberg names it, as DuckDB writes it."""
        return duckdb_name(type_name)

    def schema(self, sql: str) -> Schema:
        """The columns a query gives, in storable types, without running it."""
        return schema_of(*self._described(sql))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """A small result as Python values."""
        # Through Arrow: fetchall wants pytz for a timestamp with a zone.
        columns = [column.to_pylist() for column in self.table(sql).columns]
        return list(zip(*columns, strict=True))

    def table(self, sql: str) -> "pa.Table":
        """A result in memory, as Arrow."""
        return self._guarded(lambda: self._connection.execute(sql).to_arrow_table())

    def reader(self, sql: str, batch_rows: int = 65_536) -> "pa.RecordBatchReader":
        """A result as a stream of Arrow batches, valid while the session is open."""
        import pyarrow as pa

        reader = self._guarded(lambda: self._connection.execute(sql).to_arrow_reader(batch_rows))
        return pa.RecordBatchReader.from_batches(reader.schema, self._read(reader))

    def _read(self, reader: "pa.RecordBatchReader") -> "Iterator[pa.RecordBatch]":
        """The batches; what goes wrong on the way is told in our words."""
        while batch := self._guarded(lambda: next(reader, None)):
            yield batch

    def stage(self, sql: str, target: Target) -> FilePlan:
        """Run a query into Parquet files in the target's folder, at least one, with Iceberg's field ids in them."""
        names, kinds = self._described(sql)
        ids = FieldIds(dict(target.ids), target.last_id)
        clause = ids.clause(names, kinds)
        columns = schema_of(names, kinds)
        self._guarded(lambda: Path(target.folder).parent.mkdir(parents=True, exist_ok=True))
        copy = (
            f"copy ({storable(sql, names, kinds)}) to {literal(target.folder)} (format parquet, "
            f"{ENCODING}, field_ids {clause}, row_group_size {ROW_GROUP_ROWS}, per_thread_output false, "
            f"file_size_bytes {target.file_bytes or FILE_BYTES}, filename_pattern '{{i}}', return_stats true)"
        )
        written = self._profiled(lambda: self._guarded(lambda: self._connection.execute(copy).fetchall()))
        for row in written:
            refuse_odd_times(columns, row[4] or {})
        files = [(str(row[0]), int(row[1]), int(row[2])) for row in written]
        schema = Schema(tuple(Column(c.name, c.type, id=ids.of(c.name)) for c in columns))
        rows, size = sum(f[1] for f in files), sum(f[2] for f in files)
        return FilePlan(tuple(f[0] for f in files), schema, rows, size, uniform=True)

    def profile(self) -> list[Operator]:
        """Profile the next query that is staged; its last operator is put into the list."""
        self._profiles = []
        return self._profiles

    def _profiled(self, work: Callable[[], _Result]) -> _Result:
        """Do the work that a profile was asked for, and put the profile where it was promised."""
        found, self._profiles = self._profiles, None
        if found is None:
            return work()
        profile.begin(self._connection)
        try:
            return work()
        finally:
            with contextlib.suppress(
                duckdb.Error, ValueError
            ):  # a query that failed has no profile, and says why itself
                told = profile.end(self._connection, self._files)
                found += [told] if told else []

    def rejects(self, name: str) -> list[Reject]:
        """The rows of a file scan that could not be read, after it was read."""
        scan = self._scans.get(name)
        return file_scan.rejects(self._connection, name, scan) if isinstance(scan, FileScan) else []

    # -- ends --------------------------------------------------------------------------------------------------------

    @property
    def cancelled(self) -> bool:
        """Whether somebody has told it to stop."""
        return self._cancelled

    def cancel(self) -> None:
        """Stop what runs now, from another thread."""
        self._cancelled = True
        self._connection.interrupt()

    def close(self) -> None:
        """Close the connection and forget its catalogue."""
        # An aborted connection may refuse one of these; that must not keep the others from being done.
        with contextlib.suppress(duckdb.Error):
            self._connection.execute("use memory.main")
            self._connection.execute(f"detach {quote(self._catalogue)}")
        for name in self._functions:
            with contextlib.suppress(duckdb.Error):
                self._connection.remove_function(name)
        for scan in self._scans.values():
            if isinstance(scan, DatabaseScan):
                with contextlib.suppress(duckdb.Error):
                    database_scan.release(self._connection, scan)
        self._connection.close()

    def _described(self, sql: str) -> tuple[list[str], list[Any]]:
        def describe() -> tuple[list[str], list[Any]]:
            relation = self._connection.sql(f"select * from (\n{sql}\n) as described limit 0")
            return list(relation.columns), list(relation.types)

        return self._guarded(describe)

    def _guarded(self, work: Callable[[], _Result]) -> _Result:
        """The outcome of a statement; none is begun any more once it was told to stop. Raises JusanteError."""
        if self._cancelled:
            raise EngineError("the query was cancelled")
        try:
            return work()
        except duckdb.Error as error:
            if self._lost:
                raise self._lost from None
            raise failure(error, tuple(self._scans.values())) from None
        except OSError as error:
            raise failure(error, ()) from None


def read_plan(plan: FilePlan) -> str:
    """A SELECT over a table's files that matches columns by field id; one with no rows where there are no files."""
    if not plan.files:
        nulls = ", ".join(f"cast(null as {duckdb_name(c.type)}) as {quote(c.name)}" for c in plan.schema)
        nulls += f", '' as {quote(plan.file_column)}" if plan.file_column else ""
        nulls += f", 0 as {quote(plan.position_column)}" if plan.position_column else ""
        return f"select {nulls} where false"
    files = ", ".join(literal(file) for file in plan.files)
    more = f", filename = {literal(plan.file_column)}" if plan.file_column else ""
    more += f", explicit_cardinality = {plan.rows}"  # else it is guessed, from the first file or from nothing
    columns = "*"
    if plan.position_column:
        more += ", file_row_number = true"
        columns += f" rename (file_row_number as {quote(plan.position_column)})"
    if plan.uniform:  # several times as fast: filters, statistics and join orders see through it
        return f"select {columns} from read_parquet([{files}]{more})"
    fields = ", ".join(
        f"{column.id}: {{name: {literal(column.name)}, type: {literal(duckdb_name(column.type))}, default_value: NULL}}"
        for column in plan.schema
    )
    return f"select {columns} from read_parquet([{files}], schema = map {{{fields}}}{more})"
