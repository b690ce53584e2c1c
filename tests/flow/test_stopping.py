"""Tasks that take too long, and runs that are stopped: the query itself ends, and nothing is published."""

import threading
from pathlib import Path

from jusante.app import Lake, Report
from projects import run, task, write, write_shop

ENDLESS = "select sum(a.range * b.range % 7) as x from range(100000000) as a, range(100000000) as b"


def test_a_query_that_takes_longer_than_it_may_is_stopped_and_the_others_are_made(tmp_path: Path) -> None:
    write_shop(tmp_path)
    write(
        tmp_path,
        {
            "models/marts/endless.sql": f"/* jusante\ntimeout: 1s\n*/\n{ENDLESS}",
            "models/marts/below.sql": "select x from marts.endless",
            "steps/sleep.sh": "# jusante\n#   timeout: 1s\nsleep 600\n",
        },
    )
    report = run(tmp_path)

    endless = task(report, "marts.endless")
    assert endless.status == "failed"
    assert endless.error
    assert endless.error["code"] == "J430"
    assert endless.error["where"] == "models/marts/endless.sql:1"
    assert task(report, "marts.below").status == "skipped"
    assert (task(report, "step:sleep").error or {})["code"] == "J430"
    assert task(report, "marts.priced").status == "succeeded"


def test_a_run_that_is_told_to_stop_stops_its_queries_and_can_be_run_again(tmp_path: Path) -> None:
    write_shop(tmp_path)
    write(tmp_path, {"models/marts/endless.sql": ENDLESS})
    reports: list[Report] = []
    begun = threading.Event()
    with Lake.open(tmp_path) as lake:

        def heard(name: str, ended: object) -> None:
            if name == "marts.endless" and ended is None:
                begun.set()

        working = threading.Thread(target=lambda: reports.append(lake.run(("marts.endless",), listener=heard)))
        working.start()
        assert begun.wait(120)
        while working.is_alive():
            lake.stop()
            working.join(0.1)
        assert lake.run(("files.prices",)).status == "succeeded"

    assert (task(reports[0], "marts.endless").error or {})["code"] == "J431"
