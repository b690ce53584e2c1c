"""The keys of masks, all made from one secret of the project: HMAC-SHA-256 (RFC 2104) with a label for each use."""

import hmac
from functools import cached_property
from typing import Literal

from jusante.core.secret import Secret

_Use = Literal["id", "hash", "token 1", "token 2", "wrap 1", "wrap 2", "subject"]


class MaskKeys:
    """What hashes, tokens and pseudonyms are made with. Nothing of it is printed."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    @cached_property
    def id(self) -> str:
        """Tells one key from another, and nothing else of it."""
        return self._derived("id").hex()[:16]

    @cached_property
    def hash(self) -> bytes:
        """What values are hashed with."""
        return self._derived("hash")

    @cached_property
    def token(self) -> bytes:
        """What tokens are made with where a table has no subject: 64 bytes, for AES-256-SIV."""
        return self._derived("token 1") + self._derived("token 2")

    @cached_property
    def wrap(self) -> bytes:
        """What the keys of single persons are wrapped in: 64 bytes, for AES-256-SIV."""
        return self._derived("wrap 1") + self._derived("wrap 2")

    @cached_property
    def subject(self) -> bytes:
        """What persons are named with where their own names must not be told."""
        return self._derived("subject")

    def hashed(self, text: str) -> str:
        """A value's hash, as the engine makes it: 64 hexadecimal digits."""
        return hmac.digest(self.hash, text.encode(), "sha256").hex()

    def pseudonym(self, kind: str, text: str) -> bytes:
        """A person's name in places that must not know it: 16 bytes, the same each time."""
        return hmac.digest(self.subject, f"{kind}\0{text}".encode(), "sha256")[:16]

    def _derived(self, use: _Use) -> bytes:
        return hmac.digest(self._secret.reveal().encode(), f"jusante masks 1 {use}".encode(), "sha256")

    def __repr__(self) -> str:
        return f"MaskKeys({self.id})"
