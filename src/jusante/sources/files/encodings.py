"""How the text in files is encoded. What is not UTF-8 is read as Latin-1, which reads anything, and that is said."""

import codecs
import gzip
from pathlib import Path
from typing import IO

_BLOCK = 1024 * 1024
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def by_encoding(files: list[Path], declared: str) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """The files in groups of one encoding, and what to tell: which ones had to be guessed."""
    groups: dict[str, list[str]] = {}
    notices = []
    for path in files:
        encoding = declared if declared != "auto" else detect(path)
        groups.setdefault(encoding, []).append(str(path))
        if declared == "auto" and encoding == "latin-1":
            notices.append(f"{path.name} is not UTF-8: it was read as latin-1")
    return list(groups.items()), notices


def detect(path: Path) -> str:
    """utf-8 where the whole file is, utf-16 where it begins with that mark, else latin-1. Compressed .zst: utf-8."""
    if path.suffix in {".zst", ".zstd"}:
        return "utf-8"
    with _opened(path) as file:
        start = file.read(2)
        if start in _MARKS:
            return "utf-16"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(start)
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]  # a GzipFile reads bytes
