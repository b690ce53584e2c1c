"""Personal data: found by what columns are called and what stands in them, and followed to where they can be seen."""

from jusante.security.sensitive.decisions import (
    EXAMINED,
    LIKELY,
    Finding,
    fix_of,
    problem_of_finding,
    remembered,
    undecided,
)
from jusante.security.sensitive.detection import Likely, likely
from jusante.security.sensitive.doubts import doubts
from jusante.security.sensitive.tags import Tags, declared, tags_of
from jusante.security.sensitive.travel import (
    Reach,
    exposed,
    is_secret,
    keeps_sensitive,
    needs_purpose,
    problem_of,
    refusal,
)

__all__ = [
    "EXAMINED",
    "LIKELY",
    "Finding",
    "Likely",
    "Reach",
    "Tags",
    "declared",
    "doubts",
    "exposed",
    "fix_of",
    "is_secret",
    "keeps_sensitive",
    "likely",
    "needs_purpose",
    "problem_of",
    "problem_of_finding",
    "refusal",
    "remembered",
    "tags_of",
    "undecided",
]
