"""Looks at some rows of the source, where names do not tell which column is which, and compares them with the table's."""

import datetime as dt
import decimal
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jusante.core.names import quote, quote_table
from jusante.ingestion.drift.agreement import Agreement, Pair
from jusante.ports.connector import Connector, Request
from jusante.ports.engine import Engine, Session
from jusante.ports.table_store import Table

SAMPLE_ROWS = 5_000
MOST_VALUES = 100_000
_SAMPLE = "__looked.sample"
_LAST = "__looked.last"


@dataclass(frozen=True, slots=True)
class Look:
    """Where values are compared: the source's rows by `request` (without columns yet), and the table as it stands.

    `key` and `names` are the names here of the table's key and of the source's columns, by their names there.
    """

    engine: Engine
    connector: Connector
    request: Request
    current: Table
    key: Mapping[str, str]
    names: Mapping[str, str]

    def measure(self, pairs: Sequence[Pair]) -> Mapping[Pair, Agreement]:
        """How far the pairs agree; those whose column is not in the table are left out."""
        here = {old: self.names.get(old, old) for old, _ in pairs}
        plain_ones = {n for n in here.values() if self.current.schema.find(n) and not self.request.table.rule(n).mask}
        known = [(old, new) for old, new in pairs if here[old] in plain_ones]
        if not known or not self.current.plan.rows:
            return {}
        new = tuple(dict.fromkeys([*self.key, *(after for _, after in known)]))
        request = Request(self.request.name, self.request.table, new, known=self.request.known)
        with self.engine.session({_LAST: self.current.plan}) as session:
            session.add(_SAMPLE, self.connector.sample(request, SAMPLE_ROWS))
            return self._by_key(session, known) if self.key else self._by_set(session, known)

    def _by_key(self, session: Session, pairs: Sequence[Pair]) -> Mapping[Pair, Agreement]:
        olds = list(dict.fromkeys(old for old, _ in pairs))
        news = list(dict.fromkeys(new for _, new in pairs))
        items = [f"l.{quote(self.names.get(name, name))} as {quote(f'l{n}')}" for n, name in enumerate(olds)]
        items += [f"s.{quote(name)} as {quote(f's{n}')}" for n, name in enumerate(news)]
        on = " and ".join(
            f"cast(l.{quote(here)} as varchar) = cast(s.{quote(there)} as varchar)" for there, here in self.key.items()
        )
        sample = f"(select * from {quote_table(_SAMPLE)} limit {SAMPLE_ROWS})"
        rows = session.rows(f"select {', '.join(items)} from {sample} as s join {quote_table(_LAST)} as l on {on}")
        left = {name: [row[n] for row in rows] for n, name in enumerate(olds)}
        right = {name: [row[len(olds) + n] for row in rows] for n, name in enumerate(news)}
        return {(old, new): agreement(left[old], right[new]) for old, new in pairs}

    def _by_set(self, session: Session, pairs: Sequence[Pair]) -> Mapping[Pair, Agreement]:
        """Without a key: which of the values that come now have been there before."""
        news = list(dict.fromkeys(new for _, new in pairs))
        items = ", ".join(quote(name) for name in news)
        rows = session.rows(f"select {items} from {quote_table(_SAMPLE)} limit {SAMPLE_ROWS}")
        right = {name: [row[n] for row in rows] for n, name in enumerate(news)}
        left = {}
        for old in dict.fromkeys(old for old, _ in pairs):
            name = quote(self.names.get(old, old))
            found = session.rows(f"select distinct {name} from {quote_table(_LAST)} limit {MOST_VALUES}")
            left[old] = [value for (value,) in found]
        return {(old, new): overlap(left[old], right[new]) for old, new in pairs}


def agreement(left: Sequence[Any], right: Sequence[Any]) -> Agreement:
    """How far two columns agree row by row. Rows in which both are empty say nothing."""
    pairs = [(plain(a), plain(b)) for a, b in zip(left, right, strict=True) if a is not None or b is not None]
    count = len(pairs)
    if not count:
        return Agreement(0, 0.0, 0.0)
    equal = sum(a == b for a, b in pairs) / count
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(number * second[value] for value, number in first.items()) / count**2
    return Agreement(count, equal, chance)


def overlap(before: Iterable[Any], now: Iterable[Any]) -> Agreement:
    """Which share of the values that come now was there before. Few values say little: two columns may share them."""
    known = {plain(value) for value in before if value is not None}
    values = {plain(value) for value in now if value is not None}
    if not values or not known:
        return Agreement(0, 0.0, 0.0, by_key=False)
    return Agreement(len(values), len(values & known) / len(values), 1 / len(values), by_key=False)


def plain(value: Any) -> Any:  # noqa: PLR0911  # one line for each type
    """A value as it compares across types: numbers as numbers, also those in text; times in UTC; all else as text."""
    match value:
        case bool():
            return str(value).lower()
        case int() | decimal.Decimal():
            return decimal.Decimal(value).normalize()
        case float():
            return decimal.Decimal(repr(value)).normalize()
        case dt.datetime():
            return (value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value).isoformat(" ")
        case dt.date():
            return dt.datetime.combine(value, dt.time()).isoformat(" ")
        case str():
            return _read(value)
        case uuid.UUID():
            return str(value)
        case None:
            return None
    return repr(value)


def _read(text: str) -> Any:
    """Text that spells a number or a moment compares as that."""
    stripped = text.strip()
    try:
        number = decimal.Decimal(stripped)
        return number.normalize() if number.is_finite() else text
    except decimal.InvalidOperation:
        pass
    if len(stripped) >= 8 and stripped[:4].isdigit():
        try:
            return plain(dt.datetime.fromisoformat(stripped))
        except ValueError:
            return text
    return text.lower() if stripped.lower() in {"true", "false"} else text
