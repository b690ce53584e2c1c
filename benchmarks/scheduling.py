"""A year of 500 schedules in eight time zones, held against a count of every minute; and a decision over 10,000 assets."""

import datetime as dt
import gc
import random
import statistics
import time
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

import numpy as np

import measure
from jusante.core.cron import Cron
from jusante.orchestration.conducting.clocks import Clock, Every
from jusante.orchestration.conducting.deciding import decide
from jusante.orchestration.conducting.decision import News, Situation
from jusante.orchestration.conducting.laws import Law
from jusante.orchestration.conducting.traces import Trace, remembered
from measure import Target

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
ASSETS = 10_000
DECISIONS = 21
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
]


def main() -> None:
    gc.set_threshold(100_000, 20, 20)  # as the command line does
    chance = random.Random(4)
    first, *took = [seconds * 1000 for seconds in decisions()]
    decision = statistics.median(took)
    crons = [Cron(expression(chance), ZONES[number % len(ZONES)]) for number in range(500)]
    began = time.process_time()
    fired = simulated(crons, 365)
    simulating = time.process_time() - began
    wrong = sum(fired[number] != counted(cron, 365) for number, cron in enumerate(crons))
    ticks = sum(map(len, fired))
    measure.publish(
        "scheduling",
        f"{len(crons)} schedules in {len(ZONES)} zones over a year, {ticks:,} ticks: decided one after another, each told to the "
        "traces before the next; held against the clock on the wall at each of 525,600 minutes.",
        measure.table(
            ["", ""],
            [
                ["schedules whose ticks are not those of the count", f"{wrong}"],
                ["simulating the year, CPU s", f"{simulating:.1f}"],
                [
                    f"a decision over {ASSETS:,} assets, 3,000 of them due, CPU ms, median of {DECISIONS - 1}",
                    f"{decision:.1f}",
                ],
                ["the first of all, with no tick worked out yet", f"{first:.1f}"],
                ["the longest after it, in a new minute", f"{max(took):.1f}"],
            ],
        ),
        measure.targets_table(
            [
                Target("schedules that are not exact", 0, wrong, ""),
                Target(f"a decision over {ASSETS:,} assets", 50, decision, "CPU ms"),
            ]
        ),
        f"Versions: {measure.own_versions('cronsim')}.",
    )


def expression(chance: random.Random) -> str:
    """A schedule as people write them; on quarters of an hour, so that a year has not more moments than it needs."""
    minute, hour = chance.choice(["0", "15", "30", "45"]), str(chance.randrange(24))
    return chance.choice(
        [
            f"{minute} {hour} * * *",
            f"{minute} {hour} * * 1-5",
            f"{minute} {hour} {chance.randrange(1, 29)} * *",
            f"{minute} {chance.randrange(4)} * * {chance.randrange(7)}",
            f"{minute} {chance.randrange(4)} * * *",
            f"{minute} */{chance.choice([2, 3, 6])} * * *",
            f"*/30 {hour} * * *",
            "*/15 1-3 * * *",
        ]
    )


def simulated(crons: list[Cron], days: int) -> list[list[dt.datetime]]:
    """What fires when a year is decided from wake to wake."""
    names = {f"in.{number}": number for number in range(len(crons))}
    laws = {name: Law(name, clock=crons[number]) for name, number in names.items()}
    situation = Situation(laws, {}, START, {name: Trace(since=START) for name in laws}, at_once=len(laws))
    fired: list[list[dt.datetime]] = [[] for _ in crons]
    now: dt.datetime | None = START
    while now and now <= START + dt.timedelta(days=days):
        decided = decide(situation, now)
        for due in decided.due:
            assert due.tick == now
            fired[names[due.asset]].append(now)
        events = decided.events(now)
        happened = {event.asset for event in events}
        resting = {name: until for name, until in decided.rests.items() if name not in happened}
        situation = replace(situation, traces=dealt_with(situation.traces, events), resting=resting)
        now = decided.wake
    return fired


def dealt_with(traces: Mapping[str, Trace], events: tuple) -> dict[str, Trace]:
    """The traces after these events, and after runs that dealt with them."""
    found = remembered(traces, events)
    for event in events:
        found[event.asset] = replace(found[event.asset], is_open=False)
    return found


