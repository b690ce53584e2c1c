"""One load of one table: ask the source for what is new, and hand it to `arrival`, which publishes it with its cursor."""

import contextlib
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from jusante.core import duration, quiet_hours
from jusante.core.asset import Ingested
from jusante.core.cursor import Cursor
from jusante.core.drift import Finding
from jusante.core.holds import Hold, reason, ways
from jusante.core.run import AssetState
from jusante.core.schema import Column, Schema
from jusante.core.shape import Shape
from jusante.errors import SourceChanged, SourceError, SourceHeld, SourceUndecided
from jusante.ingestion import transit
from jusante.ingestion.arrival import Arrival, Loaded, Standing
from jusante.ingestion.data_drift import DataWatch, Watched
from jusante.ingestion.door import Door
from jusante.ingestion.drift import Asked, Seen, look, waits_as_a_whole
from jusante.ingestion.keeping import reshaped, waiting_checks
from jusante.ingestion.mapping import Sourced, missing, sourced, typed
from jusante.management.publish import Publisher
from jusante.ports.connector import Connector, Reading, Request
from jusante.ports.engine import Engine, Session
from jusante.ports.relation import FileScan, Relation
from jusante.ports.table_store import Table
from jusante.security.masking import Masks, takes_key
from jusante.security.sensitive import Likely


def _nothing(session: Session) -> None:
    """No check looks into another table."""
    del session


