"""Reads files by glob. The marker is the list of files that were read, by size, time and a hash of their content."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from jusante.core.schema import Column, Schema
from jusante.core.source import Source, SourceTable
from jusante.errors import SourceError
from jusante.ports.connector import Reading, Request
from jusante.ports.engine import Engine
from jusante.ports.relation import FileScan
from jusante.sources.files import FileTableOptions
from jusante.sources.files.encodings import by_encoding
from jusante.sources.files.guessing import Shape, shape_of, types_of
from jusante.sources.files.leading_zeros import text_columns
from jusante.sources.files.listing import Seen, changed, find, seen

FILE_COLUMN = "_file"
Format = Literal["csv", "json", "ndjson", "parquet"]
_FORMATS: Mapping[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
}


class FilesConnector:
    """The files of one source; paths are relative to the project."""

    def __init__(self, source: Source, folder: Path, engine: Engine) -> None:
        self._source = source
        self._folder = folder
        self._engine = engine

    def tables(self) -> tuple[str, ...]:
        """Files have no tables before somebody names them."""
        return ()

    def schema(self, name: str, table: SourceTable) -> Schema:
        """The columns as a sample of every file shows them."""
        scan, _ = self._scan(name, table, self._files(name, table), None)
        if scan is None:
            return Schema(tuple(Column(column, rule.type or "string") for column, rule in table.columns.items()))
        with self._engine.session({f"{self._source.source}.{name}": scan}) as session:
            found = session.schema(
                f'select * exclude ({FILE_COLUMN}) from "{self._source.source}"."{name.replace(chr(34), chr(34) * 2)}"'
            )
        return Schema(tuple(Column(c.name, flat(c.type)) for c in found))

    def unchanged(self, request: Request) -> bool:
        """Whether the very same files are there as last time, none of them changed."""
        if request.marker is None:
            return False
        now = seen(self._folder, self._files(request.name, request.table), _read(request.marker))
        return now == _read(request.marker)

    def read(self, request: Request) -> Reading:
        """All files, or, incrementally, those that are new or changed since the marker."""
        files = self._files(request.name, request.table)
        before = _read(request.marker) if request.marker else {}
        now = seen(self._folder, files, before)
        incremental = request.table.ingest.mode == "incremental" and bool(before)
        wanted = [path for path in files if not incremental or changed(self._folder, path, now, before)]
        scan, notices = self._scan(request.name, request.table, wanted, request.known)
        if scan is None:
            raise SourceError(f"{request.name} has no file with anything in it", where=self._paths(request.table)[0])
        gone = sorted(set(before) - set(now))
        if incremental and gone:
            notices.append(
                f"{len(gone)} files are gone; their rows stay (mode full would notice): {', '.join(gone[:3])}"
            )
        return Reading(
            relation=scan,
            complete=not incremental,
            marker=json.dumps(now),
            replaces=(FILE_COLUMN,) if incremental else (),
            notices=notices,
        )

    def close(self) -> None:
        """Nothing is kept open."""

    def _paths(self, table: SourceTable) -> tuple[str, ...]:
        assert isinstance(table.options, FileTableOptions)
        return (table.options.path,) if isinstance(table.options.path, str) else table.options.path

    def _files(self, name: str, table: SourceTable) -> list[Path]:
        files = find(self._folder, self._paths(table))
        if not files:
            raise SourceError(
                f"no file matches {', '.join(self._paths(table))}",
                where=f"{self._source.source}.{name}",
                fix="paths are relative to the project; see the folder's name",
            )
        return files

    def _scan(
        self, name: str, table: SourceTable, files: list[Path], known: Schema | None
    ) -> tuple[FileScan | None, list[str]]:
        options = table.options
        assert isinstance(options, FileTableOptions)
        filled = [path for path in files if path.stat().st_size]
        notices = [f"{path.name} is empty" for path in files if not path.stat().st_size]
        if not filled:
            return None, notices
        kind = options.format or format_of(filled[0])
        others = {options.format or format_of(path) for path in filled} - {kind}
        if others:
            raise SourceError(
                f"{name} has files of several formats: {kind} and {others.pop()}", fix="give each format a table"
            )
        reading: dict[str, object] = {"folder": f"{self._folder.as_posix()}/"}
        types = {column: rule.type for column, rule in table.columns.items() if rule.type}
        if kind == "csv":
            groups, said = by_encoding(filled, options.encoding)
            notices += said
            reading |= {"groups": groups, **_csv_options(options)}
            text = dict.fromkeys(text_columns(filled, groups, options.delimiter), "string")
            types = {**({c.name: c.type for c in known} if known else text), **types}
            types.pop(FILE_COLUMN, None)
            types = _present(types, filled, groups, options)
            if table.bad_rows == "quarantine":
                types = _shaped(reading, types, groups, options)
        scan = FileScan(
            kind, tuple(str(path) for path in filled), reading, types, FILE_COLUMN, table.bad_rows == "quarantine"
        )
        return scan, notices


def _present(
    types: dict[str, str], files: list[Path], groups: list[tuple[str, list[str]]], options: FileTableOptions
) -> dict[str, str]:
    """Only the types of columns that the files have: DuckDB refuses a type for a column that is not there."""
    from jusante.sources.files.leading_zeros import header

    names = {name.lower() for name in header(files, groups, options.delimiter)}
    return {name: kind for name, kind in types.items() if name.lower() in names}


def _shaped(
    reading: dict[str, object], types: dict[str, str], groups: list[tuple[str, list[str]]], options: FileTableOptions
) -> dict[str, str]:
    """Say what each file's columns are, since a file with bad rows defies being looked at; the types of all columns."""
    shapes: dict[str, Shape] = {}
    found: dict[str, str] = {}
    for encoding, members in groups:
        for file in members:
            shapes[file] = shape_of(Path(file), encoding, options.delimiter)
            for name, kind in types_of(Path(file), encoding, shapes[file][0]).items():
                found[name] = kind if found.get(name, kind) == kind else "string"
    reading["shapes"] = shapes
    return {**found, **types}


def _csv_options(options: FileTableOptions) -> dict[str, object]:
    given = {
        "delim": options.delimiter,
        "quote": options.quote,
        "header": options.header,
        "nullstr": list(options.null_values),
    }
    return {name: value for name, value in given.items() if value not in (None, [])}


def format_of(path: Path) -> Format:
    """The format of a file by its ending, compression aside. Raises SourceError for an unknown one."""
    suffixes = [suffix for suffix in path.suffixes if suffix not in {".gz", ".zst", ".zstd"}]
    if not suffixes or suffixes[-1].lower() not in _FORMATS:
        raise SourceError(
            f"the format of {path.name} is not known", where=str(path), fix="say `format: csv` (json, ndjson, parquet)"
        )
    return _FORMATS[suffixes[-1].lower()]


def flat(kind: str) -> str:
    """Nested objects arrive as JSON text, so that a new key in them changes no type."""
    return "string" if kind.startswith(("struct<", "map<", "list<struct", "list<map", "list<list")) else kind


def _read(marker: str) -> Seen:
    return {file: tuple(parts) for file, parts in json.loads(marker).items()}
