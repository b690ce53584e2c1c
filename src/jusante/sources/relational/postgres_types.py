"""How PostgreSQL's types are read.

Exact, or as text: what DuckDB's scanner would round or bend is cast by the server, and a value that does not fit stops
the load with its column's name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jusante.core.names import quote
from jusante.core.schema import decimal_of
from jusante.errors import SourceError
from jusante.sources.relational.dialect import SourceColumn

Read = Callable[..., SourceColumn]

MOST_DIGITS = 38
STEPS = 9, 18  # scales that measured numbers are given, so that one more digit some day is no new type

_PLAIN = {
    "bool": "boolean",
    "int2": "int",
    "int4": "int",
    "int8": "long",
    "float4": "float",
    "float8": "double",
    "text": "string",
    "varchar": "string",
    "bpchar": "string",
    "json": "string",
    "jsonb": "string",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "uuid": "uuid",
    "bytea": "binary",
}
_CAST = {"oid": ("long", "bigint"), "money": ("decimal(21,4)", "numeric(21,4)")}


@dataclass(frozen=True, slots=True)
class PostgresType:
    """A column as the catalogue tells it, domains resolved. `base` and `element` are empty where not built in."""

    name: str
    declared: str
    base: str
    kind: str
    element: str
    element_kind: str
    modifier: int
    dimensions: int
    is_domain: bool
    required: bool
    about: str

    @property
    def is_list(self) -> bool:
        """Whether it is an array of one dimension, as far as it says."""
        return bool(self.element_kind) and self.dimensions <= 1

    @property
    def number(self) -> tuple[int, int] | None:
        """Precision and scale of a numeric or an array of them, as declared; None where it has neither."""
        if self.modifier < 4:
            return None
        packed = self.modifier - 4
        scale = packed & 0x7FF  # eleven bits with a sign, since PostgreSQL 15
        return packed >> 16, scale - 2048 if scale > 1023 else scale

    def must_be_measured(self, declared: Mapping[str, str]) -> bool:
        """Whether only the values tell what scale is enough: a numeric without one, and no type in the project."""
        is_numeric = self.base == "numeric" or (self.is_list and self.element == "numeric")
        return is_numeric and self._fixed is None and not declared.get(self.name.lower())

    @property
    def _fixed(self) -> tuple[int, int] | None:
        return fitting(*self.number) if self.number else None


@dataclass(frozen=True, slots=True)
class Measured:
    """What a number column holds: most digits after and before the point, and how many rows of NaN or Infinity."""

    scale: int | None
    digits: int | None
    odd: int


def fitting(precision: int, scale: int) -> tuple[int, int] | None:
    """The decimal that holds all numerics so declared; None where it has too many digits."""
    if scale < 0:  # numeric(5,-2) rounds to hundreds: up to seven digits
        precision, scale = precision - scale, 0
    precision = max(precision, scale)
    return (precision, scale) if precision <= MOST_DIGITS else None


def measure(wanted: PostgresType) -> dict[str, str]:
    """Aggregates, by name, that give the parts of `Measured` for a column."""
    name = quote(wanted.name)
    if not wanted.is_list:
        return {
            "scale": f"max(scale({name}))",
            "digits": f"max(case when scale({name}) is not null then length(trunc(abs({name}))::text) end)",
            "odd": f"count(*) filter (where {name} is not null and scale({name}) is null)",
        }
    values = f"from unnest({name}) as v"
    return {
        "scale": f"max((select max(scale(v)) {values}))",
        "digits": f"max((select max(length(trunc(abs(v))::text)) {values} where scale(v) is not null))",
        "odd": f"count(*) filter (where (select bool_or(v is not null and scale(v) is null) {values}))",
    }


def column(found: PostgresType, wanted: str, measured: Measured | None) -> SourceColumn:
    """How a column is read, given the type that the project declares for it (or an empty text)."""
    name = quote(found.name)

    def read(kind: str, expression: str, *, plain: bool = False, guard: str = "") -> SourceColumn:
        nullable = not found.required
        is_plain = plain and not found.is_domain
        return SourceColumn(found.name, kind, expression, found.declared, is_plain, guard, nullable, found.about)

    as_base = f"{name}::{found.declared}" if found.is_domain else name
    if wanted == "string" and found.base not in {"text", "varchar"}:
        return read("string", f"{name}::text")
    if found.base in _PLAIN:
        return read(_PLAIN[found.base], as_base, plain=True)
    if found.base == "numeric":
        return _numeric(found, wanted, measured, read)
    if found.element_kind:
        return _array(found, measured, as_base, read)
    # An enum is the same text either way; what no type here stands for is read as the text that the server writes.
    kind, cast = _CAST.get(found.base, ("string", "text"))
    return read(kind, f"{name}::{cast}", plain=found.kind == "e")


def _numeric(found: PostgresType, wanted: str, measured: Measured | None, read: Read) -> SourceColumn:
    name = quote(found.name)
    fixed = fitting(*found.number) if found.number else None
    if wanted in {"double", "float"}:
        return read(wanted, f"{name}::{'float8' if wanted == 'double' else 'float4'}")
    if fixed is None and decimal_of(wanted.replace(" ", "")):
        fixed = decimal_of(wanted.replace(" ", ""))
        assert fixed
        return read(f"decimal({fixed[0]},{fixed[1]})", _finite(found.name, fixed))
    if fixed:
        same = fixed == found.number
        kind = f"decimal({fixed[0]},{fixed[1]})"
        return read(kind, _finite(found.name, fixed), plain=same, guard=f"{name} = 'NaN'")
    precision, scale = _enough(found, measured)
    # A scale that has grown since it was measured must not be rounded off: the server fails on it instead.
    checked = f"case when {name} is null or scale({name}) <= {scale} then {name} else {_refusal(found.name)} end"
    return read(f"decimal({precision},{scale})", f"({checked})::numeric({precision},{scale})")


def _finite(name: str, size: tuple[int, int]) -> str:
    quoted = quote(name)
    return f"(case when {quoted} = 'NaN' then {_refusal(name)} else {quoted} end)::numeric({size[0]},{size[1]})"


def _refusal(name: str) -> str:
    """A cast that fails on the row, and says which column it was in the server's message."""
    label = f"column {name}: ".replace("'", "''")
    return f"('{label}' || {quote(name)}::text)::numeric"


