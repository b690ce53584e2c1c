"""Colours and type, one set for light and one for dark. Series colours are Okabe and Ito's: told apart by colour-blind eyes."""

from typing import Any

SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C8C8C", "#B8A400")
FONT = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"


def config(*, dark: bool = False) -> dict[str, Any]:
    """Vega-Lite's config: no frame, faint grid, the palette, a transparent ground."""
    ink, faint = ("#c9d1d9", "#30363d") if dark else ("#4a5560", "#e6e9ec")
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "range": {"category": list(SERIES)},
        "axis": {
            "labelColor": ink,
            "titleColor": ink,
            "gridColor": faint,
            "domainColor": faint,
            "tickColor": faint,
            "labelFontSize": 11,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "labelLimit": 160,
        },
        "axisX": {"grid": False},
        "axisY": {"domain": False, "ticks": False},
        "legend": {
            "labelColor": ink,
            "titleColor": ink,
            "orient": "top",
            "title": None,
            "symbolType": "circle",
            "columns": 4,
        },
        "line": {"strokeWidth": 2, "color": SERIES[0]},
        "bar": {"color": SERIES[0], "cornerRadiusEnd": 2},
        "area": {"color": SERIES[0], "opacity": 0.6},
        "point": {"color": SERIES[0], "filled": True},
    }
