"""What must hold for a table before it is published.

Project files write a check short, as a mapping of its kind to what it is about, options beside it:
`- not_null: [product_id, day]`, `- positive: revenue`, `- range: {column: share, min: 0, max: 1}` `severity: warn`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from jusante.core.names import nearest
from jusante.core.noun import Noun

Severity = Literal["warn", "block"]


class _Check(Noun):
    severity: Severity = Field(
        "block", description="block: a failure publishes nothing. warn: it is told, and published."
    )
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


KINDS: Mapping[str, type[_Check]] = {
    "not_null": NotNull,
    "unique": Unique,
    "accepted_values": AcceptedValues,
    "range": Range,
    "positive": Positive,
    "pattern": Pattern,
    "relationships": Relationships,
    "row_count": RowCount,
    "freshness": Freshness,
    "sql": Sql,
}
_SCALAR = {"positive": "column", "freshness": "within", "sql": "query"}


def from_short(item: Any) -> Any:
    """A check as project files write it, as the fields of its noun. Raises ValueError with the nearest right kind."""
    if not isinstance(item, Mapping) or "kind" in item:
        return item
    kinds = [key for key in item if key in KINDS]
    if len(kinds) != 1:
        raise ValueError(_unknown(item, kinds))
    kind, about = kinds[0], item[kinds[0]]
    options = {key: value for key, value in item.items() if key != kind}
    if kind in {"not_null", "unique"}:
        return {"kind": kind, "columns": [about] if isinstance(about, str) else about, **options}
    if isinstance(about, Mapping):
        return {"kind": kind, **about, **options}
    if kind not in _SCALAR:
        raise ValueError(f"{kind} takes a mapping, as in {kind}: {{{_fields(kind)}}}")
    return {"kind": kind, _SCALAR[kind]: about, **options}


def _unknown(item: Mapping[str, Any], kinds: list[str]) -> str:
    if kinds:
        return f"{' and '.join(kinds)} are two checks: give each an item of its own"
    strangers = [key for key in item if key not in {"severity", "quarantine", "name"}]
    near = nearest(str(strangers[0]), KINDS) if strangers else None
    meant = f"; did you mean {near}?" if near else f"; there are {', '.join(KINDS)}"
    return f"{strangers[0] if strangers else 'nothing'!r} is no check{meant}"


def _fields(kind: str) -> str:
    return ", ".join(f"{name}: …" for name in KINDS[kind].model_fields if name not in {"kind", *_Check.model_fields})


Check = Annotated[
    Annotated[NotNull, Tag("not_null")]
    | Annotated[Unique, Tag("unique")]
    | Annotated[AcceptedValues, Tag("accepted_values")]
    | Annotated[Range, Tag("range")]
    | Annotated[Positive, Tag("positive")]
    | Annotated[Pattern, Tag("pattern")]
    | Annotated[Relationships, Tag("relationships")]
    | Annotated[RowCount, Tag("row_count")]
    | Annotated[Freshness, Tag("freshness")]
    | Annotated[Sql, Tag("sql")],
    Discriminator("kind"),
    BeforeValidator(from_short),
]


def tables_of(checks: tuple[Check, ...]) -> tuple[str, ...]:
    """The other tables that checks look into."""
    return tuple(sorted({check.to.rpartition(".")[0] for check in checks if isinstance(check, Relationships)}))
