"""Charts as Vega-Lite specifications."""

from typing import TYPE_CHECKING, Any

from jusante.core.dashboard import SeriesChart, VegaChart
from jusante.core.names import nearest
from jusante.errors import UsageError
from jusante.serving.dashboards.values import axis_of, rows

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"


def vega_lite(chart: SeriesChart | VegaChart, table: "pa.Table") -> dict[str, Any]:
    """The specification of a chart with its data in it. Raises UsageError for a column that its query does not give."""
    spec = {"$schema": SCHEMA, "width": "container", "height": 240, "data": {"values": rows(table)}}
    if isinstance(chart, VegaChart):
        return {**spec, **chart.spec, "data": spec["data"]}
    for column in (chart.x, *_series(chart), *([chart.color] if chart.color else [])):
        require(column, table, chart.title)
    return spec | _marks(chart, table)


def require(column: str, table: "pa.Table", title: str) -> None:
    """Raise UsageError, with the nearest name, where a chart is about a column that is not there."""
    if column not in table.column_names:
        near = nearest(column, table.column_names)
        fix = f"did you mean {near}?" if near else f"its query gives {', '.join(table.column_names)}"
        raise UsageError(f"chart {title!r} shows column {column}, which its query does not give", fix=fix)


def _series(chart: SeriesChart) -> tuple[str, ...]:
    return (chart.y,) if isinstance(chart.y, str) else chart.y


def _marks(chart: SeriesChart, table: "pa.Table") -> dict[str, Any]:
    mark: dict[str, Any] = {"type": chart.chart, "tooltip": True}
    if chart.chart == "line" and table.num_rows <= 60:
        mark["point"] = {"size": 28}
    names = _series(chart)
    encoding: dict[str, Any] = {"x": _channel(chart.x, table, chart.format)}
    if len(names) == 1:
        encoding["y"] = _channel(names[0], table, chart.format)
        if chart.color:
            encoding["color"] = {"field": _field(chart.color), "type": "nominal"}
        return {"mark": mark, "encoding": _ordered(encoding)}
    encoding["y"] = {"field": "value", "type": "quantitative", "title": None, "axis": {"format": chart.format or ",~s"}}
    encoding["color"] = {"field": "series", "type": "nominal"}
    return {"transform": [{"fold": list(names), "as": ["series", "value"]}], "mark": mark, "encoding": encoding}


def _channel(column: str, table: "pa.Table", form: str | None) -> dict[str, Any]:
    kind = axis_of(table, column)
    channel: dict[str, Any] = {"field": _field(column), "type": kind, "title": None}
    if kind == "quantitative":
        channel["axis"] = {"format": form or ",~s", "tickCount": 5}
    if kind == "temporal":
        # Dates without a zone are shown as they are, wherever the reader sits.
        channel |= {"scale": {"type": "utc"}, "axis": {"tickCount": 6, "labelOverlap": True}}
    return channel


def _ordered(encoding: dict[str, Any]) -> dict[str, Any]:
    """Bars along a named axis stand in the order of the query's rows."""
    for name in ("x", "y"):
        if encoding[name]["type"] == "nominal":
            encoding[name]["sort"] = None
    return encoding


def _field(name: str) -> str:
    """A column's name as Vega-Lite refers to it: dots and brackets would be paths."""
    return name.replace("\\", "\\\\").replace(".", "\\.").replace("[", "\\[").replace("]", "\\]")
