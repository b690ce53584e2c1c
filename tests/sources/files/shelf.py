"""A folder of files, and a way to read them as a load does."""

import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from jusante.core.schema import Schema
from jusante.core.source import Source, SourceTable
from jusante.engines.duckdb.engine import DuckDBEngine
from jusante.errors import JusanteError, SourceError
from jusante.ports.connector import Reading, Request
from jusante.ports.engine import Reject
from jusante.sources.files import FileTableOptions, files
from jusante.sources.files.connector import FilesConnector

OPTIONS = set(FileTableOptions.model_fields)
NAME = "t"
Pack = Callable[[Any], bytes]
"""Makes a file's content of a text."""


@dataclass
class Load:
    """What came of one reading. `rows` are by value, without the column `_file`, whose values are in `origins`."""

    names: tuple[str, ...]
    types: Mapping[str, str]
    rows: list[tuple[Any, ...]]
    origins: set[str]
    rejects: list[Reject]
    reading: Reading

    @property
    def marker(self) -> str | None:
        return self.reading.marker

    @property
    def notices(self) -> list[str]:
        return self.reading.notices

    @property
    def row(self) -> dict[str, Any]:
        """The only row."""
        (only,) = self.rows
        return dict(zip(self.names, only, strict=True))

    def column(self, name: str) -> list[Any]:
        place = self.names.index(name)
        return [row[place] for row in self.rows]


class Shelf:
    """Files in a project's folder, as one source. Each reading is by a connector of its own, as in runs one by one."""

    def __init__(self, folder: Path, engine: DuckDBEngine) -> None:
        self.folder = folder
        self.engine = engine
        self._opened: list[FilesConnector] = []

    def put(self, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        """Write a file; a text as it is, without any change of its line ends."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    def connector(self) -> FilesConnector:
        opened = files.open(Source(source="files", kind="files"), self.folder, self.engine)
        assert isinstance(opened, FilesConnector)
        self._opened.append(opened)
        return opened

    def schema(self, path: str | Sequence[str], known: Schema | None = None, **settings: Any) -> dict[str, str]:
        found = self.connector().schema(NAME, table(path, **settings), known)
        return {column.name: column.type for column in found}

    def request(
        self,
        path: str | Sequence[str],
        marker: str | None = None,
        known: Schema | None = None,
        only: tuple[str, ...] | None = None,
        connector: FilesConnector | None = None,
        **settings: Any,
    ) -> Request:
        declared = table(path, **settings)
        names = only or (connector or self.connector()).schema(NAME, declared, known).names
        return Request(NAME, declared, names, marker=marker, known=known)

    def load(self, path: str | Sequence[str], **wanted: Any) -> Load:
        """Read what a load would read. `marker`, `known` and `only` go into the request, the rest into the table."""
        connector = self.connector()
        return self.take(connector.read(self.request(path, connector=connector, **wanted)))

    def take(self, reading: Reading) -> Load:
        with self.engine.session({"it.rows": reading.relation}) as session:
            found = session.schema("select * from it.rows")
            rows = session.rows("select * from it.rows")
            rejects = session.rejects("it.rows")
        assert found.names[-1] == "_file"
        return Load(
            names=found.names[:-1],
            types={column.name: column.type for column in found.columns[:-1]},
            rows=sorted((row[:-1] for row in rows), key=repr),
            origins={row[-1] for row in rows},
            rejects=rejects,
            reading=reading,
        )

    def unchanged(self, path: str | Sequence[str], marker: str | None, **settings: Any) -> bool:
        return self.connector().unchanged(self.request(path, marker=marker, **settings))

    def refusal(self, path: str | Sequence[str], **wanted: Any) -> SourceError:
        """The error that a load raises."""
        try:
            self.load(path, **wanted)
        except SourceError as error:
            return error
        except JusanteError as error:
            raise AssertionError(f"this is told as no fault of the source: {error}") from error
        raise AssertionError("the files could be read")

    def close(self) -> None:
        for connector in self._opened:
            connector.close()


def table(path: str | Sequence[str], **settings: Any) -> SourceTable:
    """A table as a project declares it: `columns`, `bad_rows`, `ingest`, and the options of files beside them."""
    paths = path if isinstance(path, str) else tuple(path)
    options = {name: settings.pop(name) for name in OPTIONS & set(settings)}
    found = SourceTable.model_validate(settings)
    return found.model_copy(update={"options": FileTableOptions.model_validate({"path": paths, **options})})


def gz(text: str | bytes) -> bytes:
    return gzip.compress(text if isinstance(text, bytes) else text.encode(), 1)


def zst(text: str | bytes) -> bytes:
    packed: bytes = pa.Codec("zstd").compress(text if isinstance(text, bytes) else text.encode(), asbytes=True)
    return packed
