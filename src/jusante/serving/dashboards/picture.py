"""The same dashboard as a PNG, for mail and chat."""

from collections.abc import Sequence
from html import escape

from jusante.core.dashboard import Dashboard, NumberChart, TableChart
from jusante.serving.dashboards.charts import vega_lite
from jusante.serving.dashboards.page import Panel
from jusante.serving.dashboards.palette import FONT, config
from jusante.serving.dashboards.values import written

MARGIN, GAP, PAD = 32, 16, 18
HEIGHTS = {"number": 104, "table": 320}
CHART_HEIGHT = 320
TABLE_ROWS = 9


def png(dashboard: Dashboard, panels: Sequence[Panel], note: str, width: int = 1400) -> bytes:
    """The picture, `width` pixels wide, at twice that resolution."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg(dashboard, panels, note, width), scale=2))


def svg(dashboard: Dashboard, panels: Sequence[Panel], note: str, width: int) -> str:
    """All panels laid out as on the page, in one SVG."""
    waiting = iter(panels)
    parts = [_text(MARGIN, 52, dashboard.title, 26, "#1d2530", 700), _text(MARGIN, 76, note, 12, "#66717d")]
    top = 100
    for row in dashboard.rows:
        height = max(HEIGHTS.get(chart.chart, CHART_HEIGHT) for chart in row)
        share = (width - 2 * MARGIN - GAP * (len(row) - 1)) / sum(chart.width for chart in row)
        left = float(MARGIN)
        for chart in row:
            parts.append(_panel(next(waiting), left, top, share * chart.width, height))
            left += share * chart.width + GAP
        top += height + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top + 16}">'
        f'<rect width="100%" height="100%" fill="#f5f6f8"/>{"".join(parts)}</svg>'
    )


def _panel(panel: Panel, left: float, top: float, width: float, height: float) -> str:
    frame = f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="10" fill="#fff" stroke="#e3e7eb"/>'
    title = _text(left + PAD, top + 28, panel.chart.title, 13, "#66717d", 600)
    return frame + title + _inside(panel, left + PAD, top + 44, width - 2 * PAD, height - 60)


def _inside(panel: Panel, left: float, top: float, width: float, height: float) -> str:
    chart, table = panel.chart, panel.table
    if table is None or table.num_rows == 0:
        return _text(left, top + 24, panel.problem or "No rows.", 12, "#a4410b" if panel.problem else "#66717d")
    if isinstance(chart, NumberChart):
        return _text(left, top + 34, written(table.column(chart.value)[0].as_py(), chart.format), 32, "#1d2530", 700)
    if isinstance(chart, TableChart):
        names = list(chart.columns or table.column_names)
        values = [list(map(written, table.column(name).slice(0, TABLE_ROWS).to_pylist())) for name in names]
        step = width / len(names)
        cells = [_text(left + i * step, top + 14, name, 12, "#66717d", 600) for i, name in enumerate(names)]
        cells += [
            _text(left + i * step, top + 42 + 26 * row, value[: int(step / 7)], 13, "#1d2530")
            for i, column in enumerate(values)
            for row, value in enumerate(column)
        ]
        return "".join(cells)
    import vl_convert

    spec = vega_lite(chart, table) | {
        "width": width,
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
    }
    # A chart of our own data loads nothing; no address is allowed, so that none of a raw specification is either.
    drawn = vl_convert.vegalite_to_svg(spec, config=config(), allowed_base_urls=[])
    return drawn.replace("<svg ", f'<svg x="{left}" y="{top}" ', 1)


def _text(x: float, y: float, said: str, size: int, colour: str, weight: int = 400) -> str:
    return (
        f'<text x="{x}" y="{y}" font-family="{escape(FONT)}" font-size="{size}" font-weight="{weight}" fill="{colour}">'
        f"{escape(said)}</text>"
    )
