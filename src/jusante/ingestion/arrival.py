"""Rows that a source has sent, on their way into their table.

Full and incremental loads of the same rows give the same table: one row for each key, the last by the cursor (or by
the file's name, where files have no cursor). A cursor moves only in the commit that holds its rows.
"""

import json
from dataclasses import dataclass, replace

from jusante.core.check import Check, NotNull
from jusante.core.cursor import Cursor
from jusante.core.drift import Finding
from jusante.core.holds import Hold
from jusante.core.names import quote, quote_table
from jusante.core.schema import Schema
from jusante.core.shape import Shape
from jusante.core.source import SourceTable
from jusante.core.words import counted
from jusante.errors import SourceError
from jusante.ingestion import mapping, masks, merge, transit
from jusante.ingestion.data_drift import Watched
from jusante.ingestion.keeping import waiting_checks, with_last_values
from jusante.ingestion.mapping import Sourced
from jusante.ingestion.unreadable import REJECTS_KEPT, Split, split_unreadable
from jusante.management.publish import STAGED, Draft, Published, Publisher, stage_into
from jusante.management.quality import Hidden
from jusante.ports.connector import Reading, Request
from jusante.ports.engine import Reject, Session
from jusante.ports.relation import FilePlan
from jusante.ports.table_store import Table
from jusante.security.masking import Masks

