"""The text in files: how it is encoded, whether it is whole, and a copy in UTF-8 where the engine could not read it.

The engine reads a compressed file that was cut short without a word; here it is found.
"""

import codecs
import csv
import gzip
import io
import itertools
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from jusante.errors import SourceError
from jusante.sources.files.listing import File

COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_BLOCK_CHARACTERS = 1024 * 1024
_PIECE_CHARACTERS = 1_900_000  # the engine's pieces are of 8,000,000 bytes, and a character has four at the most
_LONGEST_VALUE = 4_000_000
_END = "\0end of text\0"
_MARKS = {  # the longer ones first: that of UTF-32 begins like that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WIDE = (
    (re.compile(rb"[^\0]\0[^\0]\0", re.DOTALL), "utf-16-le"),
    (re.compile(rb"\0[^\0]\0[^\0]", re.DOTALL), "utf-16-be"),
)
"""What UTF-16 without a mark begins with: letters of scripts that have their first byte zero."""
_GUESSES = ("utf-8", "cp1252", "latin-1")
_CUT_SHORT = "Truncated compressed stream"  # Arrow's words, of zstd
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Content:
    """What a file's text is like. `line_ends_differ`: some rows end in CR LF and some in LF, which the engine refuses.

    `has_quoted_line_ends`: a value goes over several lines. `edges` are the first and the last character that are not
    blank. `size` is in characters.
    """

    encoding: str
    edges: str
    line_ends_differ: bool
    has_quoted_line_ends: bool
    size: int

    @property
    def needs_whole_reading(self) -> bool:
        """Whether the engine would read the text in pieces, of which one may begin in a value that looks like rows."""
        return self.has_quoted_line_ends and self.size > _PIECE_CHARACTERS

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing but blanks."""
        return not self.edges

    @property
    def is_plain(self) -> bool:
        """Whether the engine can read the file as it stands."""
        return self.encoding == "utf-8" and not self.line_ends_differ


def compression(path: Path) -> str:
    """How a file is compressed, by its ending, as the engine calls it."""
    return COMPRESSED.get(path.suffix.lower(), "none")


def examine(file: File, declared: str, quote: str, limit: int | None = None) -> Content:
    """Look at a file's text, or its first `limit` characters. `declared` is an encoding or `auto`.

    Raises SourceError for a file that is cut short or damaged, or is not in the declared encoding.
    """
    candidates = _candidates(file, declared)
    for encoding in candidates:
        try:
            return _examined(file, encoding, quote, limit)
        except UnicodeDecodeError:
            continue
    if declared == "auto":
        what = f"the text is not {candidates[0].removesuffix('-sig')}, as its first bytes say"
        raise SourceError(what, where=file.shown, fix="replace the file, or say its `encoding`")
    raise SourceError(
        f"the text is not {declared}", where=file.shown, fix="leave `encoding` on auto, or name the right one"
    )


def copy_utf8(file: File, content: Content, target: Path, limit: int | None = None) -> None:
    """Write the text as UTF-8 with one kind of line end; with a limit, the whole lines within it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _text(file, content.encoding) as text, target.open("w", encoding="utf-8", newline="") as copy:
        for number, block in enumerate(_blocks(file, text)):
            mended = block.replace("\r\n", "\n") if content.line_ends_differ else block
            if limit is not None and (number + 1) * _BLOCK_CHARACTERS >= limit:
                copy.write(mended.rpartition("\n")[0] + "\n" if len(block) >= _BLOCK_CHARACTERS else mended)
                break
            copy.write(mended)


def first_line(file: File, encoding: str, most: int = _BLOCK_CHARACTERS) -> str:
    """The first characters of a text."""
    with _text(file, encoding) as text:
        return _told(file, lambda: text.read(most))


def lines_of(file: File, encoding: str) -> Iterator[str]:
    """The lines of a text, with their ends."""
    with _text(file, encoding) as text:
        yield from _lines(file, text)


