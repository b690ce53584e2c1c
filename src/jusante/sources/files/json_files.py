"""JSON files: columns are the keys of all records; nested objects stay JSON text, so that a new key in them changes no type."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jusante.core.literals import text
from jusante.core.schema import Schema
from jusante.errors import SourceError
from jusante.ports.engine import Engine, Reject
from jusante.ports.relation import FileScan
from jusante.sources.files import FileTableOptions, kinds
from jusante.sources.files.content import compression, examine
from jusante.sources.files.copies import Copies
from jusante.sources.files.json_lines import broken_lines, copy_sound_lines
from jusante.sources.files.listing import File
from jusante.sources.files.shape import FILE_COLUMN, Part, Shape, groups, no_file_column, settled

_READ = "files.records"
_RECORD = {"records": "false"}
_NO_OBJECT = "coalesce(json_type(json), 'NULL') <> 'OBJECT'"


@dataclass(frozen=True, slots=True)
class Mended:
    """A copy of a file without its broken lines, and these."""

    path: str
    rejects: tuple[Reject, ...]


_WHOLE = Mended("", ())


class JsonFiles:
    """The JSON or NDJSON files of one table."""

    def __init__(
        self, engine: Engine, copies: Copies, options: FileTableOptions, *, by_line: bool, bad_rows_fail: bool
    ) -> None:
        self._engine = engine
        self._bad_rows_fail = bad_rows_fail
        self._copies = copies
        self._options = options
        self._by_line = by_line
        self._shapes: dict[File, Shape] = {}
        self._mended: dict[File, Mended] = {}

    def types(self, files: Iterable[File], known: Schema | None) -> dict[str, str]:
        """The keys of all files, each with the type of its values."""
        listed = list(files)
        unseen = [file for file in listed if file not in self._shapes]
        parts = [part for file in unseen if (part := self._part(file, []))]
        self._shapes |= {file: Shape({}) for file in unseen} | self._looked_at(self._sound(parts))
        _refuse_alike({file.shown: self._shapes[file].columns for file in listed})
        return settled((self._shapes[file] for file in listed), known, bad_rows_fail=True)

    def parts(self, files: Iterable[File], notices: list[str]) -> list[Part]:
        """How the engine reads the files."""
        listed = list(files)
        names = tuple(self.types(listed, None))
        found = [part for file in listed if (part := self._part(file, notices))]
        notices += [f"{part.file.shown} has no records" for part in found if not self._shapes[part.file].columns]
        return [Part(part.file, part.path, names, {**part.options, "records": "true"}) for part in found]

    def rejects(self, files: Iterable[File]) -> tuple[Reject, ...]:
        """The lines of these files that were set aside."""
        return tuple(reject for file in files for reject in self._mended.get(file, _WHOLE).rejects)

    def _part(self, file: File, notices: list[str]) -> Part | None:
        content = examine(file, self._options.encoding, "") if file.size else None
        if content is None or content.is_blank:
            notices.append(f"{file.shown} is empty")
            return None
        if self._options.encoding == "auto" and content.encoding in {"cp1252", "latin-1"}:
            notices.append(f"{file.shown} is not UTF-8: it was read as {content.encoding}")
        if content.edges[0] == "[" and content.edges[-1] != "]" and not self._by_line:
            # The engine takes what there is of a list for all of it.
            fix = "see that it was written to its end, then run again"
            raise SourceError("the JSON is cut short: its list does not end", where=file.shown, fix=fix)
        if file in self._mended:
            return Part(file, self._mended[file].path, (), {"compression": "none"})
        if content.encoding == "utf-8":
            return Part(file, file.path.as_posix(), (), {"compression": compression(file.path)})
        return Part(file, self._copies.of(file, content), (), {"compression": "none"})

    def _sound(self, parts: list[Part]) -> list[Part]:
        """The parts, in place of files with broken lines copies without these, where such are set aside or told by number."""
        if not self._by_line or self._can_be_read(parts):
            return parts
        return [part if self._can_be_read([part]) else self._mend(part) for part in parts]

    def _can_be_read(self, parts: list[Part]) -> bool:
        try:
            return not self._asked(parts, f"select 1 from {_READ} where {_NO_OBJECT} limit 1")
        except SourceError:
            return False

    def _mend(self, part: Part) -> Part:
        encoding = examine(part.file, self._options.encoding, "").encoding
        if self._bad_rows_fail:
            if broken := next(broken_lines(part.file, encoding), None):
                fix = "correct the line, or set `bad_rows: quarantine` on the table"
                raise SourceError(broken.reason, where=f"{part.file.shown}:{broken.line}", fix=fix)
            return part
        target = self._copies.place(part.file)
        rejects = copy_sound_lines(part.file, encoding, target)
        self._mended[part.file] = Mended(target.as_posix(), rejects)
        return Part(part.file, target.as_posix(), (), {"compression": "none"})

    def _looked_at(self, parts: list[Part]) -> dict[File, Shape]:
        if not parts:
            return {}
        keys = self._keys(parts)
        names = list(dict.fromkeys(name for found in keys.values() for name in found))
        for shown, there in keys.items():
            no_file_column(there, shown)
            if "" in there:
                fix = "give it a name: a column has one"
                raise SourceError("there is a record with an empty key", where=shown, fix=fix)
        counts: dict[str, dict[str, dict[int, int]]] = {}
        if names:
            sums = ", ".join(f"histogram({kinds.json_kind(_at(name))})" for name in names)
            for file, *each in self._asked(parts, f"select {FILE_COLUMN}, {sums} from {_READ} group by {FILE_COLUMN}"):
                counts[file] = {name: dict(pairs) for name, pairs in zip(names, each, strict=True)}
        return {
            part.file: Shape({name: counts[part.file.shown][name] for name in keys.get(part.file.shown, ())})
            for part in parts
        }

    def _keys(self, parts: list[Part]) -> dict[str, list[str]]:
        """The keys of the records in each file, by where they stand in them. Raises SourceError for what is no record."""
        odd = (
            [] if self._by_line else self._asked(parts, f"select {FILE_COLUMN} from {_READ} where {_NO_OBJECT} limit 1")
        )
        if odd:
            fix = "a table is made of objects: `[{…}, {…}]`, or one on each line"
            raise SourceError("there is a record that is no JSON object", where=odd[0][0], fix=fix)
        each = f"select {FILE_COLUMN}, unnest(json_keys(json)) as key, generate_subscripts(json_keys(json), 1) as place from {_READ}"
        found: dict[str, list[str]] = {}
        for file, key in self._asked(
            parts, f"select {FILE_COLUMN}, key from ({each}) group by all order by {FILE_COLUMN}, min(place), key"
        ):
            found.setdefault(file, []).append(key)
        return found

    def _asked(self, parts: list[Part], sql: str) -> list[tuple[Any, ...]]:
        read = [Part(part.file, part.path, ("json",), {**part.options, **_RECORD}) for part in parts]
        paths = tuple(part.path for part in parts)
        kind: Literal["json", "ndjson"] = "ndjson" if self._by_line else "json"
        scan = FileScan(kind, paths, {"groups": groups(read)}, {"json": "json"}, FILE_COLUMN)
        with self._engine.session({_READ: scan}) as session:
            return session.rows(sql)


def _at(key: str) -> str:
    """SQL for the value of a key (a JSON pointer, RFC 6901)."""
    return f"json_extract(json, {text('/' + key.replace('~', '~0').replace('/', '~1'))})"


def _refuse_alike(names: Mapping[str, Iterable[str]]) -> None:
    """Raise SourceError where keys, of whichever files, would be one column."""
    seen: dict[str, str] = {}
    for file, there in names.items():
        for name in there:
            other = seen.setdefault(name.lower(), name)
            if other != name:
                fix = "columns have one spelling: correct the files"
                raise SourceError(
                    f"records have keys that differ only in case: {other} and {name}", where=file, fix=fix
                )
