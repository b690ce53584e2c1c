"""`jusante up`, `schedule`, `pause` and `resume`, as processes and as decisions of one process."""

import datetime as dt
import io
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from jusante.app import Lake
from jusante.app.conductor import Conductor, Notice
from jusante.app.duty import Duty
from jusante.app.health import health
from jusante.cli.conduct import _print_rows, _tell_next
from jusante.core.event import Event
from jusante.orchestration.conducting.laws import laws
from projects import SHOP, insert, made, rows, run, write, write_shop

DAY = dt.timedelta(days=1)
PATIENCE = 120
CLOCKED = SHOP["sources/shop.yaml"].replace("cursor: changed", "cursor: changed, every: 1d")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_shop(tmp_path)
    return write(tmp_path, {"sources/shop.yaml": CLOCKED})


def test_a_tick_loads_its_table_and_all_that_follows_is_made_of_the_news(shop: Path) -> None:
    run(shop)
    insert(shop, [(9, "tea", 3, 9)])
    with Lake.open(shop) as lake:
        now = dt.datetime.now(dt.UTC)
        conductor = Conductor(lake, now)
        assert conductor.turn(now).selection == ()

        tick = conductor.turn(now + DAY)
        news = conductor.turn(now + DAY)
        idle = conductor.turn(now + DAY)

    assert tick.selection == ("shop.orders",)
    assert set(news.selection) == {"marts.priced", "marts.by_product", "marts.dear"}
    assert idle.due == ()
    assert idle.wake is not None
    assert idle.wake > now + DAY


def test_a_restart_knows_from_the_ledger_which_ticks_were_dealt_with(shop: Path) -> None:
    run(shop)
    now = dt.datetime.now(dt.UTC)
    with Lake.open(shop) as lake:
        first = Conductor(lake, now)
        assert first.turn(now + 3 * DAY).selection == ("shop.orders",)
        missed = lake.metadata.latest("trigger.missed", 1, asset="shop.orders")
    with Lake.open(shop) as lake:
        again = Conductor(lake, now + 3 * DAY)
        assert again.turn(now + 3 * DAY).due == ()
        assert [due.asset for due in again.turn(now + 4 * DAY).due] == ["shop.orders"]

    assert missed[0].payload["ticks"] == 2


def test_one_turn_by_a_clock_that_is_years_ahead_is_told_once_and_silences_nothing(shop: Path) -> None:
    run(shop)
    told: list[str] = []
    with Lake.open(shop) as lake:
        now = dt.datetime.now(dt.UTC)
        conductor = Conductor(lake, now, lambda notice: told.append(notice.event))
        conductor.turn(now)
        assert conductor.turn(now + 1500 * DAY).selection == ("shop.orders",)
        assert conductor.turn(now).due == ()
        assert conductor.turn(now + DAY).selection == ("shop.orders",)
    with Lake.open(shop) as lake:
        again = Conductor(lake, now + DAY, lambda notice: told.append(notice.event))
        assert again.turn(now + 2 * DAY).selection == ("shop.orders",)

    assert told.count("clock.back") == 1


def test_a_run_that_was_cut_off_is_begun_again(shop: Path) -> None:
    run(shop)
    now = dt.datetime.now(dt.UTC)
    with Lake.open(shop) as lake:
        Conductor(lake, now)
        said = {"kind": "clock", "why": "every 1d", "tick": now.isoformat()}
        lake.metadata.tell([Event("trigger.fired", now, asset="shop.orders", payload=said)])
        decided = Conductor(lake, now).turn(now)

    assert [(due.asset, due.kind) for due in decided.due] == [("shop.orders", "again")]


def test_a_source_that_is_down_is_tried_again_and_what_is_below_waits(shop: Path) -> None:
    run(shop)
    (shop / "shop.db").rename(shop / "away.db")
    now = dt.datetime.now(dt.UTC)
    with Lake.open(shop) as lake:
        conductor = Conductor(lake, now)
        conductor.turn(now + DAY)
        failed = lake.metadata.latest("task.failed", 1, asset="shop.orders")
        (shop / "away.db").rename(shop / "shop.db")
        insert(shop, [(9, "tea", 3, 9)])
        later = conductor.turn(now + 2 * DAY)

    assert failed
    assert "shop.orders" in later.selection