def open_quote(file: File, encoding: str, delimiter: str, quote: str) -> int | None:
    """The line of a row of CSV in which a quote is opened and never closed; None where there is none."""
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_VALUE))
    with _text(file, encoding) as text:
        reader = csv.reader(itertools.chain(_lines(file, text), ["\n", _END]), delimiter=delimiter, quotechar=quote)
        last = line = 1
        try:
            for row in reader:
                if row == [_END]:
                    return None
                last, line = line, reader.line_num + 1
        except csv.Error:  # a value has no end
            return line
    return last  # it took the end for a part of its value


def _lines(file: File, text: IO[str]) -> Iterator[str]:
    try:
        yield from text
    except (EOFError, OSError, zlib.error) as error:
        raise _damaged(file, error) from None


def _candidates(file: File, declared: str) -> tuple[str, ...]:
    with _bytes(file) as opened:
        start = _told(file, lambda: opened.read(4))
    marked = next((encoding for mark, encoding in _MARKS.items() if start.startswith(mark)), None)
    if declared != "auto":
        name = codecs.lookup(declared).name
        return (marked if marked and name.startswith(marked.removesuffix("-sig")) else name,)
    found = marked or next((encoding for pattern, encoding in _WIDE if pattern.match(start)), None)
    return (found,) if found else _GUESSES


def _examined(file: File, encoding: str, quote: str, limit: int | None) -> Content:
    edges, read = "", 0
    ends = _LineEnds(quote)
    with _text(file, encoding) as text:
        for block in _blocks(file, text):
            ends.look_at(block)
            if stripped := block.strip():
                edges = (edges or stripped)[0] + stripped[-1]
            read += len(block)
            if limit is not None and read >= limit:
                break
    return Content(encoding, edges, bool(ends.windows and ends.unix), ends.are_quoted, read)


class _LineEnds:
    """The line ends in a text: how many rows end in CR LF and how many in LF, and whether values hold any."""

    def __init__(self, quote: str) -> None:
        self._quote = quote
        self._is_inside = False
        self.windows = self.unix = 0
        self.are_quoted = False

    def look_at(self, block: str) -> None:
        """The next block of the text; none ends within a CR LF."""
        pieces = block.split(self._quote) if self._quote else [block]
        inside, outside = (0, 1) if self._is_inside else (1, 0)
        rows = " ".join(pieces[outside::2])
        crlf = rows.count("\r\n")
        self.windows, self.unix = self.windows + crlf, self.unix + rows.count("\n") - crlf
        values = " ".join(pieces[inside::2])
        self.are_quoted = self.are_quoted or "\n" in values or "\r" in values
        self._is_inside = self._is_inside != (len(pieces) % 2 == 0)


def _blocks(file: File, text: IO[str]) -> Iterator[str]:
    """The text piece by piece, never cut within a CR LF."""
    while block := _told(file, lambda: text.read(_BLOCK_CHARACTERS)):
        yield block + _told(file, lambda: text.read(1)) if block.endswith("\r") else block


def _told(file: File, read: Callable[[], _Read]) -> _Read:
    """What `read` gives; what goes wrong is told with the file's name."""
    try:
        return read()
    except (EOFError, OSError, zlib.error) as error:  # gzip's BadGzipFile and Arrow's errors of reading are OSErrors
        raise _damaged(file, error) from None


def _damaged(file: File, error: Exception) -> SourceError:
    if isinstance(error, EOFError) or _CUT_SHORT in str(error):
        fix = "see that it was written to its end, then run again"
        return SourceError("the compressed file is cut short", where=file.shown, fix=fix)
    return SourceError(f"the file is damaged: {error}", where=file.shown, fix="replace the file")


def _text(file: File, encoding: str) -> IO[str]:
    return io.TextIOWrapper(_bytes(file), encoding, newline="")


def _bytes(file: File) -> IO[bytes]:
    try:
        match compression(file.path):
            case "gzip":
                return gzip.open(file.path, "rb")  # type: ignore[return-value]  # a GzipFile is one
            case "zstd":
                return _zstd(file.path)
        return file.path.open("rb")
    except PermissionError:
        raise SourceError(
            "the file may not be read", where=file.shown, fix="give this user the right to read it"
        ) from None
    except OSError as error:
        raise SourceError(f"the file cannot be read: {error.strerror or error}", where=file.shown) from None


def _zstd(path: Path) -> IO[bytes]:
    import pyarrow as pa

    unpacked: IO[bytes] = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    return unpacked
