"""Reads files by glob. The marker is the list of files that were read, by size, time and a hash of their content."""

from dataclasses import replace
from pathlib import Path

from jusante.core.schema import Column, Schema
from jusante.core.source import Source, SourceTable
from jusante.errors import SourceError, SourceUnavailable
from jusante.ports.connector import Reading, Request
from jusante.ports.engine import Engine
from jusante.ports.relation import FileScan
from jusante.sources.files import FileTableOptions, formats
from jusante.sources.files.copies import Copies
from jusante.sources.files.csv_files import CsvFiles
from jusante.sources.files.json_files import JsonFiles
from jusante.sources.files.listing import File, Marker, find, pack, same_content, seen, unpack
from jusante.sources.files.parquet_files import ParquetFiles
from jusante.sources.files.shape import FILE_COLUMN, Format, groups

FILES_SAMPLED = 3
_NAMES_SHOWN = 3


class FilesConnector:
    """The files of one source; paths are relative to the project."""

    def __init__(self, source: Source, folder: Path, engine: Engine) -> None:
        self._source = source
        self._folder = folder
        self._engine = engine
        self._copies = Copies()
        self._formats: dict[tuple[FileTableOptions, formats.Format, str], Format] = {}

    # -- the port ----------------------------------------------------------------------------------------------------

    def tables(self) -> tuple[str, ...]:
        """Files have no tables before somebody names them."""
        return ()

    def schema(self, name: str, table: SourceTable, known: Schema | None = None) -> Schema:
        """The columns of all files together; those of large ones by their beginning.

        With `known`, a column that fits into its known type has that type: a day on which all prices are whole numbers
        is no change of shape.
        """
        files = self._find(table)
        types = self._typed(table, self._format(table, files).types(files, known), known)
        if not types:
            fix = "wait for a file with something in it, or declare the table's columns with their types"
            raise SourceError(f"no file of {name} has anything in it", where=files[0].shown, fix=fix)
        return Schema(tuple(Column(column, kind) for column, kind in types.items()))

    def unchanged(self, request: Request) -> bool:
        """Whether the very same files are there as last time, with the same content, whenever they were touched."""
        before = unpack(request.marker)
        return before is not None and same_content(seen(self._find(request.table), before), before)

    def read(self, request: Request) -> Reading:
        """All files, or, incrementally, those that are new or changed since the marker."""
        files = self._find(request.table)
        before = unpack(request.marker)
        goes_on = request.table.ingest.mode == "incremental" and before is not None
        known = before or {}
        now = seen(files, known)
        notices: list[str] = []
        files = self._at_rest(files, now, known, notices, goes_on=goes_on)
        wanted = [file for file in files if not goes_on or _is_new(file, now, known)]
        scan = self._scan(request, files, wanted, notices)
        if goes_on:
            notices += _missing(now, known)
        replaces = (FILE_COLUMN,) if goes_on else ()
        return Reading(scan, complete=not goes_on, marker=pack(now), replaces=replaces, notices=notices)

    def sample(self, request: Request, rows: int) -> FileScan:
        """The rows of the first files; the engine reads no more of them than it is asked for."""
        del rows
        files = self._find(request.table)
        scan = self._scan(request, files, files[:FILES_SAMPLED], [])
        return replace(scan, options={**scan.options, "hidden": request.columns}, set_aside=True)

    def close(self) -> None:
        """Remove the copies of files in odd encodings."""
        self._copies.close()

    # -- reading -----------------------------------------------------------------------------------------------------

    def _find(self, table: SourceTable) -> list[File]:
        path = _options(table).path
        return find(self._folder, (path,) if isinstance(path, str) else path)

    def _format(self, table: SourceTable, files: list[File]) -> Format:
        options = _options(table)
        name = formats.format_of(files, options.format)
        key = (options, name, table.bad_rows)
        if key not in self._formats:
            self._formats[key] = self._made(name, options, bad_rows_fail=table.bad_rows == "fail")
        return self._formats[key]

    def _made(self, name: formats.Format, options: FileTableOptions, *, bad_rows_fail: bool) -> Format:
        match name:
            case "csv":
                return CsvFiles(self._engine, self._copies, options, bad_rows_fail=bad_rows_fail)
            case "parquet":
                return ParquetFiles(self._engine)
        return JsonFiles(self._engine, self._copies, options, by_line=name == "ndjson", bad_rows_fail=bad_rows_fail)

    def _scan(self, request: Request, files: list[File], wanted: list[File], notices: list[str]) -> FileScan:
        table, form = request.table, self._format(request.table, files)
        found = form.types(files, request.known)
        # Declared types are the reader's business, but a JSON value that does not fit one would fail the whole read.
        is_cast_later = isinstance(form, JsonFiles) and table.bad_rows == "quarantine"
        typed = found if is_cast_later else self._typed(table, found, request.known)
        loose = {"double", "string"} if table.bad_rows == "quarantine" else {"double"}
        by_name = {name.lower(): _read_as(kind, found.get(name, kind), loose) for name, kind in typed.items()}
        types = {name: by_name.get(name.lower(), "string") for name in request.columns if name != FILE_COLUMN}
        parts = form.parts(wanted, notices)
        if isinstance(form, CsvFiles):
            form.refuse_altered(parts, types, {name.lower() for name, rule in table.columns.items() if rule.type})
        hidden = tuple(name for name, rule in table.columns.items() if rule.is_hidden)
        return FileScan(
            format=formats.format_of(files, _options(table).format),
            files=tuple(part.path for part in parts),
            options={"groups": groups(parts), "hidden": hidden, "rejects": form.rejects(wanted)},
            types=types,
            file_column=FILE_COLUMN,
            set_aside=table.bad_rows == "quarantine",
        )

    def _typed(self, table: SourceTable, found: dict[str, str], known: Schema | None) -> dict[str, str]:
        """The columns with declared types in place of those that were found; where no file has any, the known ones."""
        declared = {name.lower(): rule.type for name, rule in table.columns.items() if rule.type}
        if not found and known:
            found = {column.name: column.type for column in known if column.name != FILE_COLUMN}
        if not found:
            return {name: rule.type for name, rule in table.columns.items() if rule.type}
        return {name: declared.get(name.lower(), kind) for name, kind in found.items()}

    def _at_rest(
        self, files: list[File], now: Marker, before: Marker, notices: list[str], *, goes_on: bool
    ) -> list[File]:
        """The files without those that are being written just now: these wait for the next time."""
        growing = [file for file in files if file.moved_on()]
        for file in growing:
            if file.shown in before and not goes_on:
                raise SourceUnavailable(
                    "the file is being written to", where=file.shown, fix="run again when it is whole"
                )
            now.pop(file.shown)
            now.update({file.shown: before[file.shown]} if file.shown in before else {})
            notices.append(f"{file.shown} is being written to: it is left for the next run")
        rest = [file for file in files if file not in growing]
        if not rest:
            raise SourceUnavailable(
                "the file is being written to", where=growing[0].shown, fix="run again when it is whole"
            )
        return rest


def _options(table: SourceTable) -> FileTableOptions:
    assert isinstance(table.options, FileTableOptions), "the project's reader checks options against the source's kind"
    return table.options


def _read_as(declared: str, found: str, loose: set[str]) -> str:
    """How a column is read. The reader would round fractions to whole numbers; on arrival they are refused."""
    return found if declared in {"int", "long"} and found in loose else declared


def _is_new(file: File, now: Marker, before: Marker) -> bool:
    return file.shown not in before or before[file.shown].digest != now[file.shown].digest


def _missing(now: Marker, before: Marker) -> list[str]:
    gone = sorted(set(before) - set(now))
    if not gone:
        return []
    some = ", ".join(gone[:_NAMES_SHOWN]) + (" …" if len(gone) > _NAMES_SHOWN else "")
    return [f"files that are gone: {some}. Their rows stay; mode full would remove them"]