def _enough(found: PostgresType, measured: Measured | None) -> tuple[int, int]:
    """The decimal that holds every value of a column that has been measured."""
    if measured is None or not measured.scale:
        scale, digits = 0, (measured.digits if measured and measured.digits else 1)
    else:
        scale, digits = measured.scale, measured.digits or 1
    if measured and measured.odd:
        raise _no_decimal(found, f"holds NaN or Infinity in {measured.odd} rows, which no decimal can")
    declared_scale = found.number[1] if found.number else 0
    scale = max(scale, declared_scale)
    steady = (step for step in STEPS if scale <= step and digits + step <= MOST_DIGITS)
    scale = scale if found.number else next(steady, scale)
    if digits + scale > MOST_DIGITS:
        raise _no_decimal(
            found, f"needs {digits} digits before the point and {scale} after; a decimal has {MOST_DIGITS}"
        )
    return MOST_DIGITS, scale


def _no_decimal(found: PostgresType, why: str) -> SourceError:
    fix = f"read it as another type: `columns: {{{found.name}: {{type: string}}}}` (exact) or `double` (rounded)"
    return SourceError(f"column {found.name} ({found.declared}) {why}", where=f"column {found.name}", fix=fix)


def _array(found: PostgresType, measured: Measured | None, as_base: str, read: Read) -> SourceColumn:
    name = quote(found.name)
    if not found.is_list:
        return read("string", f"to_jsonb({name})::text")
    if found.element in _PLAIN:
        return read(f"list<{_PLAIN[found.element]}>", as_base, plain=True)
    if found.element_kind == "e":
        return read("list<string>", f"{name}::text[]", plain=True)
    if found.element != "numeric":
        return read("list<string>", f"{name}::text[]") if found.element else read("string", f"to_jsonb({name})::text")
    fixed = fitting(*found.number) if found.number else None
    precision, scale = fixed or _enough(found, measured)
    misfit = f"v = 'NaN' or scale(v) is null and v is not null or scale(v) > {scale}"
    bad = f"exists (select from unnest({name}) as v where {misfit})"
    # Only a cast of the row's own value is left for run time; one of a constant would fail while the query is planned.
    refused = f"array[('column {found.name.replace(chr(39), chr(39) * 2)}: ' || {name}::text)::numeric]"
    checked = f"(case when {bad} then {refused} else {name} end)::numeric({precision},{scale})[]"
    guard = f"'NaN' = any({name})"
    return read(
        f"list<decimal({precision},{scale})>", checked, plain=fixed == found.number and fixed is not None, guard=guard
    )
