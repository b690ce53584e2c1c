"""The lineage as a file: a picture, or a page."""

from collections.abc import Collection
from pathlib import Path

from jusante.app.system import System
from jusante.core.column_graph import ColumnGraph
from jusante.core.lineage import Origin
from jusante.errors import UsageError, storage_error
from jusante.management.picture import Drawing, drawn, drawn_of_column, page, svg


def picture_of(  # noqa: PLR0913  # what is drawn, where to, and how much of it
    system: System,
    columns: ColumnGraph,
    path: Path,
    chosen: Collection[str],
    focus: str,
    column: Origin | None,
    *,
    up: bool,
    down: bool,
) -> Drawing:
    """Draw some assets, or what is above and below one column, into an .svg or .html file. Raises UsageError for another."""
    if path.suffix.lower() not in {".svg", ".html"}:
        raise UsageError(f"{path.name} is no picture", where="--picture", fix="write lineage.svg or lineage.html")
    if column:
        steps = (*(columns.above([column]) if up else ()), *(columns.below([column]) if down else ()))
        drawing = drawn_of_column(system.graph, columns, column, steps)
    else:
        drawing = drawn(system.graph, columns, chosen, focus)
    title = f"{system.project.name}: {drawing.focus or 'lineage'}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg(drawing) if path.suffix.lower() == ".svg" else page(drawing, title), encoding="utf-8")
    except OSError as error:
        raise storage_error(error, str(path)) from None
    return drawing
