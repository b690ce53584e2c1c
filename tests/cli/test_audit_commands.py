"""`jusante audit` and `jusante migrate` as a shell sees them."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from jusante.app import Lake
from jusante.cli.main import cli
from jusante.core.run import Run
from jusante.errors import JusanteError, ProjectBusy
from jusante.storage.run_lock import held
from projects import run, write, write_shop


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project that has run."""
    run(write_shop(tmp_path))
    return tmp_path


def call(folder: Path, *words: str) -> Result:
    """One command."""
    return CliRunner().invoke(cli, [*words, "--project", str(folder)])


def tamper(folder: Path, statement: str) -> None:
    """Somebody writes into the database, past jusante."""
    engine = sa.create_engine(f"sqlite:///{folder / '.jusante' / 'metadata.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def test_a_ledger_is_proved_and_a_forged_one_is_found(shop: Path) -> None:
    kept = shop / "head.txt"
    kept.write_text(call(shop, "audit", "head").output)
    assert call(shop, "audit", "verify", "--head", str(kept)).exit_code == 0
    tamper(shop, "update events set asset = 'x.y' where seq = 3")
    done = call(shop, "audit", "verify")
    assert done.exit_code == 1
    assert re.search(r"event 3 \(\S+\) says something else than it did", done.output)
    said = json.loads(call(shop, "audit", "verify", "--json").stdout)
    assert [fault["kind"] for fault in said["faults"]] == ["edited"]


def test_what_follows_from_the_ledger_is_held_against_it(shop: Path) -> None:
    assert "all that follows from it is as it should be" in call(shop, "audit", "verify", "--projections").output
    tamper(shop, "update usage set cpu_us = 1")
    assert call(shop, "audit", "verify").exit_code == 0
    done = call(shop, "audit", "verify", "--projections")
    assert done.exit_code == 1
    assert "rows of usage say something else than the ledger" in done.output
    assert "jusante audit rebuild" in done.output
    said = json.loads(call(shop, "audit", "verify", "--projections", "--json").stdout)
    assert [each["projection"] for each in said["projections"]] == ["usage"]
    call(shop, "audit", "rebuild")
    assert call(shop, "audit", "verify", "--projections").exit_code == 0


def test_a_ledger_that_was_cut_off_does_not_fit_the_head_that_was_kept(shop: Path) -> None:
    kept = json.loads(call(shop, "audit", "head", "--json").stdout)["head"]["digest"]
    tamper(shop, "delete from events")
    tamper(shop, "delete from segments")
    assert call(shop, "audit", "verify").exit_code == 0
    assert call(shop, "audit", "verify", "--head", kept).exit_code == 1


def test_what_happened_is_told_newest_first_and_made_anew(shop: Path) -> None:
    found = json.loads(call(shop, "audit", "events", "--json").stdout)["events"]
    assert [event["kind"] for event in found][:1] == ["run.ended"]
    assert found[-1]["kind"] == "run.started"
    assert all(event["actor"] for event in found)
    only = json.loads(
        call(shop, "audit", "events", "--kind", "task.succeeded", "--asset", "shop.orders", "--json").stdout
    )
    assert [event["asset"] for event in only["events"]] == ["shop.orders"]
    tamper(shop, "delete from asset_states")
    assert json.loads(call(shop, "audit", "rebuild", "--json").stdout)["events"] == len(found)
    assert {task.status for task in run(shop).tasks if task.asset.startswith("marts.")} == {"skipped"}


def test_a_database_goes_back_and_forth(shop: Path) -> None:
    assert json.loads(call(shop, "migrate", "--to", "0001", "--json").stdout)["after"] == "0001"
    refused = call(shop, "runs")
    assert "jusante migrate" in str(getattr(refused.exception, "fix", ""))
    told = call(shop, "migrate").output
    assert "went from revision 0001 to 0008" in told
    assert "metadata.db.0001" in told
    assert {task.status for task in run(shop).tasks} == {"skipped"}
    kept = (shop / ".jusante" / "metadata.db.0001").read_bytes()
    call(shop, "migrate", "--to", "0001")
    assert "metadata.db.0001.2" in call(shop, "migrate").output
    assert (shop / ".jusante" / "metadata.db.0001").read_bytes() == kept


def test_nothing_is_migrated_while_somebody_works(shop: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    with Lake.open(shop) as lake, held(lake.settings.lock, Run("r1", "run", "dev", now, "here", 7), 0.0):
        during_a_run = call(shop, "migrate", "--to", "0001").exception
    with Lake.open(shop) as lake, lake.conducted():
        during_up = call(shop, "migrate", "--to", "0001").exception
    assert isinstance(during_a_run, ProjectBusy)
    assert "run r1, process 7 on here" in during_a_run.what
    assert isinstance(during_up, ProjectBusy)
    assert "jusante up" in during_up.what
    assert "nothing to do" in call(shop, "migrate").output


def test_a_database_is_one_projects_and_goes_along_when_it_is_renamed(tmp_path: Path) -> None:
    def named(name: str) -> Path:
        given = f"name: {name}\nenvironments:\n  dev: {{metadata: 'sqlite:///{tmp_path}/memory.db'}}\n"
        return write(tmp_path / "project", {"jusante.yaml": given})

    call(named("shop"), "migrate", "--adopt")
    assert call(named("shop"), "runs").exit_code == 0
    refused = call(named("store"), "runs").exception
    assert isinstance(refused, JusanteError)
    assert "it belongs to shop, environment dev, and this is store, environment dev" in refused.what
    assert refused.where == f"{tmp_path}/memory.db"
    told = json.loads(call(named("store"), "migrate", "--adopt", "--json").stdout)
    assert told["adopted_from"] == {"project": "shop", "environment": "dev"}
    assert call(named("store"), "runs").exit_code == 0


def test_a_file_in_the_folder_of_a_project_is_its_own_whatever_it_is_called(tmp_path: Path) -> None:
    for name in ("shop", "store"):
        assert call(write(tmp_path, {"jusante.yaml": f"name: {name}\n"}), "runs").exit_code == 0
