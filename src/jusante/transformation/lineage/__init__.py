"""Column lineage: of one query in one pass from the inside out, and of a whole project; direct and indirect edges."""

from jusante.transformation.lineage.declared import declared_wrong
from jusante.transformation.lineage.kept import Kept
from jusante.transformation.lineage.project import column_graph
from jusante.transformation.lineage.query import lineage

__all__ = ["Kept", "column_graph", "declared_wrong", "lineage"]
