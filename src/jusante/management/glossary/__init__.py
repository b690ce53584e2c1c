"""The business terms: whether each has one meaning, somebody who owns it, and something that implements it."""

from jusante.management.glossary.claims import Claim, claims
from jusante.management.glossary.problems import glossary_problems, meaning_problems, secrecy_problems

__all__ = ["Claim", "claims", "glossary_problems", "meaning_problems", "secrecy_problems"]
