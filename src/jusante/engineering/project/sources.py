"""`sources/*.yaml`: a source system and its tables."""

import zoneinfo
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from jusante.core import duration
from jusante.core.asset import Asset, Ingested
from jusante.core.check import tables_of
from jusante.core.names import nearest
from jusante.core.noun import Noun
from jusante.core.source import Source, SourceTable
from jusante.engineering.project.context import Context
from jusante.engineering.project.documents import Document, Path
from jusante.engineering.project.personal import check_personal
from jusante.engineering.project.references import resolved
from jusante.engineering.project.timing import check_timing
from jusante.engineering.project.validating import validated
from jusante.ports.connector import ConnectorKind


def read_sources(context: Context) -> Iterator[tuple[Source, list[Asset]]]:
    """Every source, and its tables as assets."""
    for path in context.files("sources", "*.yaml", "*.yml"):
        before = len(context.findings.errors)
        document = context.document(path)
        found = read_source(context, document) if document else None
        if len(context.findings.errors) > before:
            context.findings.unread.add(str(document.data.get("source", path.stem)) if document else path.stem)
        if document and found:
            yield found, list(_tables(document, found))


def read_source(context: Context, document: Document) -> Source | None:
    """A source file as a noun; None, and findings, where it is none."""
    kind = _kind(context, document)
    if kind is None:
        return None
    data = resolved(document.data, (), document, context.folder, context.variables, context.findings)
    tables = data.pop("tables", None) or {}
    if not isinstance(tables, dict):
        context.findings.add(
            "J103", "tables is not a mapping", document.place(("tables",)), "write `name: {…}` lines under it"
        )
        return None
    read = {name: _table(context, document, kind, name, table) for name, table in tables.items()}
    source = _split(context, document, Source, kind.source_options, data, ())
    if not isinstance(source, Source):
        return None
    _more(context, document, source, kind)
    good = {name: table for name, table in read.items() if table is not None}
    for name, table in good.items():
        _check_ingest(context, document, source, name, table)
        check_personal(document, name, table, context.findings)
    return source.model_copy(update={"tables": good})


def _kind(context: Context, document: Document) -> ConnectorKind | None:
    name = document.data.get("kind")
    if name is None:
        context.findings.add(
            "J104", "kind is missing", document.place(), f"write kind: one of {', '.join(sorted(context.kinds))}"
        )
        return None
    if name not in context.kinds:
        near = nearest(str(name), context.kinds)
        fix = f"did you mean {near}?" if near else f"there are {', '.join(sorted(context.kinds))}"
        context.findings.add("J120", f"{name} is no kind of source", document.place(("kind",)), fix)
        return None
    return context.kinds[name]


def _table(context: Context, document: Document, kind: ConnectorKind, name: str, data: Any) -> SourceTable | None:
    path = ("tables", name)
    if data is None:
        data = {}
    if not isinstance(data, dict):
        context.findings.add(
            "J103", f"{name} is not a mapping", document.place(path), "write {} for a table with all defaults"
        )
        return None
    found = _split(context, document, SourceTable, kind.table_options, data, path)
    return found if isinstance(found, SourceTable) else None


def _split(  # two nouns share one mapping
    context: Context, document: Document, noun: type[Noun], options: type[Noun], data: dict[str, Any], path: Path
) -> Noun | None:
    """A noun whose `options` are the keys that it does not know itself."""
    own = {field.alias or name for name, field in noun.model_fields.items()} - {"options"}
    theirs = _keys(options)
    extra = {key: value for key, value in data.items() if key not in own and key in theirs}
    rest = {key: value for key, value in data.items() if key not in extra}
    chosen = validated(options, extra, document, path, context.findings)
    found = validated(noun, rest, document, path, context.findings, also_known=theirs)
    return found.model_copy(update={"options": chosen}) if found is not None and chosen is not None else None


def _keys(noun: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in noun.model_fields.items()}


def _more(context: Context, document: Document, source: Source, kind: ConnectorKind) -> None:
    """What a noun by itself cannot say of a source."""
    if kind.needs_connection and source.connection is None:
        context.findings.add(
            "J104",
            f"a source of kind {source.kind} needs a connection",
            document.place(),
            "write connection: ${env:NAME}",
        )
    if source.owner is None:
        context.findings.warn(
            "J130", f"nobody owns source {source.source}", document.place(), "write owner: who is told of trouble"
        )
    if source.limits.not_during:
        zone = source.limits.not_during.split(" ")[-1]
        if "/" in zone and zone not in zoneinfo.available_timezones():
            near = nearest(zone, zoneinfo.available_timezones())
            place = document.place(("limits", "not_during"))
            context.findings.add("J103", f"{zone} is no time zone", place, f"did you mean {near}?" if near else "")


def _check_ingest(context: Context, document: Document, source: Source, name: str, table: SourceTable) -> None:
    place = document.place(("tables", name, "ingest"))
    ingest = table.ingest
    if ingest.mode == "incremental" and not ingest.cursor and source.kind != "files":
        context.findings.add(
            "J104", f"{name}: incremental needs a cursor", place, "write cursor: the column that grows"
        )
    if ingest.lookback is not None:
        try:
            _lookback(ingest.lookback)
        except ValueError as error:
            context.findings.add("J103", str(error), place)
    check_timing(ingest, document, ("tables", name, "ingest"), context.findings, cursor=ingest.cursor)


def _lookback(text: str) -> object:
    return int(text) if text.strip().isdigit() else duration.parse(text)


def _tables(document: Document, source: Source) -> Iterator[Asset]:
    for name, table in source.tables.items():
        place = document.place(("tables", name))
        yield Asset(f"{source.source}.{name}", place, tables_of(table.checks), Ingested(source, table, name))
