"""Contracts of a project's sources: drafted, held against the sources as they are, and against what they were."""

import datetime as dt
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jusante.app.system import System
from jusante.core import quiet_hours
from jusante.core.contract import Contract, SchemaObject
from jusante.core.names import nearest, quote_table
from jusante.core.schema import Schema
from jusante.core.source import Source
from jusante.engineering.project.contracts import FOLDER
from jusante.errors import SourceError, SourceHeld, UsageError, storage_error
from jusante.ingestion import transit
from jusante.management.contracts.measuring import Measure, measures
from jusante.management.contracts.rules import is_light
from jusante.management.contracts.testing import Breach, Tested, row_breaches, shape_breaches
from jusante.management.contracts.writing import draft
from jusante.ports.connector import Connector, Request
from jusante.ports.engine import Session, Target
from jusante.ports.relation import Batches

_TESTED = "__contract.tested"
_KEPT = "__contract.kept"


def source_named(system: System, name: str) -> Source:
    """A source of the project. Raises UsageError with the nearest."""
    sources = system.project.sources
    if name not in sources:
        near = nearest(name, sources)
        known = f"there are {', '.join(sources) or 'none: write sources/*.yaml'}"
        raise UsageError(f"there is no source {name}", fix=f"did you mean {near}?" if near else known)
    return sources[name]


# -- init ------------------------------------------------------------------------------------------------------------


def init_contract(system: System, name: str, *, replace: bool = False) -> str:
    """Write a contract from the source as it is; its file in the project. Raises UsageError where there is one, unless told to replace."""
    source = source_named(system, name)
    kept = system.project.contracts.get(name)
    file = kept.place.file if kept else f"{FOLDER}/{name}.odcs.yaml"
    path = system.project.folder / file
    if path.exists() and not replace:
        fix = "edit it; or, to have it written anew from the source and lose what was edited, say --replace"
        raise UsageError(f"{name} has a contract already", where=file, fix=fix)
    connector = system.connect(name)
    try:
        live = {table: _live(system, connector, source, table) for table in source.tables}
    finally:
        connector.close()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(draft(source, live), encoding="utf-8")
    except OSError as error:
        raise storage_error(error, str(path)) from None
    return file


def _live(system: System, connector: Connector, source: Source, table: str) -> Schema:
    """The table as it is at the source, without what says which file a row came from."""
    known = system.tables().get(f"{source.source}.{table}")
    live = connector.schema(table, source.tables[table], known.schema if known else None)
    return Schema(tuple(column for column in live if column.name != transit.FILE_COLUMN))


# -- test ------------------------------------------------------------------------------------------------------------


def verify_contracts(
    system: System, names: tuple[str, ...], now: dt.datetime, heard: Callable[[str], None]
) -> tuple[Tested, ...]:
    """Hold sources against their contracts, all that have one or those named. Nothing is loaded.

    Raises UsageError where a source has none, SourceHeld within its quiet hours, SourceUnavailable where it is down.
    """
    contracts = system.project.contracts
    for name in names:
        if source_named(system, name).source not in contracts:
            raise UsageError(f"source {name} has no contract", fix=f"jusante contract init {name}")
    chosen = names or tuple(name for name in contracts if name in system.project.sources)
    if not chosen:
        raise UsageError("no source has a contract", fix="jusante contract init SOURCE writes one")
    return tuple(_Test(system, contracts[name], now, heard).run() for name in chosen)


