"""One HTML page that holds all it needs: figures, charts, tables, the drawing library, and no address of anything."""

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jusante.core.dashboard import Chart, Dashboard, NumberChart, SeriesChart, TableChart, VegaChart
from jusante.serving.dashboards.charts import require, vega_lite
from jusante.serving.dashboards.palette import config
from jusante.serving.dashboards.values import MOST_ROWS, written

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart and its rows, or what went wrong with it."""

    chart: Chart
    table: "pa.Table | None"
    problem: str = ""


def page(
    dashboard: Dashboard, panels: Sequence[Panel], built_at: dt.datetime, sources: Sequence[str], library: str
) -> str:
    """The page. `library` is the text of the drawing library; `sources` are sentences on what the page was made from."""
    waiting = iter(panels)
    specs: list[dict[str, Any]] = []
    rows = "".join(
        f'<div class="row">{"".join(_panel(next(waiting), specs) for _ in row)}</div>' for row in dashboard.rows
    )
    data = json.dumps({"specs": specs, "light": config(), "dark": config(dark=True)}, ensure_ascii=True)
    # In a script element only these could end it or begin another.
    data = data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    draw = _asset("draw.js")
    scripts = (library, draw) if specs else ()
    owner = f" · {escape(dashboard.owner)}" if dashboard.owner else ""
    return _TEMPLATE.format(
        policy=_policy(scripts),
        title=escape(dashboard.title),
        style=_asset("page.css"),
        about=f"<p>{escape(dashboard.about)}</p>" if dashboard.about else "",
        built=f"{built_at:%Y-%m-%d %H:%M} UTC{owner}",
        rows=rows,
        sources="".join(f"<li>{escape(source)}</li>" for source in sources),
        data=data,
        scripts="".join(f"<script>{script}</script>" for script in scripts),
    )


def _panel(panel: Panel, specs: list[dict[str, Any]]) -> str:
    chart, table = panel.chart, panel.table
    inside = _inside(panel, specs)
    note = ""
    if table is not None and table.num_rows > MOST_ROWS and isinstance(chart, SeriesChart | VegaChart):
        note = f'<p class="note">The first {MOST_ROWS:,} of {table.num_rows:,} rows are shown.</p>'
    about = f'<p class="note">{escape(chart.about)}</p>' if chart.about else ""
    return (
        f'<section class="panel {chart.chart}" style="flex-grow:{chart.width}" aria-label="{escape(chart.title)}">'
        f"<h2>{escape(chart.title)}</h2>{inside}{about}{note}</section>"
    )


def _inside(panel: Panel, specs: list[dict[str, Any]]) -> str:
    chart, table = panel.chart, panel.table
    if table is None:
        return f'<p class="problem">{escape(panel.problem)}</p>'
    if table.num_rows == 0:
        return '<p class="empty">No rows.</p>'
    match chart:
        case NumberChart():
            require(chart.value, table, chart.title)
            return f'<p class="figure">{escape(written(table.column(chart.value)[0].as_py(), chart.format))}</p>'
        case TableChart():
            return html_table(table, chart.columns or tuple(table.column_names), chart.rows)
    specs.append(vega_lite(chart, table))
    hidden = html_table(table, tuple(table.column_names), 50)
    return (
        f'<div class="chart" data-chart="{len(specs) - 1}" role="img" aria-label="{escape(chart.title)}"></div>'
        f"<details><summary>As a table</summary>{hidden}</details>"
    )


def html_table(table: "pa.Table", columns: Sequence[str], most: int) -> str:
    """Rows as an HTML table, numbers to the right."""
    for column in columns:
        require(column, table, "table")
    shown = table.select(list(columns)).slice(0, most)
    values = [column.to_pylist() for column in shown.columns]
    numeric = [any(isinstance(v, int | float) or hasattr(v, "as_tuple") for v in column) for column in values]
    head = "".join(
        f"<th{' class=n' if n else ''}>{escape(name)}</th>" for name, n in zip(columns, numeric, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{' class=n' if n else ''}>{escape(written(v))}</td>" for v, n in zip(row, numeric, strict=True))
        + "</tr>"
        for row in zip(*values, strict=True)
    )
    more = table.num_rows - shown.num_rows
    note = f'<p class="note">and {more:,} more rows</p>' if more else ""
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}'


def _policy(scripts: Sequence[str]) -> str:
    """No network, and no script but these very ones. Vega compiles its expressions, hence 'unsafe-eval'."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {hashes or chr(39) + 'none' + chr(39)} 'unsafe-eval'"


def _asset(name: str) -> str:
    return files("jusante.serving.dashboards").joinpath(name).read_text(encoding="utf-8")


_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header><h1>{title}</h1>{about}<p class="note">{built}</p></header>
<main>{rows}</main>
<footer><h2>Made from</h2><ul>{sources}</ul></footer>
<script type="application/json" id="data">{data}</script>
{scripts}
</body>
</html>
"""
