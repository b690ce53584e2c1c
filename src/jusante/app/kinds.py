"""What is wrong with the kind of a model, as far as its query tells."""

from collections.abc import Iterator

from jusante.app.system import System
from jusante.core.model import SqlModel
from jusante.core.problem import Problem


def kind_problems(system: System) -> Iterator[Problem]:
    """Models of kind append whose rows cannot be added one by one."""
    from jusante.transformation.build import views_of
    from jusante.transformation.incremental.append import FIX
    from jusante.transformation.incremental.tracing import why_more_than_rows

    for asset in system.graph:
        if isinstance(asset.definition, SqlModel) and asset.definition.header.kind == "append":
            why = why_more_than_rows(asset.definition.query.sql, views_of(system.graph, asset.id))
            if why:
                what = f"rows cannot be added to {asset.id} one by one: {why}"
                yield Problem("J224", "error", what, str(asset.place), FIX)
