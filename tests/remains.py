"""What is left on a disk: every file below a folder, looked at as bytes, and as what the bytes say once unpacked."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq


def holding(folder: Path, *values: str) -> set[str]:
    """The files below a folder that hold any of the values, wherever in them: `path: value`."""
    wanted = [value.encode() for value in values]
    return {
        f"{path.relative_to(folder)}: {value.decode()}"
        for path in folder.rglob("*")
        if path.is_file()
        for content in _contents(path)
        for value in wanted
        if value in content
    }


def _contents(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".parquet" and raw[:4] == b"PAR1" == raw[-4:]:
        yield repr(pq.ParquetFile(path).read().to_pydict()).encode()
        yield repr(pq.ParquetFile(path).metadata.to_dict()).encode()
    elif path.suffix == ".avro":
        yield from _inflated(raw)
    elif raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)


def _inflated(raw: bytes) -> Iterator[bytes]:
    """The blocks of an Avro file that are packed by deflate: whatever can be unpacked, from wherever it begins."""
    for start in range(len(raw)):
        unpacker = zlib.decompressobj(-15)
        try:
            found = unpacker.decompress(raw[start:])
        except zlib.error:
            continue
        if unpacker.eof and len(found) > 8:
            yield found
