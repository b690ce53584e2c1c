"""Bytes at rest over time: from what a table weighed at some moments to what each day is charged."""

import datetime as dt
from collections.abc import Iterable, Iterator

from jusante.architecture.cost.rates import gb_months, worth
from jusante.core.cost import Charge, Rates, Stored

_DAY = dt.timedelta(days=1)


def byte_seconds(
    samples: Iterable[Stored], since: dt.datetime, until: dt.datetime
) -> Iterator[tuple[dt.date, str, int]]:
    """What each table weighed on each day (UTC), in bytes times whole seconds. A sample holds until the next of its table.

    `samples` come oldest first; one from before `since` counts from `since` on.
    """
    standing: dict[str, Stored] = {}
    for sample in samples:
        if before := standing.get(sample.asset):
            yield from _days(before, max(before.at, since), min(sample.at, until))
        standing[sample.asset] = sample
    for last in standing.values():
        yield from _days(last, max(last.at, since), until)


def _days(sample: Stored, start: dt.datetime, end: dt.datetime) -> Iterator[tuple[dt.date, str, int]]:
    """One stretch of time in which nothing changed, day by day."""
    start, end = (moment.astimezone(dt.UTC).replace(microsecond=0) for moment in (start, end))
    while start < end:
        midnight = start.replace(hour=0, minute=0, second=0) + _DAY
        stop = min(midnight, end)
        if sample.bytes:
            yield start.date(), sample.asset, sample.bytes * int((stop - start).total_seconds())
        start = stop


def charges(samples: Iterable[Stored], since: dt.datetime, until: dt.datetime, rates: Rates) -> Iterator[Charge]:
    """What lay at rest, as charges: one for each table and day."""
    total: dict[tuple[dt.date, str], int] = {}
    for day, asset, weight in byte_seconds(samples, since, until):
        total[day, asset] = total.get((day, asset), 0) + weight
    for (day, asset), weight in sorted(total.items()):
        quantity = gb_months(weight)
        yield Charge(day, "storage", asset, "", "stored", quantity, worth("stored", quantity, rates))
