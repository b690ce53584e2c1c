"""Lines on disk that nobody else can read: sealed with a key that is in memory only, and gone with this process."""

import secrets
import tempfile
from collections.abc import Iterator
from typing import Any

READ_BYTES = 1 << 20


class SealedLines:
    """A temporary file of lines, written once, then read once; ChaCha20 (RFC 8439) with a key of its own."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

        self._cipher = Cipher(algorithms.ChaCha20(secrets.token_bytes(32), bytes(16)), None)
        self._sealing: Any = self._cipher.encryptor()
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `close`

    def write(self, line: str) -> None:
        """One more line, its end included."""
        self._file.write(self._sealing.update(line.encode()))

    def tell(self) -> int:
        """How many bytes there are."""
        return self._file.tell()

    def lines(self) -> Iterator[str]:
        """All lines, from the first."""
        opening: Any = self._cipher.decryptor()
        self._file.seek(0)
        rest = b""
        while block := self._file.read(READ_BYTES):
            *whole, rest = (rest + opening.update(block)).split(b"\n")
            yield from (line.decode() for line in whole)

    def close(self) -> None:
        """Forget them."""
        self._file.close()
