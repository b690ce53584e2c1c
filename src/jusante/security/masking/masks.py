"""All that a load needs to mask what it brings in."""

from dataclasses import dataclass

from jusante.core.source import SourceTable
from jusante.ports.key_store import KeyStore
from jusante.security.masking.keys import MaskKeys
from jusante.security.masking.subjects import Subjects
from jusante.security.masking.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Masks:
    """The keys, what makes tokens, and where the keys of persons rest. `notice` tells of a key that was made just now."""

    keys: MaskKeys
    tokens: Tokens
    subjects: Subjects
    store: KeyStore
    notice: str = ""


def takes_key(table: SourceTable) -> bool:
    """Whether anything of a table is made with a key."""
    return table.subject is not None or any(rule.mask and rule.mask.is_keyed for rule in table.columns.values())
