"""What runs is cancelled from another process: its query really ends, and nothing is published."""

import datetime as dt
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crews import ENDLESS, PATIENCE, settings, until, write_shop_into
from jusante.app import Lake, Report
from jusante.app.cancelling import Cancelled, cancel
from jusante.app.conductor import Conductor
from jusante.app.working import work
from jusante.core.run import Done, Run, Task
from jusante.orchestration.cancelling import ASKED
from projects import run, task, write, write_shop
from servers.fixtures import postgres_server
from servers.postgres import Postgres

__all__ = ["postgres_server"]


def test_an_asset_is_cancelled_and_the_others_are_made(tmp_path: Path) -> None:
    write_shop(tmp_path)
    write(tmp_path, {"models/marts/endless.sql": ENDLESS, "models/marts/below.sql": "select x from marts.endless"})
    report, said = cancelled(tmp_path, "marts.endless", "--why", "it never ends")

    assert said["cancelled"][0]["assets"] == ["marts.endless"]
    assert said["cancelled"][0]["is_heeded"]
    error = task(report, "marts.endless").error or {}
    assert error["code"] == "J433"
    assert error["what"].startswith("cancelled by ")
    assert error["what"].endswith(": it never ends")
    assert task(report, "marts.below").was_left_alone
    assert task(report, "marts.priced").status == "succeeded"
    with Lake.open(tmp_path) as lake:
        assert "marts.endless" not in lake.store.pointers()
        assert not [each for each in lake.metadata.incidents(None, 10) if "marts.endless" in str(each)]


def test_a_run_is_cancelled_and_what_was_not_begun_is_left(tmp_path: Path) -> None:
    write_shop(tmp_path)
    yaml = "name: small\nenvironments:\n  dev: {parallel: 1}\n"
    waits = {f"models/marts/waits_{n}.sql": "select count(*) as n from shop.orders" for n in range(3)}
    write(tmp_path, {"models/marts/a_endless.sql": ENDLESS, "jusante.yaml": yaml, **waits})
    report, said = cancelled(tmp_path)

    assert said["cancelled"] == [{"run_id": report.run_id, "assets": [], "is_heeded": True, "too_late": []}]
    assert (task(report, "marts.a_endless").error or {})["code"] == "J433"
    left = [each for each in report.tasks if each.was_left_alone]
    assert {"marts.waits_0", "marts.waits_1", "marts.waits_2"} <= {each.asset for each in left}
    assert "cancelled by " in left[0].reason


def test_what_was_made_before_anybody_could_stop_it_is_called_too_late(tmp_path: Path) -> None:
    write_shop(tmp_path)
    now = dt.datetime.now(dt.UTC)
    with Lake.open(tmp_path) as lake:
        lake.metadata.begin(Run("r1", "run", "dev", now, "elsewhere", 1))

        def make() -> None:
            until(lambda: bool(lake.metadata.latest(ASKED, 1)))
            lake.metadata.record("r1", [Done(Task("marts.priced", "build", "succeeded"))])

        making = threading.Thread(target=make)
        making.start()
        (found,) = cancel(lake, ("marts.priced",), "", now, PATIENCE)
        making.join()
    assert found == Cancelled("r1", ("marts.priced",), is_heeded=True, too_late=("marts.priced",))


def test_where_nothing_runs_there_is_nothing_to_cancel(tmp_path: Path) -> None:
    write_shop(tmp_path)
    run(tmp_path, "files.prices")
    done = asked(tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["what"] == "nothing runs"


def test_a_workers_query_is_cancelled_from_another_process(tmp_path: Path, postgres_server: Postgres) -> None:
    settings(tmp_path, postgres_server, "parallel: 1")
    write_shop_into(tmp_path)
    holds = f"# jusante\n#   priority: 9\nwhile [ ! -f {tmp_path}/go ]; do sleep 0.1; done\n"
    write(tmp_path, {"steps/holds.sh": holds, "models/marts/endless.sql": ENDLESS})
    stop = threading.Event()
    with Lake.open(tmp_path) as other:
        working = threading.Thread(target=lambda: work(other, stop, lambda *_: None))
        working.start()
        report, _ = cancelled(tmp_path, "marts.endless", begun=lambda _: "marts.endless" in other.making.doing)
        stop.set()
        working.join(PATIENCE)

    assert (task(report, "marts.endless").error or {})["code"] == "J433"
    assert task(report, "marts.priced").status == "succeeded"


def test_what_was_cancelled_is_not_tried_again_by_itself(tmp_path: Path) -> None:
    write_shop(tmp_path)
    endless = f"/* jusante\nretries: {{attempts: 5, wait: 1s}}\n*/\n{ENDLESS}"
    write(tmp_path, {"models/marts/endless.sql": endless})
    cancelled(tmp_path, "marts.endless")
    with Lake.open(tmp_path) as lake:
        now = dt.datetime.now(dt.UTC)
        assert "marts.endless" not in Conductor(lake, now - dt.timedelta(hours=1)).turn(now).selection


def cancelled(folder: Path, *words: str, begun: Callable[[Lake], bool] | None = None) -> tuple[Report, dict[str, Any]]:
    """The report of a run that was cancelled from another process once an endless task was begun, and what that one said."""
    reports: list[Report] = []
    with Lake.open(folder) as lake:
        running = threading.Thread(target=lambda: reports.append(lake.run()))
        running.start()
        is_begun = begun or (lambda lake: any("endless" in name for name in lake.making.doing))
        until(lambda: is_begun(lake))
        done = asked(folder, *words)
        write(folder, {"go": ""})
        running.join(PATIENCE)
        assert not running.is_alive()
    assert done.returncode == 0, done.stderr
    return reports[0], json.loads(done.stdout)


def asked(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "jusante", "cancel", *words, "--wait", "30", "--json", "--project", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
