"""A source as it is against what was last loaded, or promised: found before a row is brought in."""

from jusante.ingestion.drift.agreement import Agreement, Measure
from jusante.ingestion.drift.looking import Asked, Seen, look, place_of, waits_as_a_whole
from jusante.ingestion.drift.structure import Comparison, compare, type_change

__all__ = [
    "Agreement",
    "Asked",
    "Comparison",
    "Measure",
    "Seen",
    "compare",
    "look",
    "place_of",
    "type_change",
    "waits_as_a_whole",
]
