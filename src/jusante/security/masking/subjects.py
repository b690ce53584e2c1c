"""A key for each person, so that what was sealed with it is gone for good when the key is."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

from jusante.ports.key_store import KeyStore
from jusante.security.masking.keys import MaskKeys

KEY_BYTES = 64
PSEUDONYM_BYTES = 16
MOST_REMEMBERED = 50_000
"""How many persons' keys are kept at hand; the others are asked for again."""


class Subjects:
    """The keys of persons, wrapped by the project's key where they rest. Several threads may ask."""

    def __init__(self, keys: MaskKeys, store: KeyStore) -> None:
        self._keys = keys
        self._store = store
        self._known: OrderedDict[tuple[str, str], tuple[bytes, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def ciphers(self, kind: str, persons: Collection[str]) -> Mapping[str, tuple[bytes, Any]]:
        """The pseudonym and the cipher of each person; a key is made for who has none. They rest before this returns."""
        with self._lock:
            found = {person: self._known[kind, person] for person in persons if (kind, person) in self._known}
            missing = [person for person in persons if person not in found]
            if missing:
                found |= self._fetched(kind, missing)
            return found

    def cipher_of(self, pseudonym: bytes) -> Any | None:
        """The cipher of a person by pseudonym; None where the key is gone."""
        wrapped = self._store.keys((pseudonym,)).get(pseudonym)
        return _cipher(self._unwrapped(pseudonym, wrapped)) if wrapped else None

    def forget(self, pseudonym: bytes) -> bool:
        """Destroy a person's key; whether there was one."""
        with self._lock:
            self._known.clear()
            return self._store.forget(pseudonym)

    def _fetched(self, kind: str, persons: list[str]) -> dict[str, tuple[bytes, Any]]:
        pseudonyms = {person: self._keys.pseudonym(kind, person) for person in persons}
        wrapped = self._store.keys(tuple(pseudonyms.values()))
        fresh = {name: secrets.token_bytes(KEY_BYTES) for name in pseudonyms.values() if name not in wrapped}
        sealed = {name: self._wrapping.encrypt(key, [name]) for name, key in fresh.items()}
        kept = self._store.add(sealed) if fresh else {}
        # Somebody else may have been faster: the key that is in the store counts.
        known = {name: fresh[name] for name in fresh if kept[name] == sealed[name]}
        found = {
            person: (name, _cipher(known.get(name) or self._unwrapped(name, kept.get(name) or wrapped[name])))
            for person, name in pseudonyms.items()
        }
        for person, cipher in found.items():
            self._known[kind, person] = cipher
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return found

    @cached_property
    def _wrapping(self) -> Any:
        return _cipher(self._keys.wrap)

    def _unwrapped(self, pseudonym: bytes, wrapped: bytes) -> bytes:
        # Bound to its person: a key that was moved to another in the store does not open.
        key: bytes = self._wrapping.decrypt(wrapped, [pseudonym])
        return key


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    return AESSIV(key)
