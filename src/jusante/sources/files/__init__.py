"""Files as a source: CSV, JSON, NDJSON and Parquet by glob; only new and changed ones are read again."""

from pathlib import Path
from typing import Literal

from pydantic import Field

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
    encoding: Literal["auto", "utf-8", "utf-16", "latin-1"] = Field("auto", description="How text is encoded (CSV).")
    delimiter: str | None = Field(None, description="What stands between values (CSV); found by looking, if not said.")
    quote: str | None = Field(None, description="What stands around values (CSV).")
    header: bool | None = Field(None, description="Whether the first line names the columns (CSV).")
    null_values: tuple[str, ...] = Field((), description="Texts that mean that there is no value (CSV).")


def _open(source: Source, folder: Path, engine: Engine) -> Connector:
    from jusante.sources.files.connector import FilesConnector

    return FilesConnector(source, folder, engine)


files = ConnectorKind(source_options=Noun, table_options=FileTableOptions, open=_open, needs_connection=False)