FAILS_ONCE = """import pathlib

from jusante import model

FLAG = pathlib.Path({flag!r})


@model(every="1d", retries={{"wait": "1s"}})
def fails_once(prices="files.prices"):
    if FLAG.exists():
        FLAG.unlink()
        raise ValueError("once")
    return prices
"""


def test_a_tick_is_not_spent_by_a_failure_that_is_mended(shop: Path) -> None:
    flags = [tmp.as_posix() for tmp in (shop / "model.flag", shop / "step.flag")]
    step = f"# jusante\n#   every: 1d\n#   retries: {{wait: 1s}}\nrm {flags[1]} && exit 3\necho told >> {shop}/told\n"
    write(
        shop,
        {
            "models/marts/fails_once.py": FAILS_ONCE.format(flag=flags[0]),
            "models/marts/many.sql": "/* jusante\nevery: 1d\n*/\nselect count(*) as n from marts.fails_once",
            "steps/tells.sh": step,
        },
    )
    names = ("files.prices", "marts.fails_once", "marts.many", "step:tells")
    run(shop, *names)
    (shop / "told").unlink()
    (shop / "prices.csv").write_text("product,price\ntea,5.00\n")
    run(shop, "files.prices")
    for flag in flags:
        Path(flag).touch()
    with Lake.open(shop) as lake:
        now = dt.datetime.now(dt.UTC)
        conductor = Conductor(lake, now)
        selections = [set(conductor.turn(now + 2 * DAY).selection) & set(names) for _ in range(4)]
        well = {name for name, task in lake.metadata.last_tasks().items() if task.status == "succeeded"}

    fails = {"marts.fails_once", "step:tells"}
    assert selections == [{*fails, "marts.many"}, fails, {"marts.many"}, set()]
    assert {*fails, "marts.many"} <= well
    assert (shop / "told").read_text() == "told\n"


NOTIFIED = "name: small\nenvironments:\n  dev: {notify: [{kind: file, path: told.ndjson}]}\n"


def test_a_missing_secret_keeps_nothing_else_and_its_owner_is_told_once(shop: Path) -> None:
    run(shop)
    other = "/* jusante\nevery: 1d\n*/\nselect 1 as one"
    secret = CLOCKED.replace("connection: shop.db", "connection: ${env:NOT_SET_HERE}")
    write(shop, {"jusante.yaml": NOTIFIED, "sources/shop.yaml": secret, "models/marts/other.sql": other})
    with Lake.open(shop) as lake:
        now = dt.datetime.now(dt.UTC)
        conductor = Conductor(lake, now)
        selections = [set(conductor.turn(now + days * DAY).selection) for days in (1, 1, 2, 3)]
        well = {name for name, task in lake.metadata.last_tasks().items() if task.status == "succeeded"}
        (incident,) = lake.metadata.incidents(None, 5)
    write(shop, {"sources/shop.yaml": CLOCKED})
    with Lake.open(shop) as lake:
        assert set(Conductor(lake, now).turn(now + 4 * DAY).selection) == {"shop.orders", "marts.other"}
        (over,) = lake.metadata.incidents(None, 5)
    told = [json.loads(line) for line in (shop / "told.ndjson").read_text().splitlines()]

    both = {"shop.orders", "marts.other"}
    assert selections == [both, set(), both, both]
    assert "marts.other" in well
    assert (incident.state, incident.cause.asset, incident.cause.kind) == ("open", "source:shop", "secret")
    assert "NOT_SET_HERE is not set" in incident.cause.what
    assert over.state == "resolved"
    assert [notice["to"] for notice in told] == 2 * ["shop@b.example"], "of its beginning and of its end"


