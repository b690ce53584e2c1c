"""Where the keys of single persons rest, wrapped, and who has been erased."""

from collections.abc import Collection, Mapping
from typing import Protocol


class KeyStore(Protocol):
    """Keys by pseudonym, and the pseudonyms of the erased. It learns no name and no key. Errors are `StorageError`s."""

    def keys(self, pseudonyms: Collection[bytes]) -> Mapping[bytes, bytes]:
        """The wrapped keys of those who have one."""

    def add(self, wrapped: Mapping[bytes, bytes]) -> Mapping[bytes, bytes]:
        """Keep keys; durable when it returns. Who has one already keeps it: the keys that hold now come back."""

    def forget(self, pseudonym: bytes) -> bool:
        """Destroy a key, so that its bytes are nowhere in the store; whether there was one."""

    def bury(self, kind: str, pseudonym: bytes) -> None:
        """Remember that a person is erased. Durable when it returns; twice is once."""

    def buried(self, kind: str) -> frozenset[bytes]:
        """The erased of a kind of person."""

    def close(self) -> None:
        """Let go of connections."""
