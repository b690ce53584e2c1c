"""Taking a person out of the tables that are about persons: rows or values go, then the files and snapshots that held them."""

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from jusante.architecture.failure import point
from jusante.core.asset import Asset, Ingested
from jusante.core.graph import Graph
from jusante.core.literals import listed
from jusante.core.names import QUARANTINE, quote, quote_table
from jusante.core.schema import Schema
from jusante.core.source import SourceTable, Subject
from jusante.errors import UsageError
from jusante.ingestion.masks import erased_sql, erases_rows, is_told_of_person, text_of
from jusante.management.publish import stage_into
from jusante.ports.engine import Engine, Session
from jusante.ports.relation import FilePlan
from jusante.ports.table_store import Commit, Table, TableStore
from jusante.security.masking import Masks

MOST_AT_ONCE = 1000
_CURRENT = "__current.rows"
_TOUCHED = "__touched.rows"
_FILE = "__lies_in"

_Work = Callable[..., int]
"""What is done about a session with a table's rows, the table, what is known of it, and `match`: SQL true of the persons."""


@dataclass(frozen=True, slots=True)
class Persons:
    """Who is to be erased: the kind of person, and their names as texts."""

    kind: str
    names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"{len(self.names)} × {self.kind}"


@dataclass(frozen=True, slots=True)
class Place:
    """A table that says whose its rows are, and how many of them are about those to be erased."""

    table: str
    goes: str
    rows: int


def subject_of(graph: Graph, table: str) -> Subject:
    """The persons that a table's rows are about. Raises UsageError where it does not say."""
    asset = graph[table] if table in graph else None  # noqa: SIM401  # a graph has no `get`
    if asset is None or not isinstance(asset.definition, Ingested):
        raise UsageError(f"{table} is no ingested table", fix="name one whose rows are about persons")
    if asset.definition.table.subject is None:
        fix = f"write under it `subject: <column>`, then: jusante run {table}"
        raise UsageError(f"{table} does not say whose its rows are", where=str(asset.place), fix=fix)
    return asset.definition.table.subject


def about(graph: Graph, kind: str) -> Iterator[tuple[Asset, SourceTable]]:
    """The ingested tables whose rows are about persons of a kind."""
    for asset in graph:
        if isinstance(asset.definition, Ingested):
            table = asset.definition.table
            if table.subject and table.subject.name == kind:
                yield asset, table


def silent(graph: Graph, store: TableStore, kind: str) -> Iterator[str]:
    """Ingested tables that have a column called as the person is, and do not say that their rows are about persons."""
    for asset in graph:
        if isinstance(asset.definition, Ingested) and asset.definition.table.subject is None:
            table = store.table(asset.id)
            if table and table.schema.find(kind):
                yield asset.id


class Eraser:
    """Erases in one project; `clock` says what time it is. Whoever calls holds the project."""

    def __init__(
        self, graph: Graph, store: TableStore, engine: Engine, masks: Masks, clock: Callable[[], dt.datetime]
    ) -> None:
        self._graph = graph
        self._store = store
        self._engine = engine
        self._masks = masks
        self._clock = clock

    def places(self, persons: Persons) -> tuple[Place, ...]:
        """Where the persons are now, and what of them would go."""
        return tuple(self._each(persons, lambda session, *_, match: _count(session, match)))

    def bury(self, persons: Persons) -> None:
        """Remember that they are not to come back, then destroy their keys: what these have sealed is gone with them."""
        for name in self.pseudonyms(persons):
            self._masks.store.bury(persons.kind, name)
        point("after_burial", persons.kind)
        for name in self.pseudonyms(persons):
            self._masks.subjects.forget(name)
        point("after_forgetting", persons.kind)

    def rewrite(self, persons: Persons, run_id: str) -> tuple[Place, ...]:
        """Write the tables anew without them, file by file; what went."""

        def without(session: Session, table: Table, rule: SourceTable, match: str) -> int:
            count = _count(session, match)
            if count:
                self._without(session, table, rule, match, run_id)
                point("after_rewrite", table.name)
            return count

        return tuple(self._each(persons, without))

    def sweep(self, names: Collection[str]) -> None:
        """Forget the past of tables: snapshots, and files that no snapshot needs any more."""
        for name in names:
            table = self._store.table(name)
            if table is None:
                continue
            # A snapshot lists the files that it took away, with their least and greatest values; the next one does not.
            nothing = FilePlan((), table.schema, 0, 0, uniform=True)
            summary = {**table.summary, "jusante.same-as": str(table.data_id)}
            self._store.commit(Commit(name, nothing, table.schema, (), table.snapshot_id, summary))
            self._store.maintain(name, dt.timedelta(0), older_than=self._clock())
        point("after_sweep", "")

    def pseudonyms(self, persons: Persons) -> frozenset[bytes]:
        """What persons are called where their names must not be known."""
        return frozenset(self._masks.keys.pseudonym(persons.kind, name) for name in persons.names)

    def _each(self, persons: Persons, work: _Work) -> Iterator[Place]:
        for asset, rule in about(self._graph, persons.kind):
            for name in (asset.id, asset.id + QUARANTINE):
                table = self._store.table(name)
                column = table.schema.find(rule.subject.column) if table and rule.subject else None
                if table is None or column is None:
                    continue
                with self._engine.session({_CURRENT: replace(table.plan, file_column=_FILE)}) as session:
                    goes = "rows" if _goes_whole(table, rule) else "values"
                    yield Place(
                        name, goes, work(session, table, rule, match=self._match(session, table.schema, rule, persons))
                    )

    def _match(self, session: Session, schema: Schema, rule: SourceTable, persons: Persons) -> str:
        """SQL that is true of rows about the persons, in which no name stands."""
        assert rule.subject is not None
        column = schema.find(rule.subject.column)
        assert column is not None
        if rule.rule(column.name).mask:
            hashes = sorted(self._masks.keys.hashed(name) for name in persons.names)
            return f"coalesce({quote(column.name)} in {listed(hashes)}, false)"
        text = text_of(quote(column.name), column.type)
        return erased_sql(session, self._masks, persons.kind, text, self.pseudonyms(persons))

    def _without(self, session: Session, table: Table, rule: SourceTable, match: str, run_id: str) -> None:
        found = session.rows(f"select distinct {quote(_FILE)} from {quote_table(_CURRENT)} where {match}")
        files = tuple(sorted(row[0] for row in found))
        session.add(_TOUCHED, replace(table.plan, files=files))
        sql = f"select * from {quote_table(_TOUCHED)} where not {match}"
        if not _goes_whole(table, rule):
            personal = [column.name for column in table.schema if is_told_of_person(rule, column.name)]
            emptied = ", ".join(f"case when {match} then null else {quote(n)} end as {quote(n)}" for n in personal)
            sql = f"select * replace ({emptied}) from {quote_table(_TOUCHED)}"
        folder = self._store.staging(table.name, run_id)
        staged = stage_into(session, sql, folder, table)
        summary = {key: value for key, value in table.summary.items() if key != "jusante.same-as"}
        self._store.commit(Commit(table.name, staged, table.schema, files, table.snapshot_id, summary))


def _goes_whole(table: Table, rule: SourceTable) -> bool:
    return table.name.endswith(QUARANTINE) or erases_rows(rule)


def _count(session: Session, match: str) -> int:
    return int(session.rows(f"select count(*) from {quote_table(_CURRENT)} where {match}")[0][0])
