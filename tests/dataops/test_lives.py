"""From run to run: an incident opens once, goes on, is over by itself, comes back within a day, and is acted upon."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jusante.core.event import Event
from jusante.core.incident import LONGEST_TIMELINE, Incident, after
from jusante.core.run import Task
from jusante.dataops.incidents import Case, cases_of, decide, symptoms_of
from jusante.dataops.incidents.acting import acknowledge, assign, comment, merge, reopen, resolve, silence
from jusante.dataops.incidents.deciding import WINDOW, Now
from jusante.dataops.incidents.notices import notices_of
from jusante.dataops.incidents.postmortem import draft
from jusante.dataops.incidents.symptoms import is_well
from jusante.errors import UsageError
from planted import HOUR, T0, Plant, shop, tasks_of

SYNTAX = ("J400", "syntax error at or near the end")
DOWN = dict.fromkeys(("sales.orders", "sales.customers", "sales.order_items"), ("J201", "no connection"))
MADE = [asset.id for asset in shop() if asset.is_made]


class House:
    """The shop, run again and again; its incidents as the ledger tells of them."""

    def __init__(self) -> None:
        self.now = T0
        self.incidents: dict[str, Incident] = {}
        self.events: list[Event] = []

    def tell(self, events: Sequence[Event]) -> tuple[str, ...]:
        for event in events:
            name = str(event.payload["incident"])
            told = after(self.incidents.get(name), event)
            assert told is not None
            self.incidents[name] = Incident.from_dict(told.as_dict())
            assert self.incidents[name] == told
        self.events += events
        return tuple(f"{event.payload['incident']} {event.kind.partition('.')[2]}" for event in events)

    def run(
        self, fails: dict[str, tuple[str, str]], later: dt.timedelta = HOUR, **more: frozenset[str]
    ) -> tuple[str, ...]:
        self.now += later
        tasks = tasks_of(shop(), Plant("", fails, frozenset(), **more))
        return self.tell(self.decided(tasks))

    def decided(self, tasks: Sequence[Task]) -> tuple[Event, ...]:
        cases: tuple[Case, ...] = cases_of(shop(), tasks, symptoms_of(tasks), lambda _: ())
        well = {task.asset for task in tasks if is_well(task)}
        now = Now(well, {task.asset for task in tasks}, self.now, "r")
        known = tuple(reversed(self.incidents.values()))
        return decide(shop(), cases, known, now, {}, len(known) + 1).events


def test_one_cause_is_one_incident_from_run_to_run_until_it_is_over() -> None:
    house = House()
    assert house.run({"marts.buzz": SYNTAX}) == ("I1 opened",)
    assert house.run({"marts.buzz": SYNTAX}) == ("I1 continued",)
    assert house.run({"marts.buzz": ("J500", "another failure of the same asset")}) == ("I1 continued",)
    assert house.run({}) == ("I1 resolved",)
    assert house.run({}) == ()
    assert [moment.what for moment in house.incidents["I1"].timeline] == [
        "opened",
        "continued",
        "continued",
        "resolved",
    ]


def test_a_cause_that_comes_back_soon_is_the_same_and_later_a_new_one_that_names_it() -> None:
    house = House()
    house.run(DOWN)
    assert house.run({}) == ("I1 resolved",)
    assert house.run(DOWN) == ("I1 reopened",)
    house.run({})
    assert house.run(DOWN, later=WINDOW + HOUR) == ("I2 opened",)
    assert house.incidents["I2"].before == "I1"


def test_a_run_of_something_else_says_nothing_of_an_incident() -> None:
    house = House()
    house.run({"marts.buzz": SYNTAX})
    assert house.run({}, chosen=frozenset({"sales.orders"})) == ()
    assert house.run({}, chosen=frozenset({"marts.buzz"})) == ("I1 resolved",)


def test_a_source_that_was_down_is_well_only_when_all_that_failed_came_through() -> None:
    house = House()
    house.run(DOWN)
    assert house.run({}, chosen=frozenset({"sales.orders"})) == ()
    assert house.run({}) == ("I1 resolved",)


def test_a_merged_cause_goes_on_in_the_other() -> None:
    house = House()
    house.run({"marts.buzz": SYNTAX, "marts.country_sales": SYNTAX})
    one, two = house.incidents["I1"], house.incidents["I2"]
    house.tell(merge(one, two, house.now))
    assert house.incidents["I1"].merged_into == "I2"
    assert house.run({one.assets[0]: SYNTAX}) == ("I2 continued",)
    assert house.run({}) == ("I2 resolved",)
    with pytest.raises(UsageError):
        merge(house.incidents["I1"], house.incidents["I2"], house.now)


def test_people_act_upon_it_and_what_makes_no_sense_is_refused() -> None:
    house = House()
    house.run({"marts.buzz": SYNTAX})
    house.tell(acknowledge(house.incidents["I1"], house.now))
    house.tell(assign(house.incidents["I1"], "me@b.example", house.now))
    house.tell(comment(house.incidents["I1"], "the edit of this morning", house.now))
    assert house.incidents["I1"].state == "acknowledged"
    assert house.run({"marts.buzz": SYNTAX}) == ("I1 continued",)
    assert house.incidents["I1"].state == "acknowledged"
    house.tell(resolve(house.incidents["I1"], "", house.now))
    for act in (acknowledge, lambda each, now: silence(each, now + HOUR, now)):
        with pytest.raises(UsageError):
            act(house.incidents["I1"], house.now)
    house.tell(reopen(house.incidents["I1"], "too early", house.now))
    assert house.incidents["I1"].state == "open"


def test_a_silence_ends() -> None:
    house = House()
    house.run({"marts.buzz": SYNTAX})
    incident = house.incidents["I1"]
    for until in (house.now, house.now - HOUR, house.now + dt.timedelta(days=400)):
        with pytest.raises(UsageError):
            silence(incident, until, house.now)
    house.tell(silence(incident, house.now + HOUR, house.now))
    assert house.incidents["I1"].is_silent(house.now)
    assert notices_of(house.incidents["I1"], "incident.resolved", house.now) == ()
    assert not house.incidents["I1"].is_silent(house.now + HOUR)


def test_owners_of_the_cause_and_of_what_is_touched_are_told_once_for_each_change() -> None:
    house = House()
    house.run({"marts.daily_sales": SYNTAX})
    incident = house.incidents["I1"]
    told = notices_of(incident, "incident.opened", house.now)
    owners = {touched.owner for touched in incident.touched if touched.owner} | {incident.owner}
    assert sorted(notice.to for notice in told) == sorted(owners)
    assert notices_of(incident, "incident.continued", house.now) == ()
    assert told == notices_of(incident, "incident.opened", house.now)
    house.run({})
    over = notices_of(house.incidents["I1"], "incident.resolved", house.now)
    assert not {notice.key for notice in told} & {notice.key for notice in over}


def test_the_draft_of_a_post_mortem_holds_what_the_ledger_knows() -> None:
    house = House()
    house.run(DOWN)
    house.run(DOWN)
    house.tell(comment(house.incidents["I1"], "the host is | being moved", house.now))
    house.run({})
    text = draft(house.incidents["I1"], house.now)
    said = ("# I1: source:sales", "no connection", "1 more run failed", "Nobody acknowledged it in 2 h", "being moved")
    assert [word for word in said if word not in text] == []
    assert "by root" not in text.lower()
    assert "the host is \\| being moved" in text


def test_a_timeline_has_a_bound() -> None:
    house = House()
    house.run({"marts.buzz": SYNTAX})
    for number in range(LONGEST_TIMELINE + 20):
        house.tell(comment(house.incidents["I1"], str(number), house.now))
    timeline = house.incidents["I1"].timeline
    assert len(timeline) == LONGEST_TIMELINE
    assert (timeline[0].what, timeline[-1].text) == ("opened", str(LONGEST_TIMELINE + 19))


FAILURES = st.dictionaries(
    st.sampled_from(MADE), st.sampled_from([SYNTAX, ("J500", "rows"), ("J210", "gone")]), max_size=5
)


@settings(max_examples=60, deadline=None)
@given(st.lists(FAILURES, min_size=1, max_size=5))
def test_whatever_fails_no_incident_stands_below_another_and_all_end_when_all_is_well(runs: list[dict]) -> None:
    house, graph = House(), shop()
    for fails in runs:
        house.run(fails)
        tasks = tasks_of(graph, Plant("", fails, frozenset()))
        cases = cases_of(graph, tasks, symptoms_of(tasks), lambda _: ())
        failing = {name for case in cases for name in case.assets}
        assert failing == {task.asset for task in tasks if task.error}
        assert not any((graph.above([name]) - {name}) & failing for name in failing)
        left = {task.asset for task in tasks if task.reason.startswith("left as it was")}
        assert {name for case in cases for name in case.below} == left
    house.run({})
    assert all(not incident.is_open for incident in house.incidents.values())
    anew: dict[str, Incident | None] = {}
    for event in house.events:
        anew[str(event.payload["incident"])] = after(anew.get(str(event.payload["incident"])), event)
    assert anew == house.incidents


def test_an_incident_is_as_bad_as_at_its_worst() -> None:
    house = House()
    house.run({"marts.buzz": SYNTAX})
    low = replace(house.incidents["I1"], severity="high")
    event = replace(house.events[0], kind="incident.continued")
    again = after(low, event)
    assert again is not None
    assert again.severity == "high"
