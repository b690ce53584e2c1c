"""Backfills that hang, are cancelled or fail: the query really ends, what is committed stays, and it is said how to go on."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from crews import PATIENCE
from days import ITEMS, ORDERS, load, write_days
from jusante.app import Lake, Report
from jusante.app.backfilling import Listener, backfill
from jusante.transformation.incremental.batches import Backfill, Hitch
from projects import made, rows, run, task

MODEL = (
    "/* jusante\nkind: by_time\ntime: day\ngrain: [id]\n{more}*/\n"
    "select o.at::date as day, i.id, (select count(*) from range(i.quantity) as r where r.range % 7 < 7) as n\n"
    "from shop.orders as o join shop.items as i on i.order_id = o.id"
)
ENDLESS = 4_000_000_000_000
"""An item of so many pieces keeps the model's query at work for hours, in the interval of its order alone."""
COUNTED = "select day::varchar, id, n::int from marts.pieces order by all"


def write_hanging(folder: Path, more: str = "", *, day: int = 3) -> None:
    """A model by time whose days are all to be made anew, one of which hangs."""
    write_days(folder, **{"models/marts/pieces.sql": MODEL.format(more=more)})
    assert "marts.pieces" in made(run(folder))
    late = [(key, order, product, pieces + 5) for key, order, product, pieces in ITEMS]
    load(folder, ORDERS, [(9, day, "sand", ENDLESS), *late])
    run(folder, "source:shop")


def fill(folder: Path, heard: list[Hitch] | None = None, **how: Any) -> Report:
    with Lake.open(folder) as lake:
        listener = Listener(troubled=heard.append if heard is not None else lambda _: None)
        return backfill(lake, ("marts.pieces",), Backfill(lambda _: None, most=1, **how), listener=listener)


def error(report: Report) -> dict[str, str]:
    found = task(report, "marts.pieces").error
    assert found
    return dict(found)


def test_a_batch_that_takes_longer_than_the_asset_may_is_stopped_and_those_before_it_stay(tmp_path: Path) -> None:
    write_hanging(tmp_path, "timeout: 1s\n")
    said = error(fill(tmp_path))
    assert said["code"] == "J430"
    assert said["fix"].endswith("; 2 of 3 days are made and stay; jusante backfill marts.pieces makes the rest")
    assert rows(tmp_path, COUNTED)[:3] == [("2026-01-01", 1, 7), ("2026-01-01", 2, 6), ("2026-01-02", 3, 10)]
    load(tmp_path, ORDERS, [(9, 3, "sand", 8), *ITEMS])
    run(tmp_path, "source:shop")
    assert fill(tmp_path).status == "succeeded"
    assert rows(tmp_path, COUNTED)[-1] == ("2026-01-05", 9, 8)


@pytest.mark.slow
def test_a_batch_that_took_too_long_is_tried_again_where_retries_are_told(tmp_path: Path) -> None:
    write_hanging(tmp_path, "timeout: 1s\nretries: {attempts: 2, wait: 1s}\n")
    heard: list[Hitch] = []
    assert error(fill(tmp_path, heard))["code"] == "J430"
    assert [(each.part, each.code, each.tries, each.attempts) for each in heard] == [("2026-01-05", "J430", 1, 2)]
    with Lake.open(tmp_path) as lake:
        told = lake.metadata.latest("interval.retried", 10, asset="marts.pieces")
    assert [event.payload["intervals"] for event in told] == ["2026-01-05"]


def test_batches_beside_one_that_fails_are_stopped(tmp_path: Path) -> None:
    """The second day hangs and has no timeout; the first fails its audit."""
    write_hanging(tmp_path, "checks:\n  - range: {column: n, max: 5}\n", day=2)
    said = error(fill(tmp_path))
    assert said["code"] == "J500"
    assert said["fix"].endswith("; jusante backfill marts.pieces makes the rest")


@pytest.mark.slow
def test_to_look_what_is_due_is_stopped_too(tmp_path: Path) -> None:
    write_days(tmp_path, **{"models/marts/pieces.sql": MODEL.format(more="timeout: 1s\n")})
    load(tmp_path, ORDERS, [(9, 3, "sand", ENDLESS), *ITEMS])
    run(tmp_path, "source:shop")
    said = error(fill(tmp_path))
    assert (said["code"], said["fix"]) == ("J430", "raise its timeout, or make it faster")


@pytest.mark.slow
def test_a_window_goes_on_from_what_is_left_of_it(tmp_path: Path) -> None:
    from jusante.core.interval import parse

    write_hanging(tmp_path, "timeout: 1s\n", day=2)
    said = error(fill(tmp_path, first=parse("2026-01-01"), end=parse("2026-01-03"), anew=True))
    rest = "jusante backfill marts.pieces --from 2026-01-02 --to 2026-01-03 --anew makes the rest"
    assert said["fix"].endswith(f"1 of 2 days is made and stays; {rest}")


def test_a_backfill_is_cancelled_from_another_process(tmp_path: Path) -> None:
    write_hanging(tmp_path)
    reports: list[Report] = []
    with Lake.open(tmp_path) as lake:
        begun = threading.Event()
        listener = Listener(lambda batch, _: begun.set() if batch.name == "2026-01-02" else None)
        wish = Backfill(lambda _: None, most=1)
        working = threading.Thread(
            target=lambda: reports.append(backfill(lake, ("marts.pieces",), wish, listener=listener))
        )
        working.start()
        assert begun.wait(PATIENCE)
        command = [sys.executable, "-m", "jusante", "cancel", "marts.pieces", "--wait", "30", "--json"]
        done = subprocess.run([*command, "--project", str(tmp_path)], capture_output=True, text=True, check=False)
        working.join(PATIENCE)
        assert not working.is_alive()
    assert json.loads(done.stdout)["cancelled"][0]["is_heeded"]
    said = error(reports[0])
    assert said["code"] == "J433"
    assert said["fix"] == "2 of 3 days are made and stay; jusante backfill marts.pieces makes the rest"


def test_ctrl_c_stops_the_query_and_says_how_to_go_on(tmp_path: Path) -> None:
    write_hanging(tmp_path)
    command = [sys.executable, "-m", "jusante", "backfill", "marts.pieces", "--batch", "1", "--project", str(tmp_path)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # who is started in the background ignores it
    try:
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    assert process.stderr
    said = []
    while not said or "2026-01-02" not in said[-1]:
        said.append(process.stderr.readline())
        assert said[-1]
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 130
    assert "marts.pieces: what is committed stays; jusante backfill marts.pieces makes the rest\n" in rest
    assert rest.endswith("stopped\n")
    with Lake.open(tmp_path) as lake:
        assert [each.status for each in lake.metadata.runs(1)] == ["failed"]
