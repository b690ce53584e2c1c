"""The text in files: how it is encoded, whether it is whole, and a copy in UTF-8 where the engine could not read it.

The engine reads a compressed file that was cut short without a word; here it is found.
"""

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from jusante.errors import SourceError
from jusante.sources.files.listing import File

COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_BLOCK_CHARACTERS = 1024 * 1024
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_GUESSES = ("utf-8", "cp1252", "latin-1")
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Content:
    """What a file's text is like. `line_ends_differ`: some rows end in CR LF and some in LF, which the engine refuses."""

    encoding: str
    is_blank: bool
    line_ends_differ: bool

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
    for encoding in _candidates(file, declared):
        try:
            return _examined(file, encoding, quote, limit)
        except UnicodeDecodeError:
            continue
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


def _candidates(file: File, declared: str) -> tuple[str, ...]:
    with _bytes(file) as opened:
        start = _told(file, lambda: opened.read(4))
    marked = next((encoding for mark, encoding in _MARKS.items() if start.startswith(mark)), None)
    if declared != "auto":
        name = codecs.lookup(declared).name
        return ("utf-8-sig",) if name == "utf-8" and marked == "utf-8-sig" else (name,)
    return (marked,) if marked else _GUESSES


def _examined(file: File, encoding: str, quote: str, limit: int | None) -> Content:
    windows = unix = 0
    is_blank, cut = True, False
    with _text(file, encoding) as text:
        read = 0
        for block in _blocks(file, text):
            crlf = block.count("\r\n")
            windows, unix = windows + crlf, unix + block.count("\n") - crlf
            is_blank = is_blank and block.isspace()
            read += len(block)
            if limit is not None and read >= limit:
                cut = True
                break
    differ = bool(windows and unix) and _differ_outside_quotes(file, encoding, quote, read if cut else None)
    return Content(encoding, is_blank, differ)


def _differ_outside_quotes(file: File, encoding: str, quote: str, limit: int | None) -> bool:
    """Whether rows end in two ways. A line end between quotes belongs to a value, and may be of any kind."""
    inside = windows = unix = False
    read = 0
    with _text(file, encoding) as text:
        for block in _blocks(file, text):
            for number, piece in enumerate(block.split(quote) if quote else [block]):
                inside = inside != (number > 0)
                if not inside:
                    crlf = piece.count("\r\n")
                    windows, unix = windows or crlf > 0, unix or piece.count("\n") > crlf
            read += len(block)
            if (windows and unix) or (limit is not None and read >= limit):
                break
    return windows and unix


def _blocks(file: File, text: IO[str]) -> Iterator[str]:
    """The text piece by piece, never cut within a CR LF."""
    while block := _told(file, lambda: text.read(_BLOCK_CHARACTERS)):
        yield block + _told(file, lambda: text.read(1)) if block.endswith("\r") else block


def _told(file: File, read: Callable[[], _Read]) -> _Read:
    """What `read` gives; what goes wrong is told with the file's name."""
    try:
        return read()
    except EOFError:
        raise SourceError(
            "the compressed file is cut short",
            where=file.shown,
            fix="see that it was written to its end, then run again",
        ) from None
    except (OSError, zlib.error) as error:  # gzip's BadGzipFile and Arrow's errors of reading are OSErrors
        raise SourceError(f"the file is damaged: {error}", where=file.shown, fix="replace the file") from None


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

    return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")  # type: ignore[no-any-return]  # a NativeFile is a file
