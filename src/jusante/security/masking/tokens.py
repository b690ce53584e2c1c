"""Values as tokens that can be turned back, by AES-256-SIV (RFC 5297): equal values of one key give equal tokens.

A token is `t` and the sealed value, or `s`, the pseudonym of the person whose key sealed it, and the sealed value; both in
the alphabet of URLs (RFC 4648, section 5).
"""

import base64
import binascii
import threading
from collections import OrderedDict
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from jusante.errors import UsageError
from jusante.security.masking.keys import MaskKeys
from jusante.security.masking.subjects import PSEUDONYM_BYTES, Subjects

_MARK = b"1"
MOST_REMEMBERED = 100_000
"""How many tokens are kept, so that a value which comes again is not sealed again."""


class Tokens:
    """Makes tokens and turns them back. Several threads may ask."""

    def __init__(self, keys: MaskKeys, subjects: Subjects) -> None:
        self._keys = keys
        self._subjects = subjects
        self._made: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, values: Iterable[str | None]) -> list[str | None]:
        """The tokens of values, by the project's key."""
        with self._lock:
            return [None if value is None else self._made.get(value) or self._make(value) for value in values]

    def of_subjects(self, kind: str, persons: Iterable[str | None], values: Iterable[str | None]) -> list[str | None]:
        """The tokens of values, each by the key of the person it is about; by the project's where that is nobody."""
        named = list(persons)
        ciphers = self._subjects.ciphers(kind, {person for person in named if person is not None})
        with self._lock:
            return [
                None
                if value is None
                else self._made.get(value) or self._make(value)
                if person is None
                else _token(*ciphers[person], value)
                for person, value in zip(named, values, strict=True)
            ]

    def open(self, token: str) -> str | None:
        """The value of a token; None where the key of its person is gone. Raises UsageError for what is no token."""
        sealed = _unpacked(token)
        if token[0] == "t":
            return _opened(self._cipher, sealed)
        cipher = self._subjects.cipher_of(sealed[:PSEUDONYM_BYTES])
        return _opened(cipher, sealed[PSEUDONYM_BYTES:]) if cipher else None

    @cached_property
    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        return AESSIV(self._keys.token)

    def _make(self, value: str) -> str:
        made = self._made[value] = "t" + _packed(_sealed(self._cipher, value))
        while len(self._made) > MOST_REMEMBERED:
            self._made.popitem(last=False)
        return made


def _token(pseudonym: bytes, cipher: Any, value: str) -> str:
    return "s" + _packed(pseudonym + _sealed(cipher, value))


def _opened(cipher: Any, sealed: bytes) -> str:
    from cryptography.exceptions import InvalidTag

    try:
        opened: bytes = cipher.decrypt(sealed, None)
    except InvalidTag:
        raise UsageError(
            "a token was not made with this project's key, or is not whole",
            fix="see `keys: {masks: …}` in jusante.yaml, and copy the whole of the token",
        ) from None
    return opened[len(_MARK) :].decode()


def _sealed(cipher: Any, value: str) -> bytes:
    # The mark before it is there because nothing cannot be sealed, and an empty text can be a value.
    sealed: bytes = cipher.encrypt(_MARK + value.encode(), None)
    return sealed


def _packed(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _unpacked(token: str) -> bytes:
    try:
        if token[:1] not in {"t", "s"}:
            raise binascii.Error
        return base64.urlsafe_b64decode(token[1:] + "=" * (-len(token[1:]) % 4))
    except (binascii.Error, ValueError):
        raise UsageError("this is no token", fix="tokens begin with t or s, and are one long word") from None
