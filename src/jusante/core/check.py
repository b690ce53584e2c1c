"""What must hold for a table before it is published."""

from typing import Literal

from pydantic import Field

from jusante.core.noun import Noun

Severity = Literal["warn", "block"]


class _Check(Noun):
    severity: Severity = Field("block", description="block: a failure publishes nothing. warn: it is told, and published.")
    quarantine: bool = Field(False, description="Set failing rows aside in `<table>__quarantine` and publish the rest.")
    name: str | None = Field(None, description="What to call the check in reports; made from its content by default.")


class NotNull(_Check):
    """Each of these columns has a value in every row."""

    kind: Literal["not_null"] = "not_null"
    columns: tuple[str, ...]


class Unique(_Check):
    """No two rows agree in all of these columns (rows with a null in one of them are not compared)."""

    kind: Literal["unique"] = "unique"
    columns: tuple[str, ...]


class AcceptedValues(_Check):
    """The column holds only these values, or null."""

    kind: Literal["accepted_values"] = "accepted_values"
    column: str
    values: tuple[str | int | float | bool, ...]


class Range(_Check):
    """The column's values, where not null, lie between `min` and `max`, both included."""

    kind: Literal["range"] = "range"
    column: str
    min: int | float | str | None = None
    max: int | float | str | None = None


class Positive(_Check):
    """The column's values, where not null, are greater than zero."""

    kind: Literal["positive"] = "positive"
    column: str


class Pattern(_Check):
    """The column's values, where not null, match this regular expression (RE2) as a whole."""

    kind: Literal["pattern"] = "pattern"
    column: str
    matches: str


class Relationships(_Check):
    """Each value of the column, where not null, occurs in `to`, a `table.column`."""

    kind: Literal["relationships"] = "relationships"
    column: str
    to: str


class RowCount(_Check):
    """The table has at least `min` and at most `max` rows."""

    kind: Literal["row_count"] = "row_count"
    min: int | None = None
    max: int | None = None


class Freshness(_Check):
    """The newest value of `column` (the model's `time`, the table's cursor) is at most `within` old, as `26h`."""

    kind: Literal["freshness"] = "freshness"
    within: str
    column: str | None = None


class Sql(_Check):
    """A query that returns bad rows; `{table}` in it stands for the table under check."""

    kind: Literal["sql"] = "sql"
    query: str


Check = NotNull | Unique | AcceptedValues | Range | Positive | Pattern | Relationships | RowCount | Freshness | Sql
