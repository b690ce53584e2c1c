"""What columns mean: expressions followed to the sources, made alike where they mean alike, told in words."""

from jusante.transformation.meaning.followed import Meanings

__all__ = ["Meanings"]
