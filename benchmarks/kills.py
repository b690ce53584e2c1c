"""kill -9 at random moments: 210 on SQLite, where one process does all, and 210 on PostgreSQL, with two that schedule and two
that work. What must hold is judged from the ledger and from each pointer that the catalogue ever had.
"""

import argparse
import shutil
import sys
import time

import measure

sys.path.insert(0, str(measure.ROOT / "tests"))

import killing
from servers.postgres import postgres

FOLDER = measure.WORK / "kills"
LONGEST = 2.5


def main() -> None:
    """Kill, judge, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=210)
    parser.add_argument("--seed", type=int, default=2026)
    chosen = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    rows = [_row("SQLite", chosen.kills, chosen.seed, None)]
    with postgres() as server:
        rows.append(_row("PostgreSQL", chosen.kills, chosen.seed, server.url()))
    measure.publish(
        "kills",
        f"A source that gets a row before each kill, four models below it, loads every second, a lease of "
        f"{killing.LEASE_SECONDS} s. Somebody is killed (SIGKILL) each 0.1 to {LONGEST} s and started again. Published twice: one "
        "table, of the same inputs and in the same version. Seed "
        f"{chosen.seed}.",
        measure.table(
            ["", "kills of", "runs cut off", "tasks given to others", "snapshots", "twice", "rows lost", "ledger", "s"],
            rows,
        ),
    )


def _row(name: str, kills: int, seed: int, url: str | None) -> list[str]:
    began = time.monotonic()
    folder = FOLDER / name.lower()
    folder.mkdir(parents=True)
    found = killing.suite(folder, seed, kills, database=url, longest=LONGEST)
    wrong = found.rows != killing.expected(found.orders)
    assert not wrong, found.rows
    assert not found.published_twice, found.published_twice
    assert not found.made_twice, found.made_twice
    assert not found.unfinished
    assert not found.faults
    measure.tell(f"{name}: {found.kills.total()} kills, {len(found.published)} snapshots, {found.crashed} runs cut off")
    return [
        name,
        ", ".join(f"{count} {who}s" for who, count in sorted(found.kills.items())),
        str(found.crashed),
        str(found.lost),
        f"{found.published.total():,}",
        str(len(found.published_twice)),
        "0",
        "as written",
        f"{time.monotonic() - began:,.0f}",
    ]


if __name__ == "__main__":
    main()
