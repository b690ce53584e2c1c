"""What a conductor knows when it begins: all that the ledger remembers, also of what lies far back."""

import datetime as dt
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from jusante.app import Lake, conductor
from jusante.app.conductor import Conductor
from jusante.core.event import Event
from jusante.orchestration.conducting.decision import Decision
from jusante.orchestration.conducting.traces import Trace
from projects import write

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
PROJECT = {"jusante.yaml": "name: t\n", "models/m/a.sql": "select 1 as id", "models/m/b.sql": "select id from m.a"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, PROJECT)


def _noise(lake: Lake, events: int) -> None:
    lake.metadata.tell([Event("noise.made", NOW, asset="x.y")] * events)


def test_pauses_and_skips_that_lie_far_back_are_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor, "REMEMBERED_EVENTS", 10)
    until = (NOW + DAY).isoformat()
    skip = Event("asset.skip", NOW, asset="m.b", payload={"until": until})
    told = [Event("asset.paused", NOW, asset="m.a"), Event("asset.paused", NOW, asset="m.b")]
    passed = Event("trigger.skipped", NOW, asset="m.a", payload={"kind": "news", "why": "new"})
    with Lake.open(folder) as lake:
        lake.metadata.tell([*told, Event("asset.skip", NOW, asset="m.a"), skip, passed])
        lake.metadata.tell([Event("asset.resumed", NOW, asset="m.b"), skip])
        for _ in range(3):
            before = Conductor(lake, NOW).situation(NOW).traces
            _noise(lake, 8)
        after = Conductor(lake, NOW).situation(NOW).traces
    assert {"m.a": after["m.a"], "m.b": after["m.b"]} == {"m.a": before["m.a"], "m.b": before["m.b"]}
    assert (after["m.a"].paused, after["m.a"].skips) == (True, False)
    assert (after["m.b"].paused, after["m.b"].skips, after["m.b"].skips_until) == (False, True, NOW + DAY)


class Stopped(threading.Event):
    """Stops who waits for it, and knows for how long that was to be."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        self.set()
        return True


def test_a_condition_that_is_paused_is_not_looked_at_again_and_again(folder: Path) -> None:
    write(
        folder, {"models/m/a.sql": "/* jusante\npaused: true\nwhen: {file: 'in/*.csv', look: 1s}\n*/\nselect 1 as id"}
    )
    stop = Stopped()
    with Lake.open(folder) as lake:
        Conductor(lake, NOW).conduct(stop)
    assert stop.seconds == [conductor.HEARS_WITHIN_SECONDS]


def test_a_time_that_has_passed_already_makes_no_busy_loop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    past = Decision(wake=NOW - DAY)
    monkeypatch.setattr(conductor, "decide", lambda *_: past)
    stop = Stopped()
    with Lake.open(folder) as lake:
        Conductor(lake, NOW).conduct(stop)
    assert 0 < stop.seconds[0] <= conductor.SHORTEST_SLEEP.total_seconds()


@pytest.mark.parametrize("away", ["its clock", "the asset"])
def test_a_clock_that_was_away_counts_from_when_it_is_back(folder: Path, away: str) -> None:
    clocked, back = "/* jusante\nevery: 1h\ncatch_up: all\n*/\nselect 1 as id", NOW + 90 * DAY

    def traces(text: str, at: dt.datetime) -> Mapping[str, Trace]:
        write(folder, {"models/m/a.sql": text})
        if not text:
            (folder / "models/m/a.sql").unlink()
        with Lake.open(folder) as lake:
            found = Conductor(lake, at).situation(at).traces
            assert Conductor(lake, at + DAY).situation(at).traces == found, "what was told once is known"
        return found

    (folder / "models/m/b.sql").rename(folder / "models/m/c.sql")
    write(folder, {"models/m/c.sql": "select 1 as id"})
    assert traces(clocked, NOW)["m.a"].since == NOW
    assert traces(PROJECT["models/m/a.sql"] if away == "its clock" else "", NOW + DAY)["m.a"].text == ""
    assert traces(clocked, back)["m.a"].since == back
