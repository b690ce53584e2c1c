"""A dashboard: charts in rows, each on a query."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from jusante.core.classification import Classification
from jusante.core.cost import Budget
from jusante.core.declared import Declared, declared
from jusante.core.noun import Noun
from jusante.core.trigger import Timing


class _Chart(Noun):
    title: str
    sql: str = Field(description="The query whose rows it shows.")
    about: str | None = None
    width: int = Field(1, ge=1, le=12, description="Its share of the row's width.")


class NumberChart(_Chart):
    """One figure, large."""

    chart: Literal["number"]
    value: str = Field(description="The column that holds the figure.")
    format: str | None = Field(None, description="How it is written, as d3-format has it: `$,.0f`, `.1%`.")


class SeriesChart(_Chart):
    """Values along an axis."""

    chart: Literal["line", "area", "bar", "point"]
    x: str
    y: str | tuple[str, ...]
    color: str | None = Field(None, description="The column that tells series apart.")
    format: str | None = Field(None, description="How the values are written, as d3-format has it.")


class TableChart(_Chart):
    """Rows as they are."""

    chart: Literal["table"]
    columns: tuple[str, ...] = Field((), description="The columns to show; all of them by default.")
    rows: int = Field(20, ge=1, le=1_000, description="How many rows, at the most.")


class VegaChart(_Chart):
    """Anything that Vega-Lite can draw."""

    chart: Literal["vega"]
    spec: Mapping[str, Any] = Field(description="A Vega-Lite specification without its data.")


Chart = Annotated[NumberChart | SeriesChart | TableChart | VegaChart, Field(discriminator="chart")]


class Dashboard(Timing):
    """A page of charts."""

    dashboard: str
    title: str
    owner: str | None = None
    steward: str | None = Field(None, description="Who keeps it in order, where that is not its owner.")
    classification: Classification | None = Field(None, description="How secret it is.")
    about: str | None = None
    tags: tuple[str, ...] = ()
    purpose: tuple[str, ...] = Field(
        (), description="What it is for; sensitive columns with none of these may not be shown."
    )
    budget: Budget | None = Field(
        None,
        description="How much it may cost in a month with its share of all above it, and what happens beyond: `{usd_per_month: 20}`.",
    )
    rows: tuple[tuple[Chart, ...], ...]

    @property
    def declared(self) -> Declared:
        """What it declares."""
        return replace(
            declared(self, self),
            budget=self.budget,
            title=self.title,
            classification=self.classification,
        )

    @property
    def charts(self) -> tuple[Chart, ...]:
        """All charts, row by row."""
        return tuple(chart for row in self.rows for chart in row)

    def queries(self) -> tuple[str, ...]:
        """The query of each chart, in the order of `charts`."""
        return tuple(chart.sql for chart in self.charts)
