"""From run to run: an incident opens once, goes on, is over by itself, comes back within a day, and is acted upon."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jusante.core.incident import LONGEST_TIMELINE, Incident, after
from jusante.dataops.incidents import cases_of, symptoms_of
from jusante.dataops.incidents.acting import acknowledge, assign, comment, merge, reopen, resolve, silence
from jusante.dataops.incidents.deciding import WINDOW
from jusante.dataops.incidents.due import Policy, due
from jusante.dataops.incidents.postmortem import draft
from jusante.errors import UsageError
from jusante.ports.notifier import Notice
from lives import DOWN, MADE, SYNTAX, House
from planted import HOUR, Plant, shop, tasks_of


def told(house: House, sent: Sequence[Notice] = ()) -> tuple[Notice, ...]:
    """What is to be told now, that was not sent before."""
    keys = {notice.key for notice in sent}
    return due(house.incidents.values(), [Policy("chat")], {"chat": keys}, house.now)["chat"]


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
    opened, resolved, reopened = (moment.at for moment in house.incidents["I1"].timeline)
    later = reopened + HOUR
    assert house.incidents["I1"].lasted(later) == resolved - opened + HOUR < later - opened
    house.run({})
    whole = house.incidents["I1"].lasted(house.now)
    assert whole == resolved - opened + house.incidents["I1"].timeline[-1].at - reopened
    assert house.incidents["I1"].lasted(house.now + HOUR) == whole
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


def test_what_goes_on_is_not_merged_into_what_is_over() -> None:
    house = House()
    house.run({"marts.buzz": SYNTAX})
    house.run({"marts.country_sales": SYNTAX})
    over, open_ = house.incidents["I1"], house.incidents["I2"]
    assert not over.is_open
    with pytest.raises(UsageError) as refused:
        merge(open_, over, house.now)
    assert refused.value.fix == "jusante incidents merge I1 I2, or first: jusante incidents reopen I1"
    assert house.tell(merge(over, open_, house.now)) == ("I1 merged", "I2 absorbed")


def test_what_was_merged_and_is_opened_again_goes_on_and_ends_by_itself() -> None:
    house = House()
    one, two = {"marts.buzz": SYNTAX}, {"marts.country_sales": SYNTAX}
    house.run(one | two)
    names = {house.incidents[name].assets[0]: name for name in ("I1", "I2")}
    buzz, sales = names["marts.buzz"], names["marts.country_sales"]
    before = house.incidents[sales]
    house.tell(merge(house.incidents[buzz], before, house.now))
    house.tell(reopen(house.incidents[buzz], "two things", house.now, [house.incidents[sales]]))
    assert (house.incidents[buzz].state, house.incidents[buzz].merged_into) == ("open", None)
    parted = house.incidents[sales]
    assert (parted.keys, parted.assets) == (before.keys, before.assets)
    assert sorted(house.run(one | two)) == ["I1 continued", "I2 continued"]
    assert house.run(two) == (f"{sales} continued", f"{buzz} resolved")


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
    assert told(house) == ()
    assert not house.incidents["I1"].is_silent(house.now + HOUR)


def test_nobody_is_told_of_what_is_done_to_a_silent_one_before_its_silence_ends() -> None:
    house = House()
    house.run({"marts.buzz": SYNTAX})
    sent = told(house)
    house.tell(silence(house.incidents["I1"], house.now + 5 * HOUR, house.now))
    house.tell(resolve(house.incidents["I1"], "mended", house.now + HOUR))
    assert told(house, sent) == ()
    house.tell(reopen(house.incidents["I1"], "it is not", house.now + 2 * HOUR))
    assert told(house, sent) == ()
    house.now += 6 * HOUR
    assert {"open again" in notice.subject for notice in told(house, sent)} == {True}


def test_owners_of_the_cause_and_of_what_is_touched_are_told_once_for_each_change() -> None:
    house = House()
    house.run({"marts.daily_sales": SYNTAX})
    incident = house.incidents["I1"]
    begun = told(house)
    owners = {touched.owner for touched in incident.touched if touched.owner} | {incident.owner}
    assert sorted(notice.to for notice in begun) == sorted(owners)
    house.run({"marts.daily_sales": SYNTAX})
    assert told(house, begun) == ()
    house.run({})
    over = told(house, begun)
    assert sorted(notice.to for notice in over) == sorted(owners)
    assert not {notice.key for notice in begun} & {notice.key for notice in over}


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
