"""Intervals of time: the hours, days or months that a table is made in, and which of them are done.

An interval is a number: how many hours, days or months its start lies after 1970-01-01 00:00 (UTC). So spans of intervals
are spans of whole numbers, and their arithmetic knows nothing of calendars.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Unit = Literal["hour", "day", "month"]
_EPOCH = dt.datetime.fromisoformat("1970-01-01")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The intervals from `first` up to, and without, `end`."""

    first: int
    end: int

    def __len__(self) -> int:
        return max(0, self.end - self.first)

    def meets(self, other: "Span") -> "Span":
        """The intervals of both; it may be empty."""
        return Span(max(self.first, other.first), min(self.end, other.end))


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same intervals in as few spans as can be, in order."""
    found: list[Span] = []
    for span in sorted(span for span in spans if len(span)):
        if found and span.first <= found[-1].end:
            found[-1] = Span(found[-1].first, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def minus(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """The intervals of the first that are in none of the second."""
    left, taken = list(joined(spans)), joined(taken)
    for gone in taken:
        left = [
            part
            for span in left
            for part in (Span(span.first, min(span.end, gone.first)), Span(max(span.first, gone.end), span.end))
            if len(part)
        ]
    return joined(left)


def both(spans: Iterable[Span], others: Iterable[Span]) -> tuple[Span, ...]:
    """The intervals that are in the first and in the second."""
    others = joined(others)
    return joined(span.meets(other) for span in joined(spans) for other in others)


def count(spans: Iterable[Span]) -> int:
    """How many intervals there are."""
    return sum(len(span) for span in joined(spans))


def of(numbers: Iterable[int]) -> tuple[Span, ...]:
    """The spans of these intervals."""
    return joined(Span(number, number + 1) for number in numbers)


def batches(spans: Iterable[Span], most: int) -> Iterator[Span]:
    """The same intervals in spans of at most so many, in order."""
    for span in joined(spans):
        for first in range(span.first, span.end, most):
            yield Span(first, min(first + most, span.end))


# -- the calendar ----------------------------------------------------------------------------------------------------


def number(at: dt.datetime, unit: Unit) -> int:
    """The interval that a moment lies in; one with a time zone counts by UTC."""
    if at.tzinfo:
        at = at.astimezone(dt.UTC).replace(tzinfo=None)
    match unit:
        case "month":
            return (at.year - 1970) * 12 + at.month - 1
        case "day":
            return (at - _EPOCH) // dt.timedelta(days=1)
        case "hour":
            return (at - _EPOCH) // dt.timedelta(hours=1)


def start(interval: int, unit: Unit) -> dt.datetime | None:
    """When an interval begins; None where that is after all times there are."""
    try:
        if unit == "month":
            return _EPOCH.replace(year=1970 + interval // 12, month=interval % 12 + 1)
        return _EPOCH + interval * (dt.timedelta(days=1) if unit == "day" else dt.timedelta(hours=1))
    except (ValueError, OverflowError):
        return None


def name(interval: int, unit: Unit) -> str:
    """An interval as people write it: `2026-11-25`, `2026-11`, `2026-11-25 14:00`."""
    at = start(interval, unit)
    if at is None:
        return "the end of time"
    return {"month": f"{at:%Y-%m}", "day": f"{at:%Y-%m-%d}", "hour": f"{at:%Y-%m-%d %H:00}"}[unit]


def told(span: Span, unit: Unit) -> str:
    """A span in words: its only interval, or the first and the last."""
    first, last = name(span.first, unit), name(span.end - 1, unit)
    return first if len(span) == 1 else f"{first} to {last}"


def parse(text: str) -> dt.datetime:
    """A moment as people write one: `2026`, `2026-11`, `2026-11-25`, `2026-11-25 14:00`. Raises ValueError."""
    text = text.strip()
    whole = text + "-01-01"[3 * text.count("-") :] if len(text) in {4, 7} else text
    try:
        at = dt.datetime.fromisoformat(whole)
    except ValueError:
        raise ValueError(f"{text!r} is no time: write 2026-11-25, 2026-11 or 2026-11-25 14:00") from None
    return at.astimezone(dt.UTC).replace(tzinfo=None) if at.tzinfo else at


# -- what is done ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Covered:
    """Intervals of a table and the version that their rows are of; empty where they were never made.

    `done`: they are what a build of the whole would give, from the inputs that the table's state names.
    """

    span: Span
    version: str
    done: bool

    def as_list(self) -> list[Any]:
        """As a snapshot's summary and the ledger keep it."""
        return [self.span.first, self.span.end, self.version, self.done]


def covered(kept: Iterable[Sequence[Any]]) -> tuple[Covered, ...]:
    """What `as_list` wrote."""
    return tuple(Covered(Span(first, end), version, done) for first, end, version, done in kept)


def done(coverage: Iterable[Covered]) -> tuple[Span, ...]:
    """The intervals that need not be made."""
    return joined(each.span for each in coverage if each.done)


def waiting(coverage: Iterable[Covered]) -> tuple[Span, ...]:
    """The intervals that were never made, are of another version, or were re-opened by late data."""
    return joined(each.span for each in coverage if not each.done)


def put(coverage: Iterable[Covered], spans: Iterable[Span], version: str, *, done: bool) -> tuple[Covered, ...]:
    """The coverage once these intervals are so; neighbours that are alike become one."""
    spans = joined(spans)
    kept = [Covered(rest, each.version, each.done) for each in coverage for rest in minus([each.span], spans)]
    found: list[Covered] = []
    for each in sorted([*kept, *(Covered(span, version, done) for span in spans)], key=lambda one: one.span):
        last = found[-1] if found else None
        if last and (last.span.end, last.version, last.done) == (each.span.first, each.version, each.done):
            found[-1] = Covered(Span(last.span.first, each.span.end), version=each.version, done=each.done)
        else:
            found.append(each)
    return tuple(found)


def reopened(coverage: Iterable[Covered], spans: Iterable[Span]) -> tuple[Covered, ...]:
    """The coverage once rows of these intervals changed; those that are new in it were never made."""
    coverage, spans = tuple(coverage), joined(spans)
    found = coverage
    for each in coverage:
        if touched := both([each.span], spans):
            found = put(found, touched, each.version, done=False)
    new = minus(spans, [each.span for each in coverage])
    return put(found, new, "", done=False) if new else found
