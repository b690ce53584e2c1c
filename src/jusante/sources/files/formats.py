"""Formats of files, by ending or as declared."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from jusante.errors import SourceError
from jusante.sources.files.content import COMPRESSED
from jusante.sources.files.listing import File

Format = Literal["csv", "json", "ndjson", "parquet"]
_ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def format_of(files: Sequence[File], declared: Format | None) -> Format:
    """The one format of a table's files. Raises SourceError where they have several, or one that is not known."""
    found = {declared or _by_ending(file): file for file in files}
    if len(found) > 1:
        names = " and ".join(f"{file.shown} is {name}" for name, file in sorted(found.items()))
        raise SourceError(
            f"the files have several formats: {names}", where=files[0].shown, fix="make a table for each format"
        )
    return next(iter(found))


def _by_ending(file: File) -> Format:
    suffixes = [suffix.lower() for suffix in Path(file.shown).suffixes]
    while suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    if not suffixes or suffixes[-1] not in _ENDINGS:
        raise SourceError(
            "the format of the file is not known", where=file.shown, fix="say `format: csv` (json, ndjson, parquet)"
        )
    return _ENDINGS[suffixes[-1]]
