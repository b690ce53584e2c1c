"""What type a column of text is, told from all of its values at once, so that it does not depend on which file comes first.

Each value has one kind, a bit; the kinds of a column are the bits of all its values together. What would not come back
from a number as it was written (`00123`, `+351…`, twenty digits) is no number: its column stays text.
"""

import functools
import operator
from collections.abc import Mapping
from enum import IntFlag

from jusante.core.literals import literal


class Kind(IntFlag):
    """The kinds of value that a column has. Bits from ITEM up are those of the items in its lists."""

    BOOLEAN = 1
    LONG = 2
    DOUBLE = 4
    DATE = 8
    TIMESTAMP = 16
    TIMESTAMPTZ = 32
    TIME = 64
    TEXT = 128
    CODE = 256
    OBJECT = 512
    LIST = 1024


FEW = 0.1
"""The part of a column's values that may be wrong, where wrong ones are set aside."""

ITEM_SHIFT = 11
_ITEM_MASK = (1 << ITEM_SHIFT) - 1

_LONG = "-?(0|[1-9][0-9]{0,18})"
_WHOLE, _EXPONENT = "(0|[1-9][0-9]*)", "[eE][+-]?[0-9]{1,3}"
_DOUBLE = f"-?({_WHOLE}?[.][0-9]+|{_WHOLE}[.])({_EXPONENT})?|-?{_WHOLE}{_EXPONENT}"
_NUMBER = r"[+-]?[0-9]+([.][0-9]*)?([eE][+-]?[0-9]+)?"
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?"
_MOMENT = rf"{_DATE}[ T][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]{{1,9}})?)?"
_ZONE = r" ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_LONGEST_DOUBLE = 24
_SQL_TYPES = {"long": "bigint"}
_WRITTEN = {  # simple patterns, that are quick to match
    "boolean": "(?i)true|false",
    "long": "-?(0|[1-9][0-9]*)",
    "double": "-?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)([eE][-+]?[0-9]+)?",
    "date": "[0-9]+-[0-9][0-9]-[0-9][0-9]",
    "timestamp": "[-0-9]+([ T][0-9:.]+)?",
    "timestamptz": "[-0-9]+[ T][0-9:.]+ ?(Z|[-+][0-9:]+)",
    "time": "[0-9:.]+",
}
"""How values are written that come back as they were."""

_TYPES: tuple[tuple[str, Kind], ...] = (
    ("boolean", Kind.BOOLEAN),
    ("long", Kind.LONG),
    ("double", Kind.LONG | Kind.DOUBLE),
    ("date", Kind.DATE),
    ("timestamp", Kind.DATE | Kind.TIMESTAMP),
    ("timestamptz", Kind.TIMESTAMPTZ),
    ("time", Kind.TIME),
)


def type_of(kinds: int) -> str:
    """The narrowest type that holds all values; text where nothing else does, or where there is no value."""
    if kinds & Kind.LIST and not kinds & ~(Kind.LIST | _ITEM_MASK << ITEM_SHIFT):
        items = kinds >> ITEM_SHIFT
        return "string" if items & (Kind.LIST | Kind.OBJECT) else f"list<{type_of(items)}>"
    if not kinds:
        return "string"
    return next((name for name, held in _TYPES if not kinds & ~held), "string")


def holds(known: str, kinds: int) -> bool:
    """Whether a column of a known type takes values of these kinds as they are: text takes all, a double whole numbers."""
    if known == "string" or not kinds:
        return True
    if known.startswith("list<"):
        inner = known[5:-1]
        return type_of(kinds).startswith("list<") and holds(inner, kinds >> ITEM_SHIFT)
    return any(name == known and not kinds & ~held for name, held in _TYPES)


def majority(counts: Mapping[int, int]) -> int:
    """The kinds of a column without stray texts, if nine tenths of its values are of another kind and one at that."""
    filled = {kind: count for kind, count in counts.items() if kind}
    rest = {kind: count for kind, count in filled.items() if kind != Kind.TEXT}
    few = filled.get(Kind.TEXT, 0) <= FEW * sum(filled.values())
    return union(rest if rest and few and type_of(union(rest)) != "string" else filled)


