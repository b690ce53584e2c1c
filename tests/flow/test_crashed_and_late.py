"""A run that died, and an asset that is not there in time, are incidents; over when what they are about is made."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jusante.app import Lake
from jusante.app.conductor import Conductor
from jusante.app.crashes import left_behind
from jusante.app.incidents import open_for
from jusante.core.incident import Incident
from jusante.dataops.incidents import Symptom
from projects import insert, run, write, write_shop

NOTIFY = "name: small\nenvironments:\n  dev: {notify: [{kind: file, path: told.ndjson}]}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project that has run once, and has new rows."""
    write(write_shop(tmp_path), {"jusante.yaml": NOTIFY})
    run(tmp_path)
    insert(tmp_path, [(9, "tea", 3, 9)])
    return tmp_path


def killed(folder: Path, at: str) -> None:
    """Run it in a process that dies there."""
    command = [sys.executable, "-m", "jusante", "run", "--project", str(folder)]
    done = subprocess.run(
        command, env={**os.environ, "JUSANTE_KILL_AT": at}, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == -signal.SIGKILL


def incidents(folder: Path) -> list[Incident]:
    with Lake.open(folder) as lake:
        return list(lake.metadata.incidents(None, 9))


def test_a_run_that_was_killed_is_an_incident_about_what_it_was_making_and_over_when_that_is_made(shop: Path) -> None:
    killed(shop, "before_stage:marts.by_product")
    assert incidents(shop) == [], "nobody has noticed yet"
    report = run(shop, "files.prices")
    assert len(report.recovered) == 1
    [incident] = incidents(shop)
    assert (incident.cause.kind, incident.cause.asset, incident.is_open) == ("crash", "marts.by_product", True)
    assert (
        f"run {report.recovered[0]} ended without a word while it made marts.by_product: its process"
        in incident.cause.what
    )
    assert [each.kind for each in incident.suspects][:1] == ["environment"]
    run(shop)
    [incident] = incidents(shop)
    assert incident.state == "resolved"
    assert [moment.what for moment in incident.timeline] == ["opened", "resolved"]
    assert not list((shop / ".jusante" / "making").iterdir())


def test_what_had_been_published_before_the_kill_is_not_made_twice_and_the_incident_is_over(shop: Path) -> None:
    killed(shop, "after_commit:shop.orders")
    report = run(shop)
    assert [kind for kind, each in report.incidents] == ["incident.resolved"]
    assert next(task for task in report.tasks if task.asset == "shop.orders").status == "skipped"
    assert incidents(shop)[0].cause.asset == "shop.orders"


def test_one_that_dies_again_and_again_is_one_incident(shop: Path) -> None:
    for _ in range(3):
        killed(shop, "before_stage:marts.by_product")
    run(shop)
    [incident] = incidents(shop)
    assert [(moment.what, moment.times) for moment in incident.timeline if moment.what != "told"] == [
        ("opened", 1), ("continued", 1), ("continued", 1), ("resolved", 1),
    ]  # fmt: skip


def test_up_sees_at_its_start_that_a_run_died(shop: Path) -> None:
    killed(shop, "before_stage:marts.by_product")
    heard: list[str] = []
    stopped = threading.Event()
    stopped.set()
    with Lake.open(shop) as lake:
        Conductor(lake, dt.datetime.now(dt.UTC), lambda notice: heard.append(notice.event)).conduct(stopped)
        assert lake.metadata.unfinished() == ()
    assert heard == ["up", "run.crashed", "down"]
    assert [(each.cause.kind, each.is_open) for each in incidents(shop)] == [("crash", True)]


def test_where_nothing_tells_what_was_being_made_it_is_over_with_the_next_run(shop: Path) -> None:
    killed(shop, "before_stage:marts.by_product")
    for path in (shop / ".jusante" / "making").iterdir():
        path.unlink()
    report = run(shop)
    [(kind, incident)] = report.incidents
    assert (kind, incident.cause.asset, incident.cause.kind) == ("incident.resolved", "run", "crash")


def test_a_run_that_goes_well_leaves_nothing_behind(shop: Path) -> None:
    report = run(shop)
    assert left_behind(shop / ".jusante", report.run_id) == ()
    assert incidents(shop) == []


def test_what_is_not_there_in_time_is_one_incident_until_it_is_made(shop: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    head = f'/* jusante\nowner: late@b.example\nschedule: 0 0 1 1 *\ndeadline: "{now + dt.timedelta(hours=1):%H:%M} UTC"\n*/\n'
    write(shop, {"models/marts/slow.sql": head + "select * from marts.by_product"})
    run(shop, "files.prices")
    with Lake.open(shop) as lake:
        conductor = Conductor(lake, now)
        for hours in (0, 2, 3):
            conductor.turn(now + dt.timedelta(hours=hours))
    found = [each for each in incidents(shop) if each.cause.kind == "late"]
    assert [each.cause.asset for each in found] == ["marts.slow"]
    assert "late@b.example" in (shop / "told.ndjson").read_text()
    write(shop, {"models/marts/slow.sql": head + "select nothing from marts.by_product"})
    run(shop)
    [failing] = [each for each in incidents(shop) if "marts.slow" in each.assets]
    assert (failing.id, failing.cause.kind) == (found[0].id, "query")
    write(shop, {"models/marts/slow.sql": head + "select * from marts.by_product"})
    run(shop)
    assert [each.state for each in incidents(shop) if "marts.slow" in each.assets] == ["resolved"]


def test_two_that_open_incidents_at_once_open_two(tmp_path: Path) -> None:
    write_shop(tmp_path)
    run(tmp_path)
    together = threading.Barrier(4)
    names = ["shop.orders", "files.prices", "marts.names", "marts.priced"]

    def late(name: str) -> None:
        with Lake.open(tmp_path) as lake:
            together.wait()
            open_for(lake.system, [Symptom(name, "late", "it is not there", "here")], dt.datetime.now(dt.UTC))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(late, names))
    with Lake.open(tmp_path) as lake:
        found = lake.metadata.incidents(None, 10)
    assert sorted(each.number for each in found) == list(range(1, len(found) + 1))
    assert {name for each in found for name in each.assets} >= {"shop.orders", "files.prices"}
    assert len(lake_openings(tmp_path)) == len(found)


def lake_openings(folder: Path) -> set[str]:
    """The numbers that incidents were opened with."""
    with Lake.open(folder) as lake:
        return {event.payload["incident"] for event in lake.metadata.latest("incident.opened", 20)}
