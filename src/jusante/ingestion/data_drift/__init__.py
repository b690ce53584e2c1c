"""The data themselves: they keep their shape and are not what they were. Seen before they are published."""

from jusante.ingestion.data_drift.history import ACCEPTED, streak_begin
from jusante.ingestion.data_drift.watching import FOUND, PROFILED, DataWatch, Watched, known, sentence

__all__ = ["ACCEPTED", "FOUND", "PROFILED", "DataWatch", "Watched", "known", "sentence", "streak_begin"]
