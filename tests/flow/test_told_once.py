"""Several machines tell people for one project: each notice is sent by one of them, and what one leaves another sends."""

import datetime as dt
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crews import LEASE_SECONDS, settings
from jusante.app import Lake
from jusante.app.announcing import Planned, announce
from jusante.app.holding import telling
from jusante.app.telling import tell
from jusante.core.announcement import Announcement
from jusante.errors import ProjectBusy
from jusante.ports.notifier import Notice
from projects import write
from receiving import receiver
from servers.fixtures import postgres_server
from servers.postgres import Postgres

__all__ = ["postgres_server"]

NOTICES = tuple(Notice("owner@b.example", f"news {n}", "It is so.", f"key-{n}", "drift.found") for n in range(20))
MACHINES = 3


@pytest.fixture
def machines(tmp_path: Path, postgres_server: Postgres) -> list[Path]:
    """The same project on several machines, each with a folder of its own; `HOOK` is put in by each test."""
    settings(write(tmp_path / "0", {}), postgres_server, "notify: [{kind: webhook, url: HOOK}]")
    # Nobody loses a lease here, however busy this machine is.
    text = (tmp_path / "0/jusante.yaml").read_text().replace(f"lease: {LEASE_SECONDS}s", "lease: 60s")
    return [write(tmp_path / str(number), {"jusante.yaml": text}) for number in range(MACHINES)]


def at(folder: Path, url: str) -> Lake:
    """The project on one machine, which tells people there."""
    file = folder / "jusante.yaml"
    file.write_text(file.read_text().replace("HOOK", f"'{url}'"))
    return Lake.open(folder)


def test_what_all_machines_have_to_tell_is_sent_once(machines: list[Path]) -> None:
    with receiver(200) as (url, got), ThreadPoolExecutor(MACHINES) as pool:
        lakes = [at(folder, url) for folder in machines]
        problems = list(pool.map(lambda lake: tell(lake.system, NOTICES), lakes))
        for lake in lakes:
            lake.close()
    assert problems == [()] * MACHINES
    keys = Counter(headers["webhook-id"] for headers, _ in got)
    assert len(keys) == len(NOTICES)
    assert set(keys.values()) == {1}


def test_what_a_machine_that_died_had_not_sent_is_sent_by_another(machines: list[Path]) -> None:
    with receiver(200) as (url, got):
        dead, alive = at(machines[0], url), at(machines[1], url)
        leases = dead.metadata.leases
        assert leases
        assert leases.take("tell", "a machine that dies", 1.0)
        with pytest.raises(ProjectBusy), telling(alive.system, 0.0):
            pass
        assert tell(alive.system, NOTICES) == ()
        dead.close()
        alive.close()
    assert len(got) == len(NOTICES)


def test_of_what_all_machines_announce_at_once_each_has_a_number_of_its_own(machines: list[Path]) -> None:
    now = dt.datetime.now(dt.UTC)

    def at_one(folder: Path) -> str:
        made = Announcement(1, "shop", "", "", "late", now, now + dt.timedelta(hours=1), "why", "them", now)
        with at(folder, "http://127.0.0.1:9/hook") as lake:
            return announce(lake.system, Planned(made, ()), now)[0].id

    with ThreadPoolExecutor(MACHINES) as crew:
        assert sorted(crew.map(at_one, machines)) == [f"A{n}" for n in range(1, MACHINES + 1)]
