"""CSV files: dialect and names by the first line, types by all values of all files together."""

from collections.abc import Iterable
from typing import Any

from jusante.core.names import quote
from jusante.core.schema import Schema
from jusante.errors import SourceError
from jusante.ports.engine import Engine, Reject
from jusante.ports.relation import FileScan
from jusante.sources.files import FileTableOptions, kinds
from jusante.sources.files.content import Content, compression, examine, first_line, open_quote
from jusante.sources.files.copies import Copies
from jusante.sources.files.header import Header, read_header
from jusante.sources.files.listing import File
from jusante.sources.files.shape import (
    FILE_COLUMN,
    SAMPLE_CHARACTERS,
    WHOLE_BYTES,
    Part,
    Shape,
    groups,
    no_file_column,
    settled,
)

_READ = "files.rows"
_PLAIN = {"utf-8", "utf-8-sig", "ascii"}


class CsvFiles:
    """The CSV files of one table."""

    def __init__(self, engine: Engine, copies: Copies, options: FileTableOptions, *, bad_rows_fail: bool) -> None:
        self._engine = engine
        self._copies = copies
        self._options = options
        self._quote = '"' if options.quote is None else options.quote
        self._bad_rows_fail = bad_rows_fail
        self._shapes: dict[File, Shape] = {}

    def types(self, files: Iterable[File], known: Schema | None) -> dict[str, str]:
        """The columns of all files, each with its type."""
        listed = list(files)
        unseen = [file for file in listed if file not in self._shapes]
        parts = [part for file in unseen if (part := self._part(file, _limit(file), []))]
        self._shapes |= {file: Shape({}) for file in unseen} | self._looked_at(parts)
        return settled((self._shapes[file] for file in listed), known, bad_rows_fail=self._bad_rows_fail)

    def parts(self, files: Iterable[File], notices: list[str]) -> list[Part]:
        """How the engine reads the files."""
        found = [part for file in files if (part := self._part(file, None, notices))]
        shapes = {part.file.shown: self._shapes.get(part.file) for part in found}
        bare = [name for name, shape in shapes.items() if shape and not any(shape.columns.values())]
        notices += [f"{name} has a header and no rows that can be read" for name in bare]
        return found

    def rejects(self, files: Iterable[File]) -> tuple[Reject, ...]:
        """None: the engine finds them while it reads."""
        del files
        return ()

    def refuse_altered(self, parts: Iterable[Part], types: dict[str, str], declared: set[str]) -> None:
        """Raise SourceError where a value, further down than types were looked for, would silently become another."""
        large = [part for part in parts if _limit(part.file)]
        tests = {
            name: test
            for name, kind in types.items()
            if name.lower() not in declared and (test := kinds.altered(quote(name), kind))
        }
        if not large or not tests:
            return
        checks = ", ".join(f"bool_or({test})" for test in tests.values())
        for file, *altered in self._asked(large, dict.fromkeys(tests, "string"), checks):
            if name := next((name for name, is_altered in zip(tests, altered, strict=True) if is_altered), None):
                raise SourceError(
                    f"column {name} has values further down that as {types[name]} would not be what is written (00123, 1.5)",
                    where=file,
                    fix=f"declare `columns: {{{name}: {{type: string}}}}`, or the type that they have to become",
                )

    def _looked_at(self, parts: list[Part]) -> dict[File, Shape]:
        names = {name.lower(): name for part in reversed(parts) for name in part.columns}
        ordered = list(names.values())
        found: dict[str, dict[str, dict[int, int]]] = {}
        if parts:
            sums = ", ".join(f"histogram({kinds.text_kind(quote(name))})" for name in ordered)
            for file, *counts in self._asked(parts, dict.fromkeys(ordered, "string"), sums):
                found[file] = {name.lower(): dict(pairs) for name, pairs in zip(ordered, counts, strict=True)}
        return {
            part.file: Shape({name: found.get(part.file.shown, {}).get(name.lower(), {}) for name in part.columns})
            for part in parts
        }

    def _asked(self, parts: list[Part], types: dict[str, str], sql: str) -> list[tuple[Any, ...]]:
        """Aggregates of the texts in each file; rows that cannot be read are no part of them."""
        paths = tuple(part.path for part in parts)
        scan = FileScan("csv", paths, {"groups": groups(parts)}, types, FILE_COLUMN, set_aside=True)
        with self._engine.session({_READ: scan}) as session:
            return session.rows(f"select {FILE_COLUMN}, {sql} from {_READ} group by {FILE_COLUMN}")

    def _part(self, file: File, limit: int | None, notices: list[str]) -> Part | None:
        if not file.size:
            notices.append(f"{file.shown} is empty")
            return None
        content = examine(file, self._options.encoding, self._quote, limit)
        if content.is_blank:
            notices.append(f"{file.shown} is empty")
            return None
        is_named = self._options.header is not False
        header = read_header(
            first_line(file, content.encoding), self._options.delimiter, self._quote, is_named=is_named
        )
        no_file_column(header.names, file.shown)
        notices += _told(file, content, self._options.encoding, header.changed)
        is_read_as_it_is = content.encoding in _PLAIN and not content.line_ends_differ and limit is None
        options = {
            "delim": header.delimiter,
            "quote": self._quote,
            "escape": self._quote,
            "header": is_named,
            "skip": header.skip,
            "nullstr": ("", *self._options.null_values),
            "compression": compression(file.path) if is_read_as_it_is else "none",
            "parallel": None if limit or not content.needs_whole_reading else self._in_one_piece(file, content, header),
        }
        path = file.path.as_posix() if is_read_as_it_is else self._copies.of(file, content, limit)
        return Part(file, path, header.names, options)

    def _in_one_piece(self, file: File, content: Content, header: Header) -> bool:
        """False, as the reader takes it. Read in one piece, a quote that is never closed would swallow rows silently."""
        if line := open_quote(file, content.encoding, header.delimiter, self._quote):
            fix = "close the quote, or set `quote: ''` if quotes are letters like others"
            raise SourceError("a quote is opened and not closed", where=f"{file.shown}:{line}", fix=fix)
        return False


def _limit(file: File) -> int | None:
    """How much of a file is looked at for types: all of it, unless it is large. A compressed one holds more than it weighs."""
    size = file.size if compression(file.path) == "none" else file.size * 8
    return SAMPLE_CHARACTERS if size > WHOLE_BYTES else None


def _told(file: File, content: Content, declared: str, changed: tuple[str, ...]) -> list[str]:
    told = []
    if declared == "auto" and content.encoding in {"cp1252", "latin-1"}:
        told.append(f"{file.shown} is not UTF-8: it was read as {content.encoding}")
    if content.line_ends_differ:
        told.append(f"{file.shown} has rows that end in CR LF and rows that end in LF: all were read as LF")
    if changed:
        told.append(f"{file.shown} has columns without a name of their own: they are called {', '.join(changed)}")
    return told
