"""Masks: the keys that they are made with, and the tokens that can be turned back."""

from jusante.security.masking.keys import MaskKeys
from jusante.security.masking.masks import Masks, takes_key
from jusante.security.masking.subjects import Subjects
from jusante.security.masking.tokens import Tokens

__all__ = ["MaskKeys", "Masks", "Subjects", "Tokens", "takes_key"]
