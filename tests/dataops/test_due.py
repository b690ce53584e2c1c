"""Whom to tell what and when: nobody twice, nobody never, nobody in the quiet hours without need, the next one after a while."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from jusante.core.event import Event
from jusante.core.incident import Cause, Incident, after
from jusante.dataops.incidents import acting
from jusante.dataops.incidents.due import Policy, due
from jusante.ports.notifier import Notice
from lives import DOWN, SYNTAX, House
from planted import HOUR

MINUTE = dt.timedelta(minutes=1)
CASES = yaml.safe_load((Path(__file__).parent / "due_cases.yaml").read_text(encoding="utf-8"))
DAY = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
ACTS = {
    "acknowledged": "acknowledge",
    "resolved": "resolve",
    "reopened": "reopen",
    "assigned": "assign",
    "silenced": "silence",
}


def at(text: str) -> dt.datetime:
    """`1 22:10`: day and time."""
    day, _, clock = text.partition(" ")
    hours, minutes = map(int, clock.split(":"))
    return DAY + dt.timedelta(days=int(day) - 1, hours=hours, minutes=minutes)


def policy_of(given: dict) -> Policy:
    after = dt.timedelta(minutes=given["after"]) if "after" in given else None
    return Policy("c", **{**given, "after": after})


def opened(when: dt.datetime, severity: str) -> Event:
    touched = [{"id": "board", "kind": "report", "owner": "reader", "columns": []}]
    cause = Cause("m.sums", "query", "it fails").as_dict()
    said = {
        "incident": "I1",
        "key": "asset:m.sums",
        "cause": cause,
        "owner": "owner",
        "before": None,
        "last_good": None,
    }
    lists = {"assets": ["m.sums"], "below": [], "touched": touched, "suspects": []}
    return Event("incident.opened", when, payload={**said, **lists, "severity": severity})


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_it_is_told_then_and_not_before(case: dict) -> None:
    """Asked every ten minutes, for three days."""
    policy = policy_of(case["channel"])
    happens = {at(when): what for when, what in case["happens"].items()}
    incident: Incident | None = None
    sent: dict[str, str] = {}
    said: list[str] = []
    for minutes in range(0, 3 * 24 * 60, 10):
        now = DAY + minutes * MINUTE
        if what := happens.get(now):
            incident = done(incident, what, now)
        for notice in due([incident] if incident else [], [policy], {"c": sent}, now)["c"]:
            sent[notice.key] = notice.to
            said.append(f"{minutes // 1440 + 1} {now:%H:%M} {notice.to}: {notice.kind.partition('.')[2]}")
    assert said == case["told"]


def done(incident: Incident | None, what: str, now: dt.datetime) -> Incident | None:
    word, _, more = what.partition(" ")
    if word == "opened":
        return after(incident, opened(now, more))
    payload = {"incident": "I1", "why": "", "to": more, "until": at(more).isoformat() if word == "silenced" else None}
    return after(incident, Event(f"incident.{word}", now, payload=payload))


# -- whatever happens ------------------------------------------------------------------------------------------------------

POLICIES = (
    Policy("all"),
    Policy("nights off", quiet="22:00-07:00 Europe/Lisbon"),
    Policy("nights off, really", least="medium", quiet="20:00-09:00", breaks=None),
    Policy("pager", least="medium", after=30 * MINUTE, to="on call"),
    Policy("boss", after=4 * HOUR, to="boss"),
    Policy("alerts", to="alertmanager"),
)
NAMES = [policy.channel for policy in POLICIES]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["down", "model", "well", "wait", "acknowledge", "assign", "silence", "resolve", "reopen"]),
        st.integers(1, 14 * 60),
    ),
    max_size=14,
)


class Told(House):
    """The shop, its channels, and all that was told."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[tuple[dt.datetime, Notice, Incident]]] = {name: [] for name in NAMES}

    def ask(self) -> None:
        keys = {name: {notice.key for _, notice, _ in told} for name, told in self.sent.items()}
        for name, notices in due(self.incidents.values(), POLICIES, keys, self.now).items():
            self.sent[name] += [(self.now, each, self.incidents[each.about["incident"]]) for each in notices]

    def act(self, act: Callable[[Incident], Sequence[Event]], *, is_open: bool = True) -> None:
        for incident in list(self.incidents.values()):
            if incident.is_open == is_open and incident.state != "merged":
                self.tell(act(incident))

    def step(self, what: str, minutes: int) -> None:
        self.now += minutes * MINUTE
        match what:
            case "down":
                self.run(DOWN, later=MINUTE)
            case "model":
                self.run({"marts.buzz": SYNTAX}, later=MINUTE)
            case "well":
                self.run({}, later=MINUTE)
            case "acknowledge":
                self.act(lambda each: acting.acknowledge(each, self.now))
            case "assign":
                self.act(lambda each: acting.assign(each, "somebody", self.now))
            case "silence":
                self.act(lambda each: acting.silence(each, self.now + 3 * HOUR, self.now))
            case "resolve":
                self.act(lambda each: acting.resolve(each, "", self.now))
            case "reopen":
                self.act(lambda each: acting.reopen(each, "", self.now), is_open=False)


