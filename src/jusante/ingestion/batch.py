"""One load of one table: ask the source for what is new, and hand it to `arrival`, which publishes it with its cursor."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from jusante.core import duration
from jusante.core.asset import Ingested
from jusante.core.cursor import Cursor
from jusante.core.names import nearest
from jusante.core.run import AssetState
from jusante.core.schema import Schema
from jusante.errors import SourceChanged, SourceError, SourceHeld, SourceUndecided
from jusante.ingestion import drift, quiet_hours, transit
from jusante.ingestion.arrival import Arrival, Loaded
from jusante.ingestion.data_drift import DataWatch, Watched
from jusante.ingestion.door import Door
from jusante.management.publish import Publisher
from jusante.ports.connector import Connector, Reading, Request
from jusante.ports.engine import Engine, Session
from jusante.ports.table_store import Table
from jusante.security.masking import Masks, takes_key
from jusante.security.sensitive import Likely


def _nothing(session: Session) -> None:
    """No check looks into another table."""
    del session


@dataclass(frozen=True, slots=True)
class Load:
    """What one load has to know. `landing` is a folder for rows on their way, which the caller removes afterwards.

    `beside` puts the tables that checks look into in a session.
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

    @property
    def continues(self) -> bool:
        """Whether this load goes on where the last one ended. A table is loaded anew where it is defined anew, or masked
        with another key."""
        if self.current is None or self.state is None or self.state.version != self.version:
            return False
        return self.current.summary.get("jusante.masks") == self.key_id

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
    def known(self) -> Schema | None:
        """The columns that the table has, where this load goes on with it."""
        return self.current.schema if self.current and self.continues else None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a load asks for, as far as it is known before a row is read."""

    arriving: Schema
    request: Request
    anew: bool
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
        respect_quiet_hours(load, self._clock())
        ingested = load.ingested
        masks = self._masks() if takes_key(ingested.table) else None
        load = replace(load, key_id=masks.keys.id if masks else None)
        known = transit.unmasked(ingested.table, load.known)
        source = connector.schema(ingested.name, ingested.table, known)
        held = self._door.held(load.name, ingested, source)
        prepared = prepare(load, source, held)
        if load.continues and not prepared.anew and connector.unchanged(prepared.request):
            return Loaded(None, load.cursor, load.marker, 0, prepared.notices)
        if found := self._door.look(load.name, ingested, source, connector, load.run_id):
            held = (*held, *found)
            prepared = prepare(load, source, held)
        reading = connector.read(prepared.request)
        notices = (*((masks.notice,) if masks and masks.notice else ()), *prepared.notices)
        if reading.complete and reading.marker is not None and reading.marker == prepared.request.marker:
            return Loaded(None, load.cursor, load.marker, 0, (*notices, *reading.notices))
        with self._engine.session() as session:
            load.beside(session)
            arrival = Arrival(
                name=load.name,
                table=ingested.table,
                run_id=load.run_id,
                version=load.version,
                current=load.current,
                landing=load.landing,
                before=None if prepared.anew else load.cursor,
                request=prepared.request,
                reading=reading,
                masks=masks,
                held=tuple(each.column for each in held),
                watched=self._watched(load, prepared.request, reading),
            )
            return arrival.publish(session, self._publisher, prepared.arriving, notices)

    def _watched(self, load: Load, request: Request, reading: Reading) -> Watched:
        whole = reading.complete or request.known is None or load.current is None
        return self._watch.over(load.name, load.ingested.table, load.run_id, load.landing, whole=whole)


def prepare(load: Load, source: Schema, held: tuple[Likely, ...]) -> Prepared:
    """What is to be asked for, without the columns that are held. Raises SourceError kinds where nothing may be."""
    names = tuple(each.column for each in held)
    refuse_held(load, held)
    arriving = transit.arriving(load.ingested.table, source, names)
    if not arriving.columns:
        raise SourceError(f"{load.name} has no column that may be read", where=load.name, fix="give a column a purpose")
    unheld = columns_not_there(load.ingested, source)
    anew, notices = follow_or_hold(load, arriving)
    notices += unheld
    notices += () if load.continues else unseen_deletes(load.ingested)
    notices += tuple(
        f"{each.column} is not read, as {each.words}. Decide: jusante classify {load.name}" for each in held
    )
    return Prepared(arriving, request_for(load, arriving, anew=anew), anew, notices)


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


def columns_not_there(ingested: Ingested, source: Schema) -> tuple[str, ...]:
    """What to tell of columns that the project speaks of and the source does not have.

    Raises SourceChanged for a sensitive one: under another name its values would come in as if nobody had said a word.
    """
    told = []
    for name, rule in ingested.table.columns.items():
        if source.find(name):
            continue
        near = nearest(name, source.names)
        meant = f"did you mean {near}?" if near else f"there are {', '.join(source.names)}"
        if rule.is_hidden:
            raise SourceChanged(
                f"the sensitive column {name} is not there: it may bear another name now. Nothing was read",
                where=f"source {ingested.source.source}, table {ingested.name}",
                fix=f"say under `columns` which one it is, or that there is none; {meant}",
            )
        told.append(f"columns speaks of {name}, which {ingested.name} does not have; {meant}")
    return tuple(told)


def unseen_deletes(ingested: Ingested) -> tuple[str, ...]:
    """What a first load by cursor has to say: it will see new and changed rows, never that one is gone."""
    ingest = ingested.table.ingest
    if ingest.mode == "full" or not ingest.cursor:
        return ()
    return ("rows that are deleted at the source stay here: a cursor does not see them go, `mode: full` does",)


def follow_or_hold(load: Load, arriving: Schema) -> tuple[bool, tuple[str, ...]]:
    """Whether all must be loaded anew because a type changed, and what to tell. Raises SourceChanged on hold."""
    if load.current is None or not load.continues:
        return False, ()
    known = Schema(tuple(column for column in load.current.schema if column.name != transit.FILE_COLUMN))
    found = drift.compare(known, arriving, load.ingested.table.drift)
    held = [finding for finding in found if finding.policy == "hold"]
    if held:
        first = held[0]
        raise SourceChanged(
            "; ".join(str(finding) for finding in held) + ". The last good snapshot stays",
            where=f"source {load.ingested.source.source}, table {load.ingested.name}",
            fix=f"to follow the source, set `drift: {{{'type' if first.change == 'retyped' else 'drop'}: evolve}}` on it",
        )
    return any(finding.change == "retyped" for finding in found), tuple(f"{finding}: followed" for finding in found)


def request_for(load: Load, arriving: Schema, *, anew: bool) -> Request:
    """What to ask of the connector: what is new since the last load, or all of it."""
    goes_on = load.continues and not anew
    return Request(
        name=load.ingested.name,
        table=load.ingested.table,
        columns=arriving.names,
        since=looking_back(load.cursor, load.ingested.table.ingest.lookback) if goes_on else None,
        marker=load.marker if goes_on else None,
        known=transit.unmasked(load.ingested.table, load.known) if goes_on else None,
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