@dataclass(frozen=True, slots=True)
class Load:
    """What one load has to know. `landing` is a folder for rows on their way, which the caller removes afterwards.

    `beside` puts the tables that checks look into in a session. `anew`: all is read again, whatever was read before.
    """

    name: str
    ingested: Ingested
    run_id: str
    version: str
    current: Table | None
    state: AssetState | None
    landing: str
    beside: Callable[[Session], object] = _nothing
    key_id: str | None = None
    anew: bool = False

    @property
    def continues(self) -> bool:
        """Whether this load goes on where the last one ended. A table is loaded anew where it is defined anew, or masked
        with another key."""
        return not self.anew and self._is_as_defined

    @property
    def known(self) -> Schema | None:
        """The columns that the table has, where this load goes on with it."""
        return self.current.schema if self.current and self.continues else None

    @property
    def settled(self) -> Schema | None:
        """The columns that the table has, where it is defined as it was: their types stay if they are wider."""
        return self.current.schema if self.current and self._is_as_defined else None

    @property
    def cursor(self) -> Cursor | None:
        """How far the last load came."""
        kept = self.state.cursor if self.state and self.continues else None
        return Cursor.from_dict(dict(kept)) if kept else None

    @property
    def marker(self) -> str | None:
        """What the connector left with the last load."""
        return self.state.marker if self.state and self.continues else None

    @property
    def asked(self) -> Asked:
        """The table as it is held against its source."""
        last = self.state.shape if self.state else None
        return Asked(
            self.name, self.ingested, self.current if self.state else None, Shape.from_dict(last) if last else None
        )

    @property
    def holds(self) -> tuple[Hold, ...]:
        """What has waited for a decision until now."""
        return tuple(Hold.from_dict(self.name, kept) for kept in self.state.holds) if self.state else ()

    @property
    def _is_as_defined(self) -> bool:
        if self.current is None or self.state is None or self.state.version != self.version:
            return False
        return self.current.summary.get("jusante.masks") == self.key_id


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a load asks for, as far as it is known before a row is read, and how the table stands with its source."""

    arriving: Schema
    columns: tuple[Sourced, ...]
    request: Request
    anew: bool
    standing: Standing
    notices: tuple[str, ...]


class BatchLoader:
    """Loads tables through an engine and a publisher.

    `door` holds what looks personal, `watch` holds the data against those of the loads before, `masks` gives the keys of
    masks, `clock` says what time it is.
    """

    def __init__(
        self,
        engine: Engine,
        publisher: Publisher,
        door: Door,
        watch: DataWatch,
        masks: Callable[[], Masks],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._engine = engine
        self._publisher = publisher
        self._door = door
        self._watch = watch
        self._masks = masks
        self._clock = clock

    def load(self, load: Load, connector: Connector) -> Loaded:
        """Load a table once. Raises SourceError kinds, AuditFailed or StorageError; nothing is published then."""
        now, ingested = self._clock(), load.ingested
        respect_quiet_hours(load, now)
        masks = self._masks() if takes_key(ingested.table) else None
        load = replace(load, key_id=masks.keys.id if masks else None)
        seen = look(load.asked, connector, self._engine)
        if whole := waits_as_a_whole(seen.verdict, load.asked):
            raise held_as_a_whole(load, whole, now)
        held = self._door.held(load.name, ingested, seen.taken_in)
        prepared = self._prepared(load, seen, held, now)
        if load.continues and not prepared.anew and connector.unchanged(prepared.request):
            return Loaded(None, load.cursor, load.marker, 0, prepared.notices, prepared.standing)
        if found := self._door.look(load.name, ingested, seen.taken_in, connector, load.run_id):
            held = (*held, *found)
            prepared = self._prepared(load, seen, held, now)
        reading = connector.read(prepared.request)
        notices = (*((masks.notice,) if masks and masks.notice else ()), *prepared.notices)
        if reading.complete and reading.marker is not None and reading.marker == prepared.request.marker:
            return Loaded(None, load.cursor, load.marker, 0, (*notices, *reading.notices), prepared.standing)
        arrival = Arrival(
            name=load.name,
            table=ingested.table,
            run_id=load.run_id,
            version=load.version,
            current=reshaped(load.current, seen.verdict.renamed) if load.current else None,
            landing=load.landing,
            before=None if prepared.anew else load.cursor,
            request=prepared.request,
            reading=reading,
            columns=prepared.columns,
            settled=load.settled,
            standing=prepared.standing,
            masks=masks,
            held=tuple(each.column for each in held),
            watched=self._watched(load, reading),
        )
        with self._engine.session() as session:
            load.beside(session)
            loaded = arrival.publish(session, self._publisher, prepared.arriving, notices)
        return replace(loaded, standing=prepared.standing, bytes_in=bytes_of(reading.relation))

    def _prepared(self, load: Load, seen: Seen, held: tuple[Likely, ...], now: dt.datetime) -> Prepared:
        """What is to be asked for, without the columns that are held. Raises SourceError kinds where nothing may be."""
        refuse_held(load, held)
        missing_ones = columns_not_there(load.ingested, seen)
        standing = standing_of(load, seen, now)
        out = {each.column for each in held}
        arriving, columns = self._columns(load, seen, out)
        anew = seen.verdict.anew or fills_in(load, standing)
        notices = (*seen.verdict.notices, *missing_ones)
        notices += () if load.continues else unseen_deletes(load.ingested)
        notices += held_notices(load, standing)
        notices += tuple(
            f"{each.column} is not read, as {each.words}. Decide: jusante classify {load.name}" for each in held
        )
        needed = {need for each in columns for need in each.needs}
        names = tuple(column.name for column in seen.source if column.name in needed)
        return Prepared(arriving, columns, request_for(load, names, anew=anew), anew, standing, notices)

    def _watched(self, load: Load, reading: Reading) -> Watched:
        whole = reading.complete or load.settled is None
        return self._watch.over(load.name, load.ingested.table, load.run_id, load.landing, whole=whole)

    def _columns(self, load: Load, seen: Seen, out: set[str]) -> tuple[Schema, tuple[Sourced, ...]]:
        """The columns that are read, as they will arrive, and where each comes from."""
        table = load.ingested.table
        known = load.current.schema if load.current else None
        columns = tuple(
            each
            for each in sourced(table, seen.taken_in, known)
            if each.name not in seen.verdict.held and not out & set(each.needs)
        )
        if not columns:
            raise SourceError(
                f"{load.name} has no column that may be read", where=load.name, fix="give a column a purpose"
            )
        if all(each.type for each in columns):
            found = Schema(tuple(Column(each.name, each.type) for each in columns))
        else:
            with self._engine.session() as session:
                found = typed(columns, seen.taken_in, session.schema, session.sql_type)
        arriving = transit.arriving(table, found)
        aside = seen.verdict.set_aside
        kept = (known.find(c.name) if known and c.name in aside else None for c in arriving)
        return Schema(
            tuple(Column(c.name, k.type if k else c.type) for c, k in zip(arriving, kept, strict=True))
        ), columns


def bytes_of(relation: Relation) -> int | None:
    """The size of the files that are read, where it is files; one that has gone meanwhile counts for nothing."""
    if not isinstance(relation, FileScan):
        return None
    total = 0
    for file in relation.files:
        with contextlib.suppress(OSError):
            total += Path(file).stat().st_size
    return total


def standing_of(load: Load, seen: Seen, now: dt.datetime) -> Standing:
    """How the table stands with its source: a hold that goes on is as old as it was."""
    since = {hold.column: hold.since for hold in load.holds}
    verdict = seen.verdict
    aside = {f.column: f for f in verdict.findings if f.column in verdict.set_aside}
    holds = tuple(
        Hold(load.name, column, since.get(column, now.isoformat()), finding)
        for column, finding in {**verdict.held, **aside}.items()
    )
    there = load.current.schema if load.current else Schema(())
    kept = frozenset(found.name for column in verdict.held if (found := there.find(column)))
    return Standing(seen.shape, holds, kept, verdict.set_aside, verdict.findings)


def fills_in(load: Load, standing: Standing) -> bool:
    """Whether a column waits no more: rows that came meanwhile lack its values, so all are read again."""
    waiting = {hold.column for hold in standing.holds}
    return any(hold.column not in waiting and hold.stops for hold in load.holds)


def held_notices(load: Load, standing: Standing) -> tuple[str, ...]:
    """What to tell of columns that wait, and of checks that wait with them."""
    waiting = waiting_checks(load.ingested.table.checks, standing.kept)
    told = [f"{hold.sentence}: {hold.column} keeps its last good values" for hold in standing.holds if hold.stops]
    told += [f"{h.sentence}: it is not taken in" for h in standing.holds if h.finding.change == "added"]
    told += [f"the check {check.name or check.kind} waits with it" for check in waiting]
    return tuple(told)


def held_as_a_whole(load: Load, findings: tuple[Finding, ...], now: dt.datetime) -> SourceChanged:
    """The error for a table that cannot be loaded without the column that changed."""
    since = next((hold.since for hold in load.holds if not hold.column), now.isoformat())
    error = SourceChanged(
        "; ".join(reason(finding) for finding in findings) + ". The last good snapshot stays",
        where=f"source {load.ingested.source.source}, table {load.ingested.name}",
        fix=" or ".join(dict.fromkeys(way for finding in findings for way in ways(finding))),
    )
    error.holds = (Hold(load.name, "", since, findings[0]),)
    return error


def refuse_held(load: Load, held: tuple[Likely, ...]) -> None:
    """Raise SourceUndecided where a table cannot do without a column that is held: its key, its cursor, one it has."""
    table = load.ingested.table
    needed = {
        name.lower() for name in (*table.key, table.ingest.cursor or "", table.subject.column if table.subject else "")
    }
    for each in held:
        if each.column.lower() in needed or (load.known and load.known.find(each.column)):
            raise SourceUndecided(
                f"nobody has decided whether {each.column} is personal data, and {load.name} cannot be loaded without it: "
                f"{each.words}",
                where=f"source {load.ingested.source.source}, table {load.ingested.name}",
                fix=f"jusante classify {load.name}.{each.column}",
            )


def respect_quiet_hours(load: Load, now: dt.datetime) -> None:
    """Raise SourceHeld within the hours in which the source wants to be left alone."""
    limits, source = load.ingested.source.limits, load.ingested.source.source
    end = quiet_hours.until(limits.not_during, now) if limits.not_during else None
    if end:
        raise SourceHeld(
            f"source {source} wants to be left alone until {end:%H:%M %Z} (limits.not_during)",
            where=load.name,
            fix=f"run again after {end:%H:%M}",
        )


def columns_not_there(ingested: Ingested, seen: Seen) -> tuple[str, ...]:
    """What to tell of columns that the project speaks of and the source does not have.

    Raises SourceChanged for a sensitive one: under another name its values would come in as if nobody had said a word.
    """
    told = []
    held = {name.lower() for name in seen.verdict.held}
    for name, rule in ingested.table.columns.items():
        there = rule.other_name or name
        if seen.source.find(there) or rule.gone or name.lower() in held or (rule.origin and there == name):
            continue
        meant = missing(there, seen.source)
        if rule.is_hidden:
            raise SourceChanged(
                f"the sensitive column {there} is not there: it may bear another name now. Nothing was read",
                where=f"source {ingested.source.source}, table {ingested.name}",
                fix=f"say under `columns` which one it is, or that there is none; {meant}",
            )
        told.append(f"columns speaks of {there}, which {ingested.name} does not have; {meant}")
    return tuple(told)


def unseen_deletes(ingested: Ingested) -> tuple[str, ...]:
    """What a first load by cursor has to say: it will see new and changed rows, never that one is gone."""
    ingest = ingested.table.ingest
    if ingest.mode == "full" or not ingest.cursor:
        return ()
    return ("rows that are deleted at the source stay here: a cursor does not see them go, `mode: full` does",)


def request_for(load: Load, columns: tuple[str, ...], *, anew: bool) -> Request:
    """What to ask of the connector: what is new since the last load, or all of it."""
    goes_on = load.continues and not anew
    return Request(
        name=load.ingested.name,
        table=load.ingested.table,
        columns=columns,
        since=looking_back(load.cursor, load.ingested.table.ingest.lookback) if goes_on else None,
        marker=load.marker if goes_on else None,
        known=load.asked.known if load.settled else None,
    )


def looking_back(cursor: Cursor | None, lookback: str | None) -> Cursor | None:
    """The cursor moved back by the window in which late rows are looked for: a duration, or a number for numbers."""
    if cursor is None or not lookback:
        return cursor
    if isinstance(cursor.value, dt.date):
        return Cursor(cursor.column, cursor.value - duration.parse(lookback))
    if isinstance(cursor.value, int | float) and lookback.strip().isdigit():
        return Cursor(cursor.column, cursor.value - int(lookback))
    raise SourceError(
        f"lookback {lookback!r} does not fit the cursor {cursor.column}, a {type(cursor.value).__name__}",
        fix="write a duration (2h, 3d) for times, a number for numbers",
    )
