"""The graph as a picture: assets as boxes with their columns as rows, edges by column; as SVG, or as a page to look around in."""

from jusante.management.picture.drawing import Drawing, drawn, drawn_of_column
from jusante.management.picture.page import page
from jusante.management.picture.svg import svg

__all__ = ["Drawing", "drawn", "drawn_of_column", "page", "svg"]
