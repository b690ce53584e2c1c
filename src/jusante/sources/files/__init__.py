"""Files as a source: CSV, JSON, NDJSON and Parquet by glob; only new and changed ones are read again."""

import codecs
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from jusante.core.noun import Noun
from jusante.core.source import Source
from jusante.ports.connector import Connector, ConnectorKind
from jusante.ports.engine import Engine


class FileTableOptions(Noun):
    """Where the files of a table are, and how they are written."""

    path: str | tuple[str, ...] = Field(description="A glob, or several, relative to the project: `data/orders_*.csv`.")
    format: Literal["csv", "json", "ndjson", "parquet"] | None = Field(
        None, description="By the files' ending, if not said."
    )
    encoding: str = Field(
        "auto", description="How text is encoded: utf-8, utf-16, cp1252 … Found by looking, if not said."
    )
    delimiter: str | None = Field(None, description="What stands between values (CSV); found by looking, if not said.")
    quote: str | None = Field(None, description="What stands around values (CSV).")
    header: bool | None = Field(None, description="Whether the first line names the columns (CSV).")
    null_values: tuple[str, ...] = Field((), description="Texts that mean that there is no value (CSV).")

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        if value != "auto":
            try:
                codecs.lookup(value)
            except LookupError:
                raise ValueError(
                    f"{value!r} is no encoding; there are utf-8, utf-16, cp1252, latin-1 and more"
                ) from None
        return value

    @field_validator("delimiter", "quote")
    @classmethod
    def _single(cls, value: str | None) -> str | None:
        if value is not None and len(value) > 1:
            raise ValueError(f"{value!r} is more than one character")
        return value


def _open(source: Source, folder: Path, engine: Engine) -> Connector:
    from jusante.sources.files.connector import FilesConnector

    return FilesConnector(source, folder, engine)


files = ConnectorKind(source_options=Noun, table_options=FileTableOptions, open=_open, needs_connection=False)