def episode(incident: Incident) -> dt.datetime:
    again = incident.last("reopened")
    return again.at if again else incident.opened


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_nobody_is_told_twice_and_nobody_is_forgotten(steps: list[tuple[str, int]]) -> None:
    house = Told()
    for what, minutes in steps:
        house.step(what, minutes)
        house.ask()
    house.now = (house.now + 4 * HOUR).replace(hour=12, minute=0) + dt.timedelta(days=1)
    house.ask()
    for policy in POLICIES:
        told = house.sent[policy.channel]
        begun = [
            (n.to, i.id, episode(i))
            for _, n, i in told
            if n.kind in {"incident.opened", "incident.reopened", "incident.escalated"}
        ]
        over = [(n.to, i.id, i.resolved) for _, n, i in told if n.kind == "incident.resolved"]
        assert len(begun) == len(set(begun))
        assert len(over) == len(set(over))
        assert not [at for at, n, i in told if policy.is_quiet(at) and (policy.breaks is None or i.severity != "high")]
        assert not [i for at, _, i in told if i.is_silent(at)]
        for incident in house.incidents.values():
            for who in should_know(incident, policy):
                assert (who, incident.id, episode(incident)) in begun
            heard = {to for to, name, when in begun if (name, when) == (incident.id, episode(incident))}
            if incident.state == "resolved" and is_for(incident, policy):
                assert heard <= {to for to, name, when in over if (name, when) == (incident.id, incident.resolved)}


def is_for(incident: Incident, policy: Policy) -> bool:
    order = ["low", "medium", "high"]
    return order.index(incident.severity) >= order.index(policy.least)


def should_know(incident: Incident, policy: Policy) -> set[str]:
    """Who must have been told by now that it goes on."""
    if not incident.is_open or not is_for(incident, policy):
        return set()
    if policy.after is not None:
        return {policy.to} if incident.state == "open" else set()
    owners = {touched.owner for touched in incident.touched} | {incident.owner}
    return {policy.to} if policy.to else {owner for owner in owners if owner}


def test_whoever_is_touched_later_is_told_later() -> None:
    house = Told()
    house.run({"marts.buzz": SYNTAX})
    house.ask()
    incident = house.incidents["I1"]
    more = replace(incident.touched[0], id="new report", owner="new@b.example") if incident.touched else None
    assert more is not None
    house.incidents["I1"] = replace(incident, touched=(*incident.touched, more))
    before = len(house.sent["all"])
    house.ask()
    assert [notice.to for _, notice, _ in house.sent["all"][before:]] == ["new@b.example"]
