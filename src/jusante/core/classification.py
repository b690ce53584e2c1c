"""How secret something is."""

from typing import Literal, get_args

Classification = Literal["public", "internal", "confidential", "restricted"]
RANKS: tuple[Classification, ...] = get_args(Classification)
"""From what anybody may see to what few may."""


def is_looser(one: Classification, other: Classification) -> bool:
    """Whether the one lets more people see than the other."""
    return RANKS.index(one) < RANKS.index(other)
