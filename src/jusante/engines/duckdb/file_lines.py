"""Line numbers in CSV files as an editor shows them. DuckDB counts rows, of which one may go over several lines."""

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

_BLOCK_BYTES = 1024 * 1024


def line_of_row(path: str, row: int, options: Mapping[str, Any]) -> int:
    """The line on which a row begins, counted from 1 as rows are, header and blank lines included.

    All rows before it are well formed. `options` are those of the reader. What cannot be told is the row's own number.
    """
    quote = options.get("quote", '"')
    quoting: dict[str, Any] = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    try:
        with _opened(path, options) as content, io.TextIOWrapper(content, "utf-8-sig", newline="") as text:
            reader = csv.reader(text, delimiter=options.get("delim", ","), **quoting)
            for _ in range(row - 1):
                next(reader)
            return reader.line_num + 1
    except (OSError, ValueError, EOFError, StopIteration, csv.Error):
        return row


def lines_at(path: str, positions: Iterable[int], options: Mapping[str, Any]) -> dict[int, int]:
    """The line at each position, in bytes of the content. Empty where lines do not end in LF, or cannot be told."""
    waiting = sorted(set(positions), reverse=True)
    found: dict[int, int] = {}
    read, ends = 0, 0
    try:
        with _opened(path, options) as content:
            while waiting and (block := content.read(_BLOCK_BYTES)):
                while waiting and waiting[-1] <= read + len(block):
                    position = waiting.pop()
                    found[position] = 1 + ends + block.count(b"\n", 0, position - read)
                read, ends = read + len(block), ends + block.count(b"\n")
    except (OSError, EOFError):
        return {}
    return found if ends else {}


def _opened(path: str, options: Mapping[str, Any]) -> IO[bytes]:
    match options.get("compression"):
        case "gzip":
            return gzip.open(path)  # type: ignore[return-value]  # a GzipFile is one
        case "zstd":
            import pyarrow as pa

            unpacked: IO[bytes] = pa.CompressedInputStream(pa.OSFile(path), "zstd")
            return unpacked
    return Path(path).open("rb")