class _Test:
    """One source against its contract."""

    def __init__(self, system: System, contract: Contract, now: dt.datetime, heard: Callable[[str], None]) -> None:
        self._system = system
        self._contract = contract
        self._source = system.project.sources[contract.source]
        self._now = now
        self._heard = heard
        self._breaches: list[Breach] = []
        self._untold: list[str] = []
        self._unpromised: list[str] = []
        self._promises = 0

    def run(self) -> Tested:
        """Test every table that is promised and ingested."""
        self._respect_quiet_hours()
        connector = self._system.connect(self._contract.source)
        tables = 0
        try:
            for promised in self._contract.terms.objects:
                name = next((each for each in self._source.tables if each.lower() == promised.name.lower()), None)
                if name is None:
                    self._untold.append(f"{self._source.source}.{promised.name}: it is not ingested")
                    continue
                self._heard(f"{self._source.source}.{name}")
                tables += 1
                self._table(connector, name, promised)
        finally:
            connector.close()
        return Tested(
            self._contract.source,
            tuple(self._breaches),
            tuple(self._untold),
            tuple(self._unpromised),
            tables,
            self._promises,
        )

    def _respect_quiet_hours(self) -> None:
        limits = self._source.limits
        end = quiet_hours.until(limits.not_during, self._now) if limits.not_during else None
        if end:
            what = f"source {self._source.source} wants to be left alone until {end:%H:%M %Z} (limits.not_during)"
            raise SourceHeld(what, where=self._source.source, fix=f"test again after {end:%H:%M}")

    def _table(self, connector: Connector, name: str, promised: SchemaObject) -> None:
        try:
            live = _live(self._system, connector, self._source, name)
        except SourceError as error:
            if error.retryable or type(error) is not SourceError:
                raise
            self._break(promised, "", error.what, error.fix)
            return
        self._promises += len(promised.properties)
        for column, what, fix in shape_breaches(promised, live):
            self._break(promised, column, what, fix)
        self._unpromised += [
            f"{self._source.source}.{name}.{each}" for each in live.names if promised.column(each) is None
        ]
        wanted = self._measurable(name, promised, live)
        self._promises += len(wanted)
        if wanted:
            self._rows(connector, name, promised, live, wanted)

    def _measurable(self, name: str, promised: SchemaObject, live: Schema) -> list[Measure]:
        """The measures whose columns may be read; of the others it is told why they are not."""
        readable = {each.lower() for each in transit.readable(self._source.tables[name], live)}
        found = []
        for measure in measures(promised):
            subject = ".".join(part for part in (self._source.source, name, measure.column) if part)
            about = (*(measure.needs or ()), *((measure.column,) if measure.column else ()))
            gone = [each for each in about if live.find(each) is None]
            withheld = [each for each in about if each.lower() not in readable]
            if measure.unmeasured:
                self._untold.append(f"{subject}: {measure.title}: {measure.unmeasured}")
            elif not gone and withheld:
                self._untold.append(f"{subject}: {measure.title}: {withheld[0]} is sensitive and stays at the source")
            elif not gone:
                found.append(measure)
        return found

    def _rows(
        self, connector: Connector, name: str, promised: SchemaObject, live: Schema, wanted: list[Measure]
    ) -> None:
        table = self._source.tables[name]
        readable = transit.readable(table, live)
        named = {each.lower() for measure in wanted for each in measure.needs or ()}
        asks_all = any(measure.needs is None for measure in wanted)
        columns = tuple(each for each in readable if asks_all or each.lower() in named) or readable[:1]
        reading = connector.read(Request(name, table, columns))
        with self._system.engine.session({_TESTED: reading.relation}) as session:
            once = isinstance(reading.relation, Batches) or asks_all
            with _read_once(self._system, session, once=once) as relation:
                for measure, what in row_breaches(session, relation, wanted):
                    self._break(promised, measure.column, what, "ask its owner", light=is_light(measure.rule))

    def _break(self, promised: SchemaObject, column: str, what: str, fix: str, *, light: bool = False) -> None:
        where = str(self._contract.where(promised.name, column))
        self._breaches.append(Breach(self._source.source, promised.name, column, what, where, fix, light))


@contextmanager
def _read_once(system: System, session: Session, *, once: bool) -> Iterator[str]:
    """The rows under test, by the name they have in the session: as they are, or read once and put aside meanwhile."""
    if not once:
        yield _TESTED
        return
    folder = system.settings.state / "scratch" / f"contract-{uuid.uuid4().hex}"
    try:
        session.add(_KEPT, session.stage(f"select * from {quote_table(_TESTED)}", Target(str(folder), {}, 0)))
        yield _KEPT
    finally:
        shutil.rmtree(folder, ignore_errors=True)