INCOMING = "__incoming.rows"
MAPPED = "__mapped.rows"
LANDED = "__landed.rows"
RAW = "__raw.rows"
COMPLETED = "__completed.rows"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a table stands with its source after a load.

    `kept` are columns that keep their last good values. `set_aside` are those whose rows go to quarantine where a value
    does not fit. `found` is what was found this time.
    """

    shape: Shape | None = None
    holds: tuple[Hold, ...] = ()
    kept: frozenset[str] = frozenset()
    set_aside: frozenset[str] = frozenset()
    found: tuple[Finding, ...] = ()

    @property
    def summary(self) -> dict[str, str]:
        """What the snapshot says of it, so that it is known again whatever happens to the metadata."""
        said = {"jusante.shape": json.dumps(self.shape.as_dict(), separators=(",", ":"))} if self.shape else {}
        holds = [hold.as_dict() for hold in self.holds]
        return said | ({"jusante.holds": json.dumps(holds)} if holds else {})


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a load. `published` is None where there was nothing new. `bytes_in` is the size of the files that were
    read, None where it was no files."""

    published: Published | None
    cursor: Cursor | None
    marker: str | None
    rows_in: int
    notices: tuple[str, ...]
    standing: Standing = Standing()
    bytes_in: int | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One reading of one table, and where it is to go. `settled` are columns whose type stays where it is wider."""

    name: str
    table: SourceTable
    run_id: str
    version: str
    current: Table | None
    landing: str
    before: Cursor | None
    request: Request
    reading: Reading
    watched: Watched
    columns: tuple[Sourced, ...]
    settled: Schema | None
    standing: Standing
    masks: Masks | None = None
    held: tuple[str, ...] = ()

    def publish(self, session: Session, publisher: Publisher, arriving: Schema, notices: tuple[str, ...]) -> Loaded:
        """Read the rows, once, and publish what is new of them."""
        incoming, found = self._incoming(session)
        columns = transit.settled(with_file(arriving, found), self.settled)
        if self._goes_straight:
            sql = self._completed(session, self._select(session, columns, incoming, found), columns)
            draft = replace(self._draft(sql, None, (), None), examine=self._look_at_staged)
            published = publisher.publish(session, draft)
            loaded = Loaded(published, None, self.reading.marker, published.rows_added, ())
        else:
            loaded = self._publish_landed(session, publisher, columns, incoming, found)
        return replace(loaded, notices=(*notices, *self.reading.notices, *loaded.notices, *self.watched.tell()))

    def _look_at_staged(self, session: Session, staged: FilePlan) -> None:
        self.watched.look(session, f"{STAGED}.{self.name}", staged)

    def _select(self, session: Session, columns: Schema, incoming: str, found: Schema) -> str:
        """The rows that arrive, cast and masked."""
        veil = masks.veil(session, incoming, self.table, found, self.masks)
        hidden = transit.hidden(self.table)
        return (
            transit.select(columns, found, veil.relation, session.sql_type, hidden=hidden, instead=veil.instead)
            + veil.where
        )

    def _incoming(self, session: Session) -> tuple[str, Schema]:
        """What comes from the source, under the names that columns have here, and its columns."""
        session.add(INCOMING, self.reading.relation)
        found = session.schema(f"select * from {quote_table(INCOMING)}")
        sql = mapping.view(self.columns, found, quote_table(INCOMING))
        if sql is None:
            return quote_table(INCOMING), found
        session.add_view(MAPPED, sql)
        return quote_table(MAPPED), session.schema(f"select * from {quote_table(MAPPED)}")

    def _completed(self, session: Session, sql: str, columns: Schema) -> str:
        """What arrived, with the last good values of columns that wait."""
        kept = self.standing.kept
        if not kept or self.current is None:
            return sql
        return with_last_values(session, sql, columns, self.current, self.table.key, kept)

    @property
    def _goes_straight(self) -> bool:
        """Whether all rows are here, none can stand in for another, and so none has to be looked at before it is staged."""
        distinct = not self.table.key or self.reading.key_is_enforced
        reads_all = self.table.bad_rows == "fail" and not self.standing.set_aside
        return self.reading.complete and distinct and reads_all and not self._cursor_column

    @property
    def _cursor_column(self) -> str | None:
        return self.table.ingest.cursor if self.table.ingest.mode == "incremental" else None

    def _publish_landed(
        self, session: Session, publisher: Publisher, columns: Schema, incoming: str, found: Schema
    ) -> Loaded:
        """Land the rows first: they can be read from the source once, and are looked at more than once."""
        rejects, landed = self._land(session, columns, incoming, found)
        rows = session.rows(f"select count(*) from {quote_table(LANDED)}")[0][0]
        cursor = self._cursor(session)
        merged = self._merged(session, columns)
        if merged is None and not rejects:
            self.watched.look_at_nothing()
            return Loaded(None, cursor, self.reading.marker, rows, ())
        merged = merged or merge.Merged(f"select * from {quote_table(LANDED)} where false", (), 0)
        draft = self._draft(merged.sql, merged.remove, rejects, cursor)
        draft = replace(draft, examine=lambda session, _: self.watched.look(session, LANDED, landed))
        published = publisher.publish(session, draft)
        notices = superseded(merged.superseded)
        return Loaded(published, cursor, self.reading.marker, rows, notices)

    def _land(
        self, session: Session, columns: Schema, incoming: str, found: Schema
    ) -> tuple[tuple[Reject, ...], FilePlan | None]:
        """Stage the rows beside their table, as LANDED: those that cannot be read, and the files where these are all."""
        if self.table.bad_rows == "fail" and not self.standing.set_aside:
            landed = stage_into(session, self._select(session, columns, incoming, found), self.landing, None)
            session.add(LANDED, landed)
            return (), landed
        misfits = self._misfits(session, columns, incoming, found)
        rejects = (*session.rejects(INCOMING), *misfits)
        if len(rejects) >= REJECTS_KEPT:
            raise SourceError(
                f"{len(rejects):,} or more rows of {self.name} cannot be read: that is no ordinary dirt",
                where=rejects[0].file,
                fix="see what the source sends; declare other types under columns",
            )
        # The text of a line holds all of its columns, also those that are not to be read, or masked.
        is_secret = self.table.subject or any(rule.is_withheld or rule.mask for rule in self.table.columns.values())
        hides = is_secret or self.held
        return tuple(replace(reject, text="•••") for reject in rejects) if hides else rejects, None

    def _misfits(self, session: Session, columns: Schema, incoming: str, found: Schema) -> tuple[Reject, ...]:
        """Land the rows as they came, but for masks, and split those off that do not fit their types."""
        veil = masks.veil(session, incoming, self.table, found, self.masks, set_aside=True)
        shown = found
        if self.table.bad_rows == "fail":  # only what does not fit a type that has drifted is set aside
            aside = self.standing.set_aside
            shown = Schema(tuple(c if c.name in aside else columns.find(c.name) or c for c in found))
        wanted = Schema((*shown.select(columns.names), *veil.flags))
        there = Schema((*found, *veil.flags))
        raw = transit.select(wanted, there, veil.relation, session.sql_type, instead=veil.instead) + veil.where
        session.add(RAW, stage_into(session, raw, self.landing, None))
        landed = session.schema(f"select * from {quote_table(RAW)}")
        return split_unreadable(session, Split(RAW, LANDED, columns, landed, self.name, veil.flagged))

    def _merged(self, session: Session, columns: Schema) -> merge.Merged | None:
        landed = LANDED
        if self.standing.kept and self.current is not None:
            session.add_view(COMPLETED, self._completed(session, f"select * from {quote_table(LANDED)}", columns))
            landed = COMPLETED
        order = tuple(name for name in (self._cursor_column, transit.FILE_COLUMN) if name and columns.find(name))
        incoming = merge.Incoming(
            relation=landed,
            columns=columns,
            key=self.table.key,
            order=order,
            replaces=self.reading.replaces,
            since=self.request.since,
        )
        if self.reading.complete or self.request.known is None or self.current is None:
            return merge.anew(session, incoming)
        return merge.into(session, incoming, self.current)

    def _cursor(self, session: Session) -> Cursor | None:
        """How far the table will have come: the greatest value that arrived, or that of last time."""
        column = self._cursor_column
        if not column:
            return None
        greatest = session.rows(f"select max({quote(column)}) from {quote_table(LANDED)}")[0][0]
        if greatest is None:
            return self.before
        return Cursor(column, greatest if self.before is None else max(greatest, self.before.value))

    def _draft(
        self, sql: str, remove: tuple[str, ...] | None, rejects: tuple[Reject, ...], cursor: Cursor | None
    ) -> Draft:
        summary = {"jusante.version": self.version}
        summary |= {"jusante.marker": self.reading.marker} if self.reading.marker is not None else {}
        summary |= {"jusante.masks": self.masks.keys.id} if self.masks else {}
        summary |= {"jusante.cursor": json.dumps(cursor.as_dict())} if cursor else {}
        summary |= self.standing.summary
        waiting = waiting_checks(self.table.checks, self.standing.kept)
        return Draft(
            name=self.name,
            sql=sql,
            run_id=self.run_id,
            current=self.current,
            remove=remove,
            checks=(*self._key_check(), *(check for check in self.table.checks if check not in waiting)),
            key=self.table.key,
            hidden=self._hidden,
            rejects=rejects,
            summary=summary,
        )

    def _hidden(self) -> Hidden:
        names = transit.hidden(self.table)
        return Hidden(names, queries=bool(names))

    def _key_check(self) -> tuple[Check, ...]:
        """A row without a key could never be replaced. That no key comes twice is what merging sees to."""
        if not self.table.key or self.reading.key_is_enforced:
            return ()
        return (NotNull(columns=self.table.key, quarantine=self.table.bad_rows == "quarantine", name="key"),)


def with_file(arriving: Schema, found: Schema) -> Schema:
    """The columns that arrive, and the one that says which file a row came from, where there is one."""
    file = found.find(transit.FILE_COLUMN)
    if file is None or arriving.find(transit.FILE_COLUMN):
        return arriving
    return Schema((*arriving.columns, file))


def superseded(count: int) -> tuple[str, ...]:
    """What to tell of rows that gave way to a later one of the same key."""
    return (f"{counted(count, 'row')} bore the key of a later row, which was kept",) if count else ()
