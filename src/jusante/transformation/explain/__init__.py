"""A query in words: what it does step by step, and what of its inputs it reads."""

from jusante.transformation.explain.reading import columns_read
from jusante.transformation.explain.sentences import Part, parts_of

__all__ = ["Part", "columns_read", "parts_of"]