def test_conditions_fire_once_for_what_they_found(shop: Path) -> None:
    files = SHOP["sources/files.yaml"].replace(
        "{path: 'prices*.csv', key: [product]}",
        "{path: 'prices*.csv', key: [product], ingest: {when: {file: 'prices*.csv', look: 1s}}}",
    )
    orders = SHOP["sources/shop.yaml"].replace("cursor: changed", "cursor: changed, when: {rows: 3, look: 1s}")
    write(shop, {"sources/files.yaml": files, "sources/shop.yaml": orders})
    run(shop)
    now = dt.datetime.now(dt.UTC)
    minutes = iter(now + dt.timedelta(minutes=number) for number in range(20))
    with Lake.open(shop) as lake:
        conductor = Conductor(lake, now)

        def due() -> set[str]:
            return {due.asset for due in conductor.turn(next(minutes)).due if due.kind == "condition"}

        assert due() == {"files.prices"}
        assert due() == set()
        insert(shop, [(9, "tea", 3, 9), (10, "tea", 3, 10)])
        assert due() == set()
        insert(shop, [(11, "tea", 3, 11)])
        assert due() == {"shop.orders"}
        (shop / "prices_2.csv").write_text("product,price\ncup,3.00\n")
        assert due() == {"files.prices"}
        assert [due() for _ in range(3)] == [set(), set(), set()]


def test_a_condition_that_cannot_be_looked_at_is_told_once_for_as_long_as_it_lasts(shop: Path) -> None:
    (shop / "away").mkdir()
    model = "/* jusante\nwhen: {asset: './away:marts.x', look: 1s}\n*/\nselect id from shop.orders"
    write(shop, {"models/marts/waiting.sql": model})
    told: list[str] = []
    with Lake.open(shop) as lake:
        now = dt.datetime.now(dt.UTC)
        conductor = Conductor(lake, now, lambda notice: told.append(notice.what) if "probe" in notice.event else None)
        for number in range(5):
            if number == 3:
                write(shop, {"away/jusante.yaml": "name: away\n"})
            conductor.turn(now + dt.timedelta(minutes=number))

    assert len(told) == 2
    assert "there is no jusante.yaml in away" in told[0]
    assert "the other project has no ledger" in told[1]


def test_a_condition_in_sql_fires_when_it_becomes_true(shop: Path) -> None:
    model = (
        '/* jusante\nwhen: {sql: "select count(*) > 4 from shop.orders", look: 1s}\n*/\nselect product from shop.orders'
    )
    write(shop, {"models/marts/many.sql": model})
    run(shop)
    now = dt.datetime.now(dt.UTC)
    found = []
    with Lake.open(shop) as lake:
        conductor = Conductor(lake, now)
        for number in range(4):
            decided = conductor.turn(now + dt.timedelta(minutes=number))
            found.append([due.asset for due in decided.due if due.kind == "condition"])
            if number == 1:
                insert(shop, [(9, "tea", 3, 9)])
                lake.run(("shop.orders",))
        assert lake.metadata.latest("question.asked", 1) == (), "a look is nobody's question"

    assert found == [[], [], ["marts.many"], []]