@cache
def walls(zone: str, days: int) -> tuple[np.ndarray, list[dt.datetime]]:
    """The clock on the wall at each minute, as minutes since 1970 on it, and those minutes."""
    place = zoneinfo.ZoneInfo(zone)
    moments = [START + MINUTE * number for number in range(days * 1440 + 1)]
    epoch = dt.datetime(1970, 1, 1)  # noqa: DTZ001  # a clock on the wall
    shown = [(moment.astimezone(place).replace(tzinfo=None) - epoch) // MINUTE for moment in moments]
    return np.array(shown), moments


def counted(cron: Cron, days: int) -> list[dt.datetime]:
    """The ticks of a schedule, by looking at the clock on the wall at every minute. Knows nothing of how they are found."""
    shown, moments = walls(cron.zone, days)
    fields = cron.expression.split()
    if fields[0].startswith("*") or fields[1].startswith("*"):
        indices = np.flatnonzero(fits(fields, shown))
        return [moments[index] for index in indices if index > 0]
    highest = np.maximum.accumulate(shown)
    passed = np.arange(highest[0] + 1, highest[-1] + 1)
    indices = np.unique(np.searchsorted(highest, passed[fits(fields, passed)]))
    return [moments[index] for index in indices if index > 0]


def fits(fields: list[str], shown: np.ndarray) -> np.ndarray:
    """Whether each time on the wall is one of the schedule's; `L` and names of days are not used here."""
    days = shown // 1440
    dates = days.astype("datetime64[D]")
    day = (dates - dates.astype("datetime64[M]")).astype(int) + 1
    weekday = (days + 4) % 7
    on_day, on_weekday = among(fields[2], day, 1), among(fields[4], weekday, 0)
    both = fields[2].startswith("*") or fields[4].startswith("*")
    right_day = on_day & on_weekday if both else on_day | on_weekday
    return among(fields[0], shown % 60, 0) & among(fields[1], shown // 60 % 24, 0) & right_day


def among(field: str, values: np.ndarray, first: int) -> np.ndarray:
    if field.startswith("*"):
        return (values - first) % int(field.partition("/")[2] or 1) == 0
    bounds = [[int(bound) for bound in part.split("-")] for part in field.split(",")]
    return np.logical_or.reduce([(values >= low[0]) & (values <= low[-1]) for low in bounds])


def decisions() -> Iterator[float]:
    """CPU seconds of decisions over a project that is half asleep: clocks, targets, retries, and much that follows."""
    chance, now = random.Random(1), START + dt.timedelta(days=180)
    laws, readers, traces, news = {}, {}, {}, {}
    for number in range(ASSETS):
        name = f"m.a{number:05}"
        inputs = tuple(f"m.a{chance.randrange(number):05}" for _ in range(2)) if number > 2_000 else ()
        clock: Clock | None = None
        if number < 2_000:
            clock = Every.parse(chance.choice(["5m", "15m", "1h"]))
        elif number < 2_500:
            clock = Cron(expression(chance), chance.choice(ZONES))
        aims = Cron("0 7 * * *", chance.choice(ZONES)) if number % 100 == 99 else None
        above = (*inputs, name) if aims else ()
        laws[name] = Law(name, clock=clock, follows=clock is None, inputs=inputs, deadline=aims, above=above)
        for above_it in inputs:
            readers.setdefault(above_it, []).append(name)
        past = now - dt.timedelta(minutes=chance.randrange(600))
        failed = {"failed": past, "failures": 1, "code": "J201"} if number % 500 == 0 else {}
        traces[name] = Trace(since=START, ticked=past, made=past, begun=past, seconds=(1.0, 2.0, 9.0), **failed)
        if number > 9_000:
            news[name] = News("new data in m.a00001", past)
    situation = Situation(laws, {name: tuple(found) for name, found in readers.items()}, START, traces, news)
    for number in range(DECISIONS):
        began = time.process_time()
        decide(situation, now + dt.timedelta(seconds=number))
        yield time.process_time() - began


if __name__ == "__main__":
    main()
