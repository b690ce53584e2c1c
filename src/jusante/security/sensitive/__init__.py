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
from jusante.security.sensitive.travel import Reach, declared_in_vain, exposed, keeps_sensitive, problem_of, refusal

__all__ = [
    "EXAMINED",
    "LIKELY",
    "Finding",
    "Likely",
    "Reach",
    "declared_in_vain",
    "exposed",
    "fix_of",
    "keeps_sensitive",
    "likely",
    "problem_of",
    "problem_of_finding",
    "refusal",
    "remembered",
    "undecided",
]