def test_up_loads_answers_for_its_health_and_stops_at_a_signal(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    write_shop(tmp_path)
    write(tmp_path, {"sources/shop.yaml": CLOCKED.replace("1d", "1s")})
    run(tmp_path)
    with _up(tmp_path, "--listen", "127.0.0.1:0") as process:
        insert(tmp_path, [(9, "tea", 3, 9)])
        lines = _lines_until(process, "task.succeeded", "marts.by_product")
        address = str(next(line["url"] for line in lines if line["event"] == "listen"))
        with urllib.request.urlopen(f"{address}/health", timeout=30) as answer:
            health = json.load(answer)
        assert made(run_beside(tmp_path)) == set()
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert (health["status"], health["live"], health["ready"], health["wrong"]) == ("up", True, True, [])
    assert health["decided"]
    assert next(line["asset"] for line in lines if line["event"] == "next") == "shop.orders"
    assert '"event": "stopping"' in rest
    assert '"event": "down"' in rest


def test_who_starts_up_is_told_what_comes_next_and_what_nobody_has_made_yet(shop: Path) -> None:
    told: list[Notice] = []
    with Lake.open(shop) as lake:
        _tell_next(lake, told.append)
        assert [(notice.event, notice.about.get("asset"), notice.about.get("assets")) for notice in told] == [
            ("next", "shop.orders", None),
            ("never.made", None, ["files.prices"]),
        ]
        run(shop)
        told.clear()
        _tell_next(lake, told.append)
    assert [notice.event for notice in told] == ["next"]


def test_a_tick_whose_run_is_killed_is_neither_lost_nor_loaded_twice(tmp_path: Path) -> None:
    write_shop(tmp_path)
    write(tmp_path, {"sources/shop.yaml": CLOCKED.replace("1d", "2s")})
    run(tmp_path)
    insert(tmp_path, [(9, "tea", 3, 9)])
    with _up(tmp_path, JUSANTE_KILL_AT="after_commit:shop.orders") as process:
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    write(tmp_path, {"sources/shop.yaml": CLOCKED})
    with Lake.open(tmp_path) as lake:
        now = dt.datetime.now(dt.UTC)
        again = Conductor(lake, now).turn(now)
        fired = [
            event.payload["tick"] for event in lake.metadata.latest("trigger.fired", 50) if "tick" in event.payload
        ]
    assert ("shop.orders", "again") in [(due.asset, due.kind) for due in again.due]
    assert len(set(fired)) == len(fired)
    assert rows(tmp_path, "select count(*), count(distinct id) from shop.orders") == [(5, 5)]


def run_beside(folder: Path):
    """A run by hand while `up` goes on."""
    with Lake.open(folder) as lake:
        return lake.run(("marts.names",), wait_seconds=PATIENCE)


WAITS = """import pathlib
import time

from jusante import model

GO = pathlib.Path({go!r})


@model(every="1d")
def waits(prices="files.prices"):
    end = time.monotonic() + 60
    while not GO.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert GO.exists(), "nobody came"
    return prices
"""
MADE_LATE = ("marts.late", "marts.waits", "marts.often")


def test_a_missed_deadline_is_told_and_health_is_known_while_a_run_goes_on(shop: Path) -> None:
    run(shop)
    late = '/* jusante\nevery: 30d\ndeadline: "00:00 UTC"\nowner: late@b.example\n*/\nselect 1 as one'
    often = "/* jusante\nevery: 1s\n*/\nselect 1 as one"
    waits = WAITS.format(go=(shop / "go").as_posix())
    files = {"models/marts/late.sql": late, "models/marts/often.sql": often, "models/marts/waits.py": waits}
    write(shop, {"jusante.yaml": NOTIFIED, **files})
    found: list[tuple[str, dict[str, object]]] = []

    def tell(notice: Notice) -> None:
        if notice.event == "trigger.fired" and notice.about["asset"] == "marts.waits":
            lake.metadata.tell([Event("asset.resumed", began, asset="marts.late")])
        if notice.event == "deadline.missed":
            moment = dt.datetime.now(dt.UTC)
            found.append((notice.what, health(Duty(conductor), lambda: None, moment, stopping=False)))
            (shop / "go").touch()

    with Lake.open(shop) as lake:
        began = dt.datetime.now(dt.UTC)
        paused = Event("asset.paused", began, asset="marts.late")
        wanted = laws(lake.project.graph)
        sets = [
            Event("trigger.set", began - 3 * DAY, asset=name, payload={"law": wanted[name].text}) for name in MADE_LATE
        ]
        lake.metadata.tell([*sets, paused])
        conductor = Conductor(lake, began, tell)
        conductor.turn(began)
        waited = lake.metadata.last_tasks()["marts.waits"]
        incidents = lake.metadata.incidents(None, 5)
        assert conductor.turn(began).late == ()

    assert waited.status == "succeeded"
    ((what, known),) = found
    assert what == "marts.late: it is 00:00 and it is not there"
    assert (known["status"], known["ready"]) == ("up", True)
    assert "marts.waits" in known["running"]
    assert [each.cause.asset for each in incidents] == ["marts.late"]
    assert "late@b.example" in (shop / "told.ndjson").read_text()


def test_two_processes_do_not_decide_for_one_project(shop: Path) -> None:
    with Lake.open(shop) as lake, lake.conducted():
        process = _jusante(shop, "up", "--json")

    assert process.returncode == 1
    assert json.loads(process.stdout)["error"]["code"] == "J600"


def test_the_schedule_tells_times_here_and_there(shop: Path) -> None:
    model = (
        '/* jusante\nschedule: 30 6 * * 1-5 America/Sao_Paulo\ndeadline: "07:00 America/Sao_Paulo"\n*/\n'
        "select id from shop.orders"
    )
    write(shop, {"models/marts/early_every_day_of_the_working_week.sql": model})
    text = _jusante(shop, "schedule", "--next", "4", TZ="Asia/Tokyo").stdout

    assert "06:30 Sao Paulo" in text
    assert "When its inputs bring news" in text
    assert "shop.orders" in text


@pytest.mark.parametrize("columns", [60, 72, 100])
def test_no_row_of_the_schedule_is_wider_than_the_terminal_and_names_stay_whole_where_they_can(columns: int) -> None:
    header = ("here", "there", "asset", "takes", "why")
    row = ("Mon 06:30", "06:30 Sao Paulo", "marts.early_each_day_there", "1.2 s", "to be there by 07:00")
    console = Console(width=columns, file=io.StringIO())
    _print_rows(console, header, [row, row])
    text = console.file.getvalue()

    assert all(len(line) <= columns for line in text.splitlines())
    assert text.count("06:30 Sao Paulo") == 2
    assert text.count("marts.early_each_day_there") == (2 if columns >= 72 else 0)
    assert text.split().count("there") == 3  # folded between words: in the header, and in each reason


def test_what_is_paused_is_left_until_it_is_resumed(shop: Path) -> None:
    assert json.loads(_jusante(shop, "pause", "source:shop", "--json").stdout) == {
        "assets": ["shop.orders"],
        "paused": True,
    }
    listed = json.loads(_jusante(shop, "schedule", "--json").stdout)
    assert {"asset": "shop.orders", "made": "every 1d", "paused": True} in listed["others"]
    now = dt.datetime.now(dt.UTC)
    with Lake.open(shop) as lake:
        conductor = Conductor(lake, now)
        assert "shop.orders" not in conductor.turn(now + DAY).selection
        assert _jusante(shop, "resume", "shop.orders").returncode == 0
        assert "shop.orders" in conductor.turn(now + 2 * DAY).selection


def test_what_is_skipped_is_passed_over_once_and_told(shop: Path) -> None:
    said = json.loads(_jusante(shop, "skip", "shop.orders", "--why", "the source is moved", "--json").stdout)
    assert said == {"assets": ["shop.orders"], "until": None}
    told: list[str] = []
    with Lake.open(shop) as lake:
        now = dt.datetime.now(dt.UTC)
        conductor = Conductor(lake, now, lambda notice: told.append(notice.event))
        assert "shop.orders" not in conductor.turn(now + DAY).selection
        assert "shop.orders" not in conductor.turn(now + DAY).selection
        assert "shop.orders" in conductor.turn(now + 2 * DAY).selection
        assert lake.metadata.latest("asset.skip", 1)[0].payload == {"why": "the source is moved"}
    assert told.count("trigger.skipped") == 1


def _jusante(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jusante", *words, "--project", str(folder)]
    environment = {**os.environ, **variables}
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=environment, check=False)


@contextmanager
def _up(folder: Path, *options: str, **variables: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "jusante", "up", "--json", "--project", str(folder), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **variables}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _lines_until(process: "subprocess.Popen[str]", event: str, asset: str) -> list[dict[str, object]]:
    """The lines up to one about an event and an asset."""
    assert process.stdout
    lines = []
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and (line := process.stdout.readline()):
        lines.append(json.loads(line))
        if lines[-1]["event"] == event and lines[-1].get("asset") == asset:
            return lines
    raise AssertionError(f"{event} {asset} did not come: {lines}")