def union(counts: Mapping[int, int]) -> int:
    """All kinds of value that a column has."""
    return functools.reduce(operator.or_, counts, 0)


def text_kind(value: str) -> str:
    """SQL for the kind of a text, where numbers may be written as text (CSV)."""
    text = f"trim({value})"
    moment = f"try_cast({text} as timestamptz) is not null"
    return (
        f"case when {value} is null then 0 when not regexp_matches({value}, '^ *[-+.0-9tTfF]') then {Kind.TEXT:d} "
        f"when {_matches(text, _LONG)} and try_cast({text} as bigint) is not null then {Kind.LONG:d} "
        f"when {_matches(text, _DOUBLE)} and length({text}) <= {_LONGEST_DOUBLE} "
        f"and try_cast({text} as double) is not null then {Kind.DOUBLE:d} "
        f"when {_matches(text, _DATE)} and try_cast({text} as date) is not null then {Kind.DATE:d} "
        f"when {_matches(text, _MOMENT)} and {moment} then {Kind.TIMESTAMP:d} "
        f"when {_matches(text, _MOMENT + _ZONE)} and {moment} then {Kind.TIMESTAMPTZ:d} "
        f"when {_matches(text, _CLOCK)} and try_cast({text} as time) is not null then {Kind.TIME:d} "
        f"when lower({text}) in ('true', 'false') then {Kind.BOOLEAN:d} "
        f"when {_matches(text, _NUMBER)} then {Kind.CODE:d} else {Kind.TEXT:d} end"
    )


def json_kind(value: str) -> str:
    """SQL for the kinds of a JSON value: strings are text or times, never numbers; lists have their items' kinds too."""
    items = f"list_transform(json_extract({value}, '$[*]'), lambda item: {_scalar_json_kind('item')})"
    inner = f"coalesce(list_bit_or({items}), 0) << {ITEM_SHIFT}"
    return f"case when json_type({value}) = 'ARRAY' then {Kind.LIST:d} | ({inner}) else {_scalar_json_kind(value)} end"


def _scalar_json_kind(value: str) -> str:
    string = f"json_extract_string({value}, '$')"
    written = f"cast({value} as varchar)"
    moment = f"try_cast({string} as timestamptz) is not null"
    return (
        f"case coalesce(json_type({value}), 'NULL') when 'NULL' then 0 when 'BOOLEAN' then {Kind.BOOLEAN:d} "
        f"when 'OBJECT' then {Kind.OBJECT:d} when 'ARRAY' then {Kind.LIST:d} "
        f"when 'VARCHAR' then case when not regexp_matches({string}, '^[0-9]{{4}}-') then {Kind.TEXT:d} "
        f"when {_matches(string, _DATE)} and try_cast({string} as date) is not null then {Kind.DATE:d} "
        f"when {_matches(string, _MOMENT)} and {moment} then {Kind.TIMESTAMP:d} "
        f"when {_matches(string, _MOMENT + _ZONE)} and {moment} then {Kind.TIMESTAMPTZ:d} else {Kind.TEXT:d} end "
        f"else case when try_cast({written} as bigint) is not null and not regexp_matches({written}, '[.eE]') "
        f"then {Kind.LONG:d} when regexp_matches({written}, '[.eE]') and length({written}) <= {_LONGEST_DOUBLE} "
        f"then {Kind.DOUBLE:d} else {Kind.CODE:d} end end"
    )


def altered(value: str, kind: str) -> str | None:
    """SQL that is true where a text can be cast to a type and is another value then; None where no text is.

    It is quicker than `text_kind`, and enough where what cannot be cast is found by casting it.
    """
    if kind not in _WRITTEN:
        return None
    kept = f"regexp_full_match({value}, {literal(f' *({_WRITTEN[kind]}) *')})"
    can_be_cast = f"try_cast(trim({value}) as {_SQL_TYPES.get(kind, kind)}) is not null"
    if kind == "double":
        is_long = f"length(trim({value})) > {_LONGEST_DOUBLE}"
        return (
            f"case when {kept} and length({value}) <= {_LONGEST_DOUBLE} then false "
            f"else {can_be_cast} and (not {kept} or {is_long}) end"
        )
    return f"case when {kept} then false else {can_be_cast} end"


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {literal(pattern)})"
