"""Erasing a person takes rows, values, history and keys; a crash on the way leaves nothing half done, and nobody comes back."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from jusante.app import Lake
from jusante.app.revealing import reveal
from jusante.architecture.failure import ERASURE_POINTS
from jusante.cli.main import cli
from jusante.errors import NotAllowed, UsageError
from projects import rows, run, sql, write
from remains import holding

SOURCE = """\
source: crm
kind: sqlite
connection: crm.db
owner: crm@b.example
tables:
  people:
    key: [id]
    subject: {column: id, name: person}
    ingest: {mode: incremental, cursor: n}
    columns:
      mail: {sensitive: email, purpose: [support]}
      phone: {sensitive: phone, purpose: [support], mask: tokenise}
  orders:
    key: [order_id]
    subject: {column: who, name: person}
    columns:
      who: {sensitive: id, purpose: [support], mask: hash}
      ship_to: {sensitive: address, purpose: [support]}
      gift_to: {sensitive: name, purpose: [support], mask: tokenise}
  visits:
    key: [visit_id]
    checks:
      - positive: seconds
        quarantine: true
    subject: {column: person, erase: rows}
  tickets: {key: [ticket_id]}
"""
MODELS = {
    "models/marts/mails.sql": "select id, mail from crm.people",
    "models/marts/spent.sql": (
        "/* jusante\nallow: {J160: all orders are everybody's here}\n*/\n"
        "select p.mail, sum(o.total) as total from crm.people as p cross join crm.orders as o group by all"
    ),
    "models/marts/revenue.sql": "select sum(total) as total from crm.orders",
    "models/marts/names.py": (
        "from jusante import model\n\n\n@model()\ndef names(people='crm.people'):\n    return people.select(['mail'])\n"
    ),
    "models/marts/lives.sql": "/* jusante\nkind: by_key\nhistory: true\ngrain: [id]\n*/\nselect id, mail from crm.people",
    "models/marts/added.sql": "/* jusante\nkind: append\n*/\nselect id, mail from crm.people",
    "exposures/report.yaml": "kind: report\nowner: boss@b.example\npurpose: [support]\nreads: {marts.mails: [mail]}\n",
}
MADE = {"marts.mails", "marts.spent", "marts.revenue", "marts.names", "marts.lives", "marts.added"}
PEOPLE = [(i, f"{'planted' if i == 7 else 'other'}-{i}@mail.example", f"+44 20 7946 00{i:02}", i) for i in range(1, 21)]


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    write(tmp_path, {"jusante.yaml": "name: people\n", "sources/crm.yaml": SOURCE, **MODELS})
    database = tmp_path / "crm.db"
    sql(database, "create table people (id integer primary key, mail text, phone text, n integer)")
    sql(
        database,
        "create table orders (order_id integer primary key, who integer, ship_to text, gift_to text, total integer)",
    )
    sql(database, "create table visits (visit_id integer primary key, person text, seconds integer)")
    sql(database, "create table tickets (ticket_id integer primary key, person integer)")
    sql(database, "insert into people values (?, ?, ?, ?)", PEOPLE)
    orders = [
        (i, i % 10, f"{'planted' if i % 10 == 7 else 'other'} street {i}", f"friend {i}", i) for i in range(1, 41)
    ]
    sql(database, "insert into orders values (?, ?, ?, ?, ?)", orders)
    visits = [(i, str(i % 10), -1 if i % 10 == 7 else i) for i in range(1, 41)]
    sql(database, "insert into visits values (?, ?, ?)", visits)
    run(tmp_path)
    # A past: an older snapshot holds the same person.
    sql(database, "update people set mail = 'planted-again@mail.example', n = 99 where id = 7")
    assert run(tmp_path).status == "succeeded"
    assert holding(tmp_path / ".jusante" / "warehouse", "planted")
    return tmp_path


def erase(folder: Path, *more: str, kill_at: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jusante", "erase", "crm.people", "7", "--project", str(folder), "--json", *more]
    environment = {**os.environ, "JUSANTE_KILL_AT": kill_at}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def is_gone(folder: Path) -> None:
    """Nothing of the person is in any file, any row, any key; everybody else is there."""
    assert holding(folder / ".jusante", "planted") == set()
    assert rows(folder, "select count(*), min(id) from crm.people") == [(19, 1)]
    assert rows(folder, "select count(*), count(who), count(ship_to), count(gift_to), sum(total) from crm.orders") == [
        (40, 36, 36, 36, 820)
    ]
    assert rows(folder, "select count(*) from crm.visits") == [(36,)]
    assert rows(folder, "select count(*) from crm.visits__quarantine") == [(0,)]
    assert rows(folder, "select count(*) from marts.mails") == [(19,)]
    assert rows(folder, "select count(*) from marts.names") == [(19,)]
    assert rows(folder, "select count(*) from marts.lives") == [(19,)]
    assert rows(folder, "select count(*) from marts.added") == [(19,)]
    assert rows(folder, "select total from marts.revenue") == [(820,)]


def erasures(folder: Path) -> list[dict[str, object]]:
    with Lake.open(folder) as lake:
        return [dict(event.payload) for event in lake.metadata.latest("subject.erased", 100)]


def test_what_would_go_is_shown_and_stays(crm: Path) -> None:
    shown = json.loads(erase(crm, "--dry-run").stdout)
    assert {each["table"]: (each["erases"], each["rows"]) for each in shown["tables"]} == {
        "crm.people": ("rows", 1),
        "crm.orders": ("values", 4),
        "crm.visits": ("rows", 0),
        "crm.visits__quarantine": ("rows", 4),
    }
    below = {each["asset"]: each["columns"] for each in shown["below"]}
    assert below["marts.mails"] == ["id"]
    assert below["marts.spent"] == []
    assert set(below) == {*MADE, "exposure:report"}
    assert shown["silent"] == ["crm.tickets"]
    assert rows(crm, "select count(*) from crm.people") == [(20,)]
    assert erasures(crm) == []


def test_a_person_is_gone_from_rows_files_history_and_ledger(crm: Path) -> None:
    token = rows(crm, "select phone from crm.people where id = 7")[0][0]
    other = rows(crm, "select phone from crm.people where id = 8")[0][0]
    keys = (crm / ".jusante" / "keys" / "subjects.db").read_bytes()
    assert erase(crm, "--yes").returncode == 0
    is_gone(crm)
    with Lake.open(crm) as lake:
        assert reveal(lake.system, "crm.people.phone", [token, other], "support") == (None, "+44 20 7946 0008")
        assert [len(lake.store.history(name)) for name in ("crm.people", "marts.mails")] == [1, 1]
    (event,) = erasures(crm)
    assert event["tables"] == {"crm.people": 1, "crm.orders": 4, "crm.visits": 0, "crm.visits__quarantine": 4}
    assert (crm / ".jusante" / "keys" / "subjects.db").read_bytes() != keys


def test_nobody_comes_back_with_the_next_load(crm: Path) -> None:
    erase(crm, "--yes")
    sql(crm / "crm.db", "update people set n = 200 + id")
    sql(crm / "crm.db", "update orders set total = total")
    sql(crm / "crm.db", "insert into orders values (47, 7, 'planted street', 'planted friend', 0)")
    sql(crm / "crm.db", "insert into visits values (57, '7', 12)")
    assert run(crm).status == "succeeded"
    assert rows(crm, "select count(*) from crm.people") == [(19,)]
    assert rows(crm, "select who, ship_to, gift_to from crm.orders where order_id = 47") == [(None, None, None)]
    assert rows(crm, "select count(*) from crm.visits") == [(36,)]
    assert holding(crm / ".jusante", "planted") == set()
    run(crm, anew=True)
    assert holding(crm / ".jusante", "planted") == set()
    assert rows(crm, "select count(*) from crm.people") == [(19,)]


OTHERS = ("after_rewrite:crm.orders", "after_stage:marts.mails", "after_commit:marts.names")
KILLS = (*ERASURE_POINTS, *OTHERS)


@pytest.mark.slow
@pytest.mark.parametrize("point", KILLS)
def test_a_kill_on_the_way_is_made_good_by_doing_it_again(crm: Path, point: str) -> None:
    assert erase(crm, "--yes", kill_at=point).returncode == -signal.SIGKILL
    again = erase(crm, "--yes")
    assert again.returncode == 0, again.stderr
    is_gone(crm)
    (event,) = erasures(crm)
    assert event["tables"] == {"crm.people": 1, "crm.orders": 4, "crm.visits": 0, "crm.visits__quarantine": 4}
    assert erase(crm, "--yes").returncode == 0
    is_gone(crm)


def test_a_model_that_cannot_be_made_anew_leaves_the_erasure_open(crm: Path) -> None:
    broken = MODELS["models/marts/names.py"].replace("people.select", "people.no_such_thing")
    write(crm, {"models/marts/names.py": broken})
    failed = erase(crm, "--yes")
    assert failed.returncode == 1
    assert "marts.names" in failed.stdout
    assert erasures(crm) == []
    write(crm, MODELS)
    assert erase(crm, "--yes").returncode == 0
    is_gone(crm)


def test_the_name_of_the_erased_stands_nowhere(crm: Path) -> None:
    sql(crm / "crm.db", "insert into visits values (99, 'planted-person', 5)")
    run(crm)
    done = CliRunner().invoke(
        cli, ["erase", "crm.visits", "-", "--yes", "--project", str(crm)], input="planted-person\n"
    )
    assert done.exit_code == 0, done.output
    with Lake.open(crm) as lake:
        assert "planted-person" not in str(lake.metadata.events(0, 10_000)) + str(lake.metadata.runs(100))


def test_who_does_not_say_yes_erases_nothing(crm: Path) -> None:
    done = CliRunner().invoke(cli, ["erase", "crm.people", "7", "--project", str(crm)], input="n\n")
    assert done.exit_code != 0
    assert rows(crm, "select count(*) from crm.people") == [(20,)]


def test_tokens_are_turned_back_for_a_purpose_of_their_column_only(crm: Path) -> None:
    token = rows(crm, "select phone from crm.people where id = 3")[0][0]
    with Lake.open(crm) as lake:
        with pytest.raises(NotAllowed, match="kept for support, not for marketing"):
            reveal(lake.system, "crm.people.phone", [token], "marketing")
        with pytest.raises(UsageError):
            reveal(lake.system, "crm.people.mail", [token], "support")
        with pytest.raises(UsageError):
            lake.erase("crm.tickets", ("7",))
        assert lake.metadata.latest("token.revealed", 10) == ()
        assert reveal(lake.system, "crm.people.phone", [token], "support") == ("+44 20 7946 0003",)
        (event,) = lake.metadata.latest("token.revealed", 10)
        assert event.payload == {"column": "crm.people.phone", "purpose": "support", "tokens": 1}
