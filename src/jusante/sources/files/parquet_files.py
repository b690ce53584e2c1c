"""Parquet files: names and types are in them; columns are matched by name."""

from collections.abc import Iterable

from jusante.core.schema import Schema
from jusante.errors import EngineError, SourceError
from jusante.ports.engine import Engine, Reject
from jusante.ports.relation import FileScan
from jusante.sources.files.listing import File
from jusante.sources.files.shape import FILE_COLUMN, Part, groups, no_file_column

_READ = "files.rows"


class ParquetFiles:
    """The Parquet files of one table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._types: dict[tuple[File, ...], dict[str, str]] = {}

    def types(self, files: Iterable[File], known: Schema | None) -> dict[str, str]:
        """The columns of all files, each with the type that holds those of all."""
        del known  # the files say themselves what they hold
        filled = tuple(file for file in files if file.size)
        if not filled:
            return {}
        if filled not in self._types:
            self._types[filled] = self._described(filled)
            self._refuse_file_column(filled)
        return self._types[filled]

    def parts(self, files: Iterable[File], notices: list[str]) -> list[Part]:
        """How the engine reads the files."""
        listed = list(files)
        notices += [f"{file.shown} is empty" for file in listed if not file.size]
        filled = [file for file in listed if file.size]
        names = tuple(self.types(filled, None))
        return [Part(file, file.path.as_posix(), names) for file in filled]

    def rejects(self, files: Iterable[File]) -> tuple[Reject, ...]:
        """None: a Parquet file is whole or damaged."""
        del files
        return ()

    def _refuse_file_column(self, files: tuple[File, ...]) -> None:
        if any(name.lower() == FILE_COLUMN for name in self._types[files]):
            for file in files:
                no_file_column(self._described((file,)), file.shown)

    def _described(self, files: tuple[File, ...]) -> dict[str, str]:
        parts = [Part(file, file.path.as_posix(), ()) for file in files]
        scan = FileScan("parquet", tuple(part.path for part in parts), {"groups": groups(parts)})
        try:
            with self._engine.session({_READ: scan}) as session:
                return {column.name: column.type for column in session.schema(f"select * from {_READ}")}
        except EngineError as error:  # the engine does not always say which file it was
            if len(files) == 1:
                fix = "replace the file, or leave it out of `path`"
                raise SourceError(f"the file cannot be read: {error.what}", where=files[0].shown, fix=fix) from None
            for file in files:
                self._described((file,))
            raise
