"""Decisions by pairs: what is known and the time, and what is decided of it; and what holds of all decisions."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from jusante.core.asset import Asset, Ingested
from jusante.core.cron import Cron
from jusante.core.event import Event
from jusante.core.graph import Graph
from jusante.core.model import Model, Query, SqlModel
from jusante.core.place import Place
from jusante.core.run import Task
from jusante.core.source import Ingest, Limits, Source, SourceTable
from jusante.core.trigger import TIMING
from jusante.orchestration.conducting.clocks import Every
from jusante.orchestration.conducting.deciding import decide
from jusante.orchestration.conducting.decision import Decision, News, Probe, Situation
from jusante.orchestration.conducting.laws import Law, laws
from jusante.orchestration.conducting.traces import NOTHING, SKEW, Trace, remembered
from jusante.orchestration.execution import blocker

CASES = yaml.safe_load(Path(__file__).with_name("decisions.yaml").read_text())
MOMENTS = {
    "since",
    "ticked",
    "fired",
    "aimed",
    "made",
    "begun",
    "failed",
    "held",
    "resumed",
    "at_risk",
    "missed",
    "skips_until",
    "passed",
}
START = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize("case", CASES, ids=[case["says"] for case in CASES])
def test_decision(case: dict[str, Any]) -> None:
    decided = decide(_situation(case), _moment(case["now"]))
    expected = case["expect"]
    found = {
        "due": {due.asset: due.kind for due in decided.due},
        "selection": list(decided.selection),
        "missed": {missed.asset: missed.ticks for missed in decided.missed},
        "late": {late.asset: "missed" if late.is_over else "at_risk" for late in decided.late},
        "waiting": [due.asset for due in decided.waiting],
        "skipped": [due.asset for due in decided.skipped],
        "wake": decided.wake,
    }
    if "wake" in expected:
        expected = {**expected, "wake": _moment(expected["wake"])}
    if "late" not in expected:
        assert not found["late"]

    assert {key: found[key] for key in expected} == expected


@given(
    policy=st.sampled_from(["one", "all", "none"]),
    step=st.sampled_from(["1m", "7m", "1h"]),
    jumps=st.lists(st.integers(-180, 400), min_size=1, max_size=40),
    restarts=st.sets(st.integers(0, 39)),
)
@settings(max_examples=200, deadline=None)
def test_no_tick_fires_twice_and_none_is_lost_however_the_clock_jumps(
    policy: str, step: str, jumps: list[int], restarts: set[int]
) -> None:
    clock = Every.parse(step)
    law = Law("in.a", clock=clock, catch_up=policy)
    situation = Situation({"in.a": law}, {}, START, {"in.a": Trace(since=START)})
    fired: list[dt.datetime] = []
    left = 0
    now = latest = START
    for number, jump in enumerate(jumps):
        now = max(now + jump * MINUTE, latest - SKEW)
        latest = max(latest, now)
        if number in restarts:
            situation = replace(situation, up_since=now)
        for decided in _carried_out(situation, now):
            situation = decided[0]
            fired += [due.tick for due in decided[1].due if due.tick]
            left += sum(missed.ticks for missed in decided[1].missed)

    assert len(set(fired)) == len(fired)
    assert fired == sorted(fired)
    passed = _ticks(clock, START, latest)
    assert set(fired) <= set(passed)
    assert len(fired) + left == len(passed)
    if policy == "all":
        assert fired == passed


@given(
    policy=st.sampled_from(["one", "all", "none"]),
    step=st.sampled_from(["7m", "1h"]),
    away=st.one_of(st.integers(-20_000_000, -180), st.integers(3_000, 3_000_000)),
    stays=st.integers(0, 120),
    restarts=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_a_clock_that_was_far_away_for_a_while_neither_silences_nor_repeats_what_is_due(
    policy: str, step: str, away: int, stays: int, restarts: bool
) -> None:
    clock = Every.parse(step)
    one = {"in.a": Law("in.a", clock=clock, catch_up=policy if away < 0 else "one")}
    right = START + 5 * dt.timedelta(hours=1)
    situation = Situation(one, {}, START, {"in.a": Trace(since=START)})
    situation = _carried_out(situation, right)[-1][0]
    wrong = right + away * MINUTE
    told = 0
    for now in (wrong, wrong + stays * MINUTE, right, right + MINUTE):
        told += bool(decide(situation, now).ahead)
        if restarts:
            situation = replace(situation, up_since=now)
        situation = _turned(situation, now)
        for after, _ in _carried_out(situation, now):
            situation = after
    later = right + dt.timedelta(days=1)
    caught_up = _carried_out(situation, later)

    assert told == 1
    passed = _ticks(clock, right + MINUTE, later)
    fired = [due.tick for _, decided in caught_up for due in decided.due]
    missed = [each for _, decided in caught_up for each in decided.missed]
    assert len(fired) + sum(each.ticks for each in missed) == len(passed)


def test_each_tick_comes_in_its_time_after_a_clock_was_some_hours_ahead() -> None:
    hour = dt.timedelta(hours=1)
    situation = Situation({"in.a": Law("in.a", clock=Every.parse("1h"))}, {}, START, {"in.a": Trace(since=START)})
    fired = []
    for hours in (1, 6, 2, 3, 4, 5, 6, 7):
        now = START + hours * hour
        situation = _turned(situation, now)
        for after, decided in _carried_out(situation, now):
            situation = after
            fired += [due.tick - START for due in decided.due if due.tick]

    assert [tick // hour for tick in fired] == [1, 6, 3, 4, 5, 6, 7]


def _turned(situation: Situation, now: dt.datetime) -> Situation:
    """What the ledger says once it was told that the clock was put back, if it was."""
    decided = replace(decide(situation, now), due=(), missed=(), late=())
    return replace(situation, traces=remembered(situation.traces, decided.events(now)))


def test_targets_retries_and_news_do_not_wait_for_a_time_that_a_wrong_clock_wrote() -> None:
    far = START.replace(year=2031)
    hour = dt.timedelta(hours=1)
    all_laws = {
        "in.a": Law("in.a", fresh=hour, above=("in.a",)),
        "in.b": Law("in.b", clock=Every.parse("30d")),
        "m.c": Law("m.c", follows=True, inputs=("in.a",)),
        "m.d": Law("m.d", clock=Cron("0 12 * * *", "UTC"), deadline=Cron("0 6 * * *", "UTC"), above=("m.d",)),
    }
    events = [
        *(Event("trigger.set", far, asset=name, payload={"law": ""}) for name in all_laws),
        _ended("in.a", "succeeded", far),
        _ended("in.b", "failed", far, code="J201"),
        _ended("m.c", "failed", far, code="J500"),
        Event("deadline.missed", far, asset="m.d", payload={"due": far.isoformat()}),
    ]
    news = {"m.c": News("new data", far)}
    situation = Situation(all_laws, {}, far, remembered({}, events), news)
    first = decide(situation, START)
    situation = _after(situation, list(first.events(START)))

    assert set(first.ahead) == set(all_laws)
    assert decide(situation, START).ahead == {}
    later = START + 2 * hour
    assert {due.asset: due.kind for due in decide(situation, later).due} == {"in.a": "target", "in.b": "retry"}
    days = decide(situation, START + dt.timedelta(days=2, hours=7))
    assert {late.asset: late.is_over for late in days.late} == {"m.d": True}


@given(
    due=st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.integers(-3, 3)), max_size=30),
    places=st.integers(1, 4),
    at_once=st.integers(1, 10),
)
@settings(max_examples=100, deadline=None)
def test_no_pool_gives_more_places_than_it_has_and_nobody_waits_for_a_free_one(
    due: list[tuple[str | None, int]], places: int, at_once: int
) -> None:
    all_laws = {
        f"in.{number}": Law(f"in.{number}", clock=Every.parse("1h"), pool=pool, priority=priority)
        for number, (pool, priority) in enumerate(due)
    }
    traces = {name: Trace(since=START) for name in all_laws}
    situation = Situation(all_laws, {}, START, traces, pools={"a": places, "b": places}, at_once=at_once)
    decided = decide(situation, START + dt.timedelta(hours=1))

    taken = [all_laws[each.asset].pool for each in decided.due]
    assert len(taken) <= at_once
    assert all(taken.count(pool) <= places for pool in ("a", "b"))
    assert {each.asset for each in (*decided.due, *decided.waiting)} == set(all_laws)
    for each in decided.waiting:
        pool = all_laws[each.asset].pool
        assert len(taken) == at_once or (pool and taken.count(pool) == places)
        better = [all_laws[other.asset] for other in decided.due if pool in {None, all_laws[other.asset].pool}]
        assert all(law.priority >= all_laws[each.asset].priority for law in better)


@given(
    steps=st.lists(
        st.tuples(
            st.integers(-90, 300),
            st.sampled_from(["nothing", "news", "failed", "asset.paused", "asset.resumed"]),
            st.integers(0, 4),
        ),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=100, deadline=None)
def test_what_is_known_to_rest_changes_nothing_that_is_decided(steps: list[tuple[int, str, int]]) -> None:
    berlin = Cron("*/20 1-3 * * *", "Europe/Berlin")
    all_laws = {
        "in.a": Law("in.a", clock=Every.parse("7m")),
        "in.b": Law("in.b", clock=berlin, catch_up="all"),
        "m.c": Law("m.c", follows=True, inputs=("in.a",)),
        "m.d": Law("m.d", fresh=dt.timedelta(hours=1), above=("in.a", "m.d"), inputs=("in.a",)),
        "m.e": Law("m.e", clock=Every.parse("1h"), catch_up="none"),
    }
    situation = Situation(all_laws, {"in.a": ("m.c", "m.d")}, START, {name: Trace(since=START) for name in all_laws})
    now = START
    for minutes, what, number in steps:
        now += minutes * MINUTE
        name = list(all_laws)[number]
        events = [Event(what, now, asset=name)] if what.startswith("asset.") else []
        if what == "failed":
            events = [Event("trigger.failed", now, asset=name, payload={"code": "J201"})]
        situation = replace(_after(situation, events), news={name: News("new data", now)} if what == "news" else {})
        while True:
            decided = decide(situation, now)
            anew = decide(replace(situation, resting={}), now)
            assert (decided.due, decided.missed, decided.late, decided.wake) == (
                anew.due,
                anew.missed,
                anew.late,
                anew.wake,
            )
            settled = [Event("trigger.settled", now, asset=due.asset, payload={"seconds": 1}) for due in decided.due]
            if not (decided.due or decided.missed):
                break
            news = {each: told for each, told in situation.news.items() if each not in {d.asset for d in decided.due}}
            events = [*decided.events(now), *settled]
            situation = replace(_after(replace(situation, resting=decided.rests), events), news=news)
        situation = replace(situation, resting=decided.rests)


@pytest.mark.parametrize(
    ("reason", "made_later"),
    [("left as it was: in.a did not succeed", True), ("left as it was: cancelled by ada", False)],
)
def test_a_tick_below_a_failure_is_dealt_with_once_that_is_mended(reason: str, made_later: bool) -> None:
    daily = Cron("0 6 * * *", "UTC")
    all_laws = {"in.a": Law("in.a", clock=daily), "m.b": Law("m.b", clock=daily, inputs=("in.a",))}
    situation = Situation(all_laws, {"in.a": ("m.b",)}, START, {name: Trace(since=START) for name in all_laws})
    now = START.replace(hour=6)
    fired = decide(situation, now)
    assert fired.selection == ("in.a", "m.b")

    failed, left = _ended("in.a", "failed", now, code="J201"), _ended("m.b", "skipped", now, reason=reason)
    situation = _after(situation, [*fired.events(now), failed, left])
    retry = decide(situation, now + MINUTE)
    assert retry.selection == ("in.a",)
    situation = _after(situation, [*retry.events(now), _ended("in.a", "succeeded", now + MINUTE)])
    again = decide(situation, now + MINUTE)
    assert again.selection == (("m.b",) if made_later else ())
    situation = _after(situation, [*again.events(now), _ended("m.b", "succeeded", now + MINUTE)])
    assert decide(situation, now + MINUTE).due == ()


@pytest.mark.parametrize(
    ("now", "why"),
    [("5 07:01", "it is 07:00 and it is not there"), ("5 06:30", "it was due at 07:00 on 04 Jun and is not there")],
)
def test_a_deadline_that_was_missed_on_another_day_is_told_with_that_day(now: str, why: str) -> None:
    made = {"since": "1 12:00", "ticked": "1 12:00", "at_risk": "5 07:00"}
    asset = {"deadline": "07:00 UTC", "schedule": "0 12 1 * *", "trace": made}
    decided = decide(_situation({"now": now, "assets": {"m.b": asset}}), _moment(now))
    assert [late.why for late in decided.late if late.is_over] == [why]


@pytest.mark.parametrize(
    ("error", "fails"), [("", False), ("J210", True)], ids=["by a budget or a column", "as its source has changed"]
)
def test_up_takes_for_failed_what_a_run_takes_for_it(error: str, fails: bool) -> None:
    all_laws = {"in.a": Law("in.a"), "m.b": Law("m.b", follows=True, inputs=("in.a",))}
    held = _ended("in.a", "held", START, code=error, reason="over budget: it may cost $1")
    task = Task("in.a", "ingest", "held", error=held.payload["task"]["error"])
    graph = Graph([_asset("in.a", {}), _asset("m.b", {"inputs": ["in.a"]})])
    news = {"m.b": News("new data", START + MINUTE)}
    situation = Situation(all_laws, {"in.a": ("m.b",)}, START, remembered({}, [held]), news=news)

    assert bool(blocker(graph, "m.b", {"in.a": task}, {})) == fails
    assert (decide(situation, START + MINUTE).due == ()) == fails


def _ended(asset: str, status: str, at: dt.datetime, code: str = "", reason: str = "") -> Event:
    task = {
        "asset": asset,
        "status": status,
        "reason": reason,
        "seconds": 1.0,
        "error": {"code": code} if code else None,
    }
    return Event(f"task.{status}", at, "r1", asset, {"task": task})


def _after(situation: Situation, events: list[Event]) -> Situation:
    happened = {event.asset for event in events}
    resting = {name: until for name, until in situation.resting.items() if name not in happened}
    return replace(situation, traces=remembered(situation.traces, events), resting=resting)


def _carried_out(situation: Situation, now: dt.datetime) -> list[tuple[Situation, Decision]]:
    """Decide until nothing is due, each time telling the ledger what was decided, and that it succeeded."""
    steps = []
    while True:
        decided = decide(situation, now)
        if not (decided.due or decided.missed):
            return steps
        traces = remembered(situation.traces, decided.events(now))
        traces = {name: replace(trace, is_open=False) for name, trace in traces.items()}
        situation = replace(situation, traces=traces)
        steps.append((situation, decided))


def _ticks(clock: Every, after: dt.datetime, until: dt.datetime) -> list[dt.datetime]:
    minutes = ((until - after) // MINUTE + 1) if until > after else 0
    passed = (after + MINUTE * number for number in range(1, minutes))
    return [moment for moment in passed if moment.timestamp() % clock.step.total_seconds() == 0]


def _situation(case: Mapping[str, Any]) -> Situation:
    graph = Graph([_asset(name, given) for name, given in case["assets"].items()])
    about = case["assets"].items()
    return Situation(
        laws(graph),
        graph.readers,
        _moment(case.get("up_since", case["now"])),
        {name: _trace(given["trace"]) for name, given in about if "trace" in given},
        {name: News("new data", _moment(given["news"])) for name, given in about if "news" in given},
        {name: Probe(why="a file came", **given["probe"]) for name, given in about if "probe" in given},
        case.get("pools", {}),
    )


def _asset(name: str, given: Mapping[str, Any]) -> Asset:
    timing = {key: value for key, value in given.items() if key in TIMING}
    inputs = tuple(given.get("inputs", ()))
    if name.startswith("in."):
        table = SourceTable(ingest=Ingest(**timing))
        source = Source(source="in", kind="sqlite", limits=Limits(not_during=given.get("quiet")))
        return Asset(name, Place("sources/in.yaml", 1), inputs, Ingested(source, table, name))
    return Asset(name, Place("models/m.sql", 1), inputs, SqlModel(Model(**timing), Query("", inputs, "")))


def _trace(given: Mapping[str, Any]) -> Trace:
    values = {key: _moment(value) if key in MOMENTS else value for key, value in given.items()}
    return replace(NOTHING, **{**values, "seconds": tuple(values.get("seconds", ()))})


def _moment(text: str) -> dt.datetime:
    day, time = text.split()
    moment = dt.datetime.fromisoformat(f"2026-06-01 {time}+00:00")
    return moment + dt.timedelta(days=int(day) - 1)
