"""Arrow tables as what a page can hold: JSON rows, and what sort of axis each column is."""

import datetime as dt
import decimal
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 5_000


def rows(table: "pa.Table") -> list[dict[str, Any]]:
    """The first MOST_ROWS rows with values that JSON can hold; times in ISO 8601."""
    return [{name: _plain(value) for name, value in row.items()} for row in table.slice(0, MOST_ROWS).to_pylist()]


def _plain(value: Any) -> Any:
    match value:
        case decimal.Decimal():
            return float(value)
        case float() if not math.isfinite(value):
            return None
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case bytes():
            return value.hex()
        case list() | dict():
            return str(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def axis_of(table: "pa.Table", column: str) -> str:
    """Vega-Lite's measure of a column: temporal, quantitative or nominal."""
    import pyarrow as pa

    kind = table.schema.field(column).type
    if pa.types.is_temporal(kind) and not pa.types.is_time(kind) and not pa.types.is_duration(kind):
        return "temporal"
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return "quantitative" if numeric else "nominal"


def written(value: Any, form: str | None = None) -> str:
    """A figure as people write it. `form` is a d3 format of the common sort: `$,.0f`, `,d`, `.1%`; others: as it is."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal):
        return str(value)
    form = form or (",d" if isinstance(value, int) else ",.2f")
    sign = "$" if "$" in form else ""
    spec = form.replace("$", "").replace("d", ".0f") if form.rstrip().endswith("d") else form.replace("$", "")
    try:
        return f"{'-' if value < 0 else ''}{sign}{format(abs(value), spec)}"
    except ValueError:
        return str(value)
