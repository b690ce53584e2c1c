"""Monitors on generated histories: how often they cry wolf, and how often they see it. Steady, weekly, growing, seasonal."""

import datetime as dt
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence

import measure
from jusante.core.profile import Profile
from jusante.dataops.monitors import Made, too_quiet, too_slow, unsteady, unusual_rows
from jusante.dataops.monitors.volume import is_level
from measure import Target

START = dt.datetime(2025, 11, 3, 6, tzinfo=dt.UTC)
DAYS = 180
LEARNING = 21
SERIES = 6
REMEMBERED = 40
HOLIDAYS = {53, 54, 60, 152}
"""Christmas, the day after, New Year, Good Friday: counted from the start."""

Rows = Callable[[random.Random, int], float]


def steady(chance: random.Random, day: int) -> float:
    del day
    return 10_000 * chance.lognormvariate(0, 0.03)


def weekly(chance: random.Random, day: int) -> float:
    return 10_000 * (0.3 if day % 7 >= 5 else 1.0) * chance.lognormvariate(0, 0.08)


def growing(chance: random.Random, day: int) -> float:
    return 5_000 * 1.01**day * chance.lognormvariate(0, 0.02)


def cumulative(chance: random.Random, day: int) -> float:
    return 100_000 + 900 * day + 200 * chance.random()


def seasonal(chance: random.Random, day: int) -> float:
    return 8_000 * (1 + 0.4 * math.sin(day / 58)) * (0.5 if day % 7 >= 5 else 1) * chance.lognormvariate(0, 0.08)


def holidays(chance: random.Random, day: int) -> float:
    return weekly(chance, day) * (0.25 if day in HOLIDAYS else 1.0)


def bursts(chance: random.Random, day: int) -> float:
    del day
    return 3_000 * chance.lognormvariate(0, 0.6)


def small(chance: random.Random, day: int) -> float:
    del day
    return sum(chance.random() < 0.2 for _ in range(40))


KINDS: dict[str, Rows] = {
    "steady": steady,
    "weekends are thin": weekly,
    "grows 1 % a day": growing,
    "only ever more": cumulative,
    "season and weekends": seasonal,
    "weekends and holidays": holidays,
    "bursts": bursts,
    "a handful of rows": small,
}
PLANTED = {"half is gone": 0.5, "nine of ten are gone": 0.1, "all is gone": 0.0, "twice as many": 2.0}


def main() -> None:
    began = time.process_time()
    rows, false, asked, seen, planted = [], 0, 0, 0, 0
    for name, kind in KINDS.items():
        alarms, days, found = _measured(name, kind)
        rows.append(
            [
                name,
                f"{days:,}",
                f"{alarms}",
                f"{100 * alarms / days:.2f} %",
                *(f"{s} of {n}" for s, n in found.values()),
            ]
        )
        false, asked = false + alarms, asked + days
        if name not in {"bursts", "a handful of rows"}:
            seen += sum(s for s, _ in found.values())
            planted += sum(n for _, n in found.values())
    quick = time.process_time() - began
    measure.publish(
        "monitors",
        f"{SERIES} made-up tables of each kind, made daily for {DAYS} days from November on, judged from day {LEARNING} on by the "
        f"{REMEMBERED} times before. Planted: one day at the end, other than it would have been. {quick:.0f} CPU s in all.",
        measure.table(["rows of a table", "days judged", "false alarms", "", *PLANTED], rows),
        measure.table(["other monitors, nothing wrong", "asked", "false alarms"], _others(random.Random(4))),
        measure.targets_table(
            [
                Target("false alarms of the number of rows, of 1,000 days", 5, 1000 * false / asked),
                Target(
                    "planted changes seen, bursts and handfuls left aside", 95, 100 * seen / planted, "%", at_least=True
                ),
            ]
        ),
    )


def _measured(name: str, kind: Rows) -> tuple[int, int, dict[str, tuple[int, int]]]:
    alarms, days = 0, 0
    found = dict.fromkeys(PLANTED, (0, 0))
    for number in range(SERIES):
        chance = random.Random(f"{name} {number}")
        past: list[Made] = []
        goes_on = False
        for day in range(DAYS):
            now = _made(day, kind(chance, day))
            if day >= LEARNING:
                days += 1
                said = _judged(past, now, goes_on=goes_on)
                alarms += bool(said) and not goes_on
                goes_on = bool(said)
            past = [*past, now][-REMEMBERED:]
        for title, factor in PLANTED.items():
            right = kind(chance, DAYS)
            seen, of = found[title]
            found[title] = (seen + bool(_judged(past, _made(DAYS, right * factor), goes_on=False)), of + 1)
    return alarms, days, found


def _judged(past: Sequence[Made], now: Made, *, goes_on: bool) -> str | None:
    return None if is_level([*past, now]) and not goes_on else unusual_rows(past, now, goes_on=goes_on)


def _made(day: int, rows: float) -> Made:
    return Made(Profile(START + dt.timedelta(days=day), round(rows), whole=True, columns={}), "1")


def _others(chance: random.Random) -> list[list[str]]:
    """The other monitors, on assets that are well: durations with long tails, loads on working days, rare failures."""
    slow = [too_slow(*_durations(chance)) for _ in range(5_000)]
    quiet = [said for _ in range(100) for said in _silences(chance)]
    failing = [unsteady([chance.random() > 0.02 for _ in range(60)]) for _ in range(5_000)]
    told = {"duration": slow, "freshness, working days": quiet, "failure rate, 2 % fail": failing}
    return [[name, f"{len(said):,}", f"{sum(map(bool, said))}"] for name, said in told.items()]


def _durations(chance: random.Random) -> tuple[list[float], float]:
    seconds = [120 * chance.lognormvariate(0, 0.25) for _ in range(60)]
    return seconds[1:], seconds[0]


def _silences(chance: random.Random) -> Iterator[str | None]:
    """A table that comes on working days, asked every morning of eight weeks."""
    loads: list[dt.datetime] = []
    for day in range(56):
        at = START + dt.timedelta(days=day, minutes=chance.gauss(0, 20))
        if len(loads) > 9:
            yield too_quiet(loads[-30:], at)
        if day % 7 < 5:
            loads.append(at)


if __name__ == "__main__":
    main()
