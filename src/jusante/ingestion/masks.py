"""Masks as SQL: a value is masked in the query that reads it, so that its plain form is never written anywhere."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

from jusante.core.literals import listed, literal
from jusante.core.mask import PERIODS, Mask
from jusante.core.names import quote
from jusante.core.schema import Column, Schema, decimal_of
from jusante.core.source import SourceTable
from jusante.ingestion import transit
from jusante.ports.engine import Session
from jusante.security.masking import Masks

ERASED = "jusante erased"
MISFIT = " does not fit"
_IP_PREFIXES = {4: 24, 6: 48}
_POSTCODE_CHARACTERS = 3


@dataclass(frozen=True, slots=True)
class Veil:
    """How the columns of one table are read: `instead` is SQL by column for those that are masked.

    `relation` is what they are read from, and `where` which rows of it. Where rows are set aside, a value that does not fit
    its declared type becomes null, and `flags` are columns of truth values, one for each of `flagged`, that say so.
    """

    relation: str
    where: str = ""
    instead: dict[str, str] = field(default_factory=dict)
    flagged: tuple[str, ...] = ()

    @property
    def flags(self) -> tuple[Column, ...]:
        """The columns that `relation` has beside its own."""
        return tuple(Column(name + MISFIT, "boolean") for name in self.flagged)


def veil(  # where the rows are, what is to be done to them, with what
    session: Session, relation: str, table: SourceTable, found: Schema, masks: Masks | None, *, set_aside: bool = False
) -> Veil:
    """What a load reads in place of a plain relation with the columns `found`."""
    maker = _Maker(session, table, found, masks)
    masked = [(column, rule.mask) for column in found if (rule := table.rule(column.name)).mask is not None]
    instead, tests = {}, {}
    for column, mask in masked:
        kind = transit.plain(table, column).type
        assert mask is not None
        instead[column.name] = maker.masked(column, kind, mask, lenient=set_aside)
        if set_aside and kind != column.type:
            tests[column.name] = transit.misfit(column, kind, session.sql_type)
    if tests:
        flags = ", ".join(f"{test} as {quote(name + MISFIT)}" for name, test in tests.items())
        relation = f"(select *, {flags} from {relation}) as flagged"
    made = Veil(relation, "", instead, tuple(tests))
    return _without_erased(session, made, maker, set_aside=set_aside) if masks and table.subject else made


def text_of(value: str, kind: str) -> str:
    """SQL for a value as text, alike for equal values of alike types: 7, 7.0 and 7.00 are one number."""
    if kind == "string":
        return value
    plain = f"cast({value} as varchar)"
    parts = decimal_of(kind)
    if parts and parts[1]:
        return f"regexp_replace({plain}, '\\.?0+$', '')"
    return f"regexp_replace({plain}, '\\.0$', '')" if kind in {"float", "double"} else plain


def erased_sql(session: Session, masks: Masks, kind: str, person: str, pseudonyms: frozenset[bytes]) -> str:
    """SQL that is true where a text names somebody with one of these pseudonyms."""
    name = session.keyed_hash("subject", masks.keys.subject)(f"encode({literal(kind)} || chr(0) || {person})")
    return f"coalesce(left({name}, 32) in {listed(sorted(each.hex() for each in pseudonyms))}, false)"


class _Maker:
    """Makes the SQL of masks in one session."""

    def __init__(self, session: Session, table: SourceTable, found: Schema, masks: Masks | None) -> None:
        self._session = session
        self._table = table
        self._found = found
        self._masks = masks

    @property
    def masks(self) -> Masks:
        """The keys; who asks has seen to it that there are some."""
        assert self._masks is not None
        return self._masks

    @property
    def table(self) -> SourceTable:
        """The table whose columns are masked."""
        return self._table

    def masked(self, column: Column, kind: str, mask: Mask, *, lenient: bool) -> str:
        """SQL for a masked column; null stays null."""
        value = self.plain(column, kind, lenient=lenient)
        match mask.kind:
            case "hash":
                return self._hashed(value, kind)
            case "tokenise":
                return self._token(text_of(value, kind))
            case "truncate":
                assert isinstance(mask.to, int)
                end = "left" if mask.to > 0 else "right"
                return f"{end}({text_of(value, kind)}, {abs(mask.to)})"
        return self._general(value, kind, mask)

    def plain(self, column: Column, kind: str, *, lenient: bool = False) -> str:
        """SQL for a column in its declared type, before any mask; no error shows a value."""
        if lenient and kind != column.type:
            return f"try_cast({quote(column.name)} as {self._session.sql_type(kind)})"
        return transit.cast(column, kind, self._session.sql_type, hidden=True)

    def person(self) -> str:
        """SQL for the text that names the person a row is about."""
        assert self._table.subject is not None
        column = self._found.find(self._table.subject.column)
        assert column is not None, "a subject's column is read"
        kind = self._table.rule(column.name).type or column.type
        return text_of(self.plain(column, kind, lenient=True), kind)

    def personal(self, *, lenient: bool) -> Iterator[tuple[Column, str]]:
        """The columns that tell of a person, and SQL for each without a mask."""
        for column in self._found:
            if is_told_of_person(self._table, column.name):
                kind = column.type if lenient else transit.plain(self._table, column).type
                yield column, self.plain(column, kind)

    def _hashed(self, value: str, kind: str) -> str:
        given = value if kind == "binary" else f"encode({text_of(value, kind)})"
        return self._session.keyed_hash("masks", self.masks.keys.hash)(given)

    def _token(self, value: str) -> str:
        tokens, subject = self.masks.tokens, self._table.subject
        if subject is None:
            return self._session.function("token", tokens.of, 1)(value)
        kind = subject.name
        made = self._session.function("token", lambda persons, values: tokens.of_subjects(kind, persons, values), 2)
        return made(self.person(), value)

    def _general(self, value: str, kind: str, mask: Mask) -> str:
        if mask.to in PERIODS:
            return f"cast(date_trunc({literal(mask.to)}, {value}) as date)"
        if mask.to == "ip":
            return self._session.function("network", _networks, 1)(value)
        if mask.to == "postcode":
            return f"upper(left(regexp_replace({value}, '[^0-9A-Za-z]', '', 'g'), {_POSTCODE_CHARACTERS}))"
        if kind in {"int", "long"}:
            return (
                f"cast({value} - ((({value} % {mask.to}) + {mask.to}) % {mask.to}) as {self._session.sql_type(kind)})"
            )
        return f"cast(floor({value} / {mask.to}) * {mask.to} as {self._session.sql_type(kind)})"


def _without_erased(session: Session, made: Veil, maker: _Maker, *, set_aside: bool) -> Veil:
    """The same, but that nobody comes back who was erased."""
    subject = maker.table.subject
    assert subject is not None
    buried = maker.masks.store.buried(subject.name)
    if not buried:
        return made
    erased = erased_sql(session, maker.masks, subject.name, maker.person(), buried)
    relation = f"(select *, {erased} as {quote(ERASED)} from {made.relation}) as living"
    if erases_rows(maker.table):
        return Veil(relation, f" where not {quote(ERASED)}", made.instead, made.flagged)
    nulled = {
        column.name: f"case when {quote(ERASED)} then null else {made.instead.get(column.name) or shown} end"
        for column, shown in maker.personal(lenient=set_aside)
    }
    return Veil(relation, "", {**made.instead, **nulled}, made.flagged)


def erases_rows(table: SourceTable) -> bool:
    """Whether an erased person's rows go, and not only the values in them."""
    assert table.subject is not None
    in_key = table.subject.column.lower() in {name.lower() for name in table.key}
    return table.subject.erase == "rows" or (table.subject.erase is None and in_key)


def is_told_of_person(table: SourceTable, column: str) -> bool:
    """Whether a column goes with a person whose rows stay."""
    assert table.subject is not None
    return table.rule(column).is_hidden or column.lower() == table.subject.column.lower()


def _networks(values: list[str | None]) -> list[str | None]:
    """The networks of addresses; null for what is no address."""
    return [None if value is None else _network(value) for value in values]


def _network(value: str) -> str | None:
    try:
        address = ipaddress.ip_address(value.partition("/")[0].strip())
        return str(ipaddress.ip_network((address, _IP_PREFIXES[address.version]), strict=False))
    except ValueError:
        return None
