"""Builds a dashboard: asks its queries through the gate, draws, and puts the page and the picture in their place."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

from jusante.core.asset import Asset, BuiltDashboard
from jusante.core.dashboard import Chart, SeriesChart, VegaChart
from jusante.core.run import AssetState
from jusante.errors import EngineError, ExtraMissing, JusanteError, UsageError
from jusante.ports.table_store import Table
from jusante.serving.dashboards.charts import vega_lite
from jusante.serving.dashboards.page import Panel, page
from jusante.serving.dashboards.picture import png
from jusante.serving.gate import Gate


def render(
    asset: Asset,
    gate: Gate,
    folder: Path,
    now: dt.datetime,
    states: Mapping[str, AssetState],
    *,
    discreet: Callable[[], bool] = lambda: False,
) -> tuple[dict[str, Table], tuple[str, ...]]:
    """Write `<name>.html` and `<name>.png` into a folder; the tables that were read, and what went wrong in single charts.

    `discreet` is asked then: whether a message may quote no value, because the queries read personal data.
    Raises ExtraMissing without the drawing library, StorageError for tables that have no data yet.
    """
    try:
        import vl_convert
    except ImportError:
        raise ExtraMissing("dashboards need a drawing library", fix='pip install "jusante[dashboards]"') from None
    definition = asset.definition
    assert isinstance(definition, BuiltDashboard)
    dashboard, name = definition.dashboard, asset.id.partition(":")[2]
    read: dict[str, Table] = {}
    panels = [_panel(chart, gate, read, discreet) for chart in dashboard.charts]
    sources = [_source(table, states) for table in sorted(read)]
    folder.mkdir(parents=True, exist_ok=True)
    _put(
        folder / f"{name}.html",
        page(dashboard, panels, now, sources, vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")).encode(),
    )
    _put(folder / f"{name}.png", png(dashboard, panels, f"{now:%Y-%m-%d %H:%M} UTC"))
    problems = tuple(f"{panel.chart.title}: {panel.problem}" for panel in panels if panel.problem)
    return read, problems


def withdraw(asset: Asset, folder: Path) -> None:
    """Take away what a dashboard showed before, now that it may not."""
    for suffix in ("html", "png"):
        (folder / f"{asset.id.partition(':')[2]}.{suffix}").unlink(missing_ok=True)


def _panel(chart: Chart, gate: Gate, read: dict[str, Table], discreet: Callable[[], bool]) -> Panel:
    """A chart with its rows. One chart's failure leaves the others standing."""
    try:
        answer = gate.ask(chart.sql)
        panel = Panel(chart, answer.table)
        if isinstance(chart, SeriesChart | VegaChart) and answer.table.num_rows:
            vega_lite(chart, answer.table)
    except (EngineError, UsageError) as error:
        told = error.without_values("the chart reads personal data") if error.unquoted and discreet() else error
        return Panel(chart, None, _said(told))
    read |= answer.read
    return panel


def _said(error: JusanteError) -> str:
    return f"{error.what} ({error.fix})" if error.fix else error.what


def _source(name: str, states: Mapping[str, AssetState]) -> str:
    state = states.get(name)
    return f"{name}, as of {state.at:%Y-%m-%d %H:%M} UTC" if state else name


def _put(path: Path, content: bytes) -> None:
    """Write a file in one step: whoever looks sees the old or the new one."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(content)
    draft.replace(path)
