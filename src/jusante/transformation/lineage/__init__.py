"""Column lineage of SQL: all columns of a query in one pass from the inside out, direct and indirect edges."""

from jusante.transformation.lineage.query import lineage

__all__ = ["lineage"]
