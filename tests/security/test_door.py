"""Columns that may hold personal data stay outside until somebody decides; what was seen of them goes nowhere."""

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from jusante import app
from jusante.app import Lake
from jusante.app.decisions import Decision, decide, findings
from jusante.cli.main import cli
from jusante.core.event import Event
from projects import rows, run, sql, task, write

SOURCE = """\
# The people we know.
source: crm
kind: sqlite
connection: crm.db
owner: crm@b.example
tables:
  people:            # one row each
    key: [id]
    columns:
      city: {type: string}   # where they live

  notes: {key: [id]}
"""


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    write(tmp_path, {"jusante.yaml": "name: people\n", "sources/crm.yaml": SOURCE})
    sql(tmp_path / "crm.db", "create table people (id integer primary key, contact text, birth_date text, city text)")
    people = [(i, f"user{i}@planted.example", f"19{50 + i}-03-0{i % 9 + 1}", "Lyon") for i in range(1, 40)]
    sql(tmp_path / "crm.db", "insert into people values (?, ?, ?, ?)", people)
    sql(tmp_path / "crm.db", "create table notes (id integer primary key, text text)")
    return tmp_path


def waiting(folder: Path) -> set[str]:
    with Lake.open(folder) as lake:
        return {f"{each.column} {each.likely.kind}" for each in findings(lake.system)}


def events(folder: Path) -> tuple[Event, ...]:
    with Lake.open(folder) as lake:
        return lake.metadata.events(0, 10_000)


def columns(folder: Path, table: str) -> tuple[str, ...]:
    with Lake.open(folder) as lake:
        found = lake.store.table(table)
        return found.schema.names if found else ()


def j150(folder: Path) -> list[str]:
    return [problem.what for problem in app.check(folder)[1] if problem.code == "J150"]


def test_what_looks_personal_is_held_and_the_rest_comes_in(crm: Path) -> None:
    report = run(crm)
    assert report.status == "succeeded"
    assert columns(crm, "crm.people") == ("id", "city")
    told = " ".join(task(report, "crm.people").notices)
    assert "contact is not read, as 100% of its values look like e-mail addresses" in told
    assert "jusante classify crm.people" in told
    assert waiting(crm) == {"crm.people.contact email", "crm.people.birth_date birth_date"}


def test_check_fails_until_somebody_decides(crm: Path) -> None:
    assert j150(crm) == []  # nothing is known of the columns before the first load
    run(crm)
    assert len(j150(crm)) == 2
    result = CliRunner().invoke(cli, ["classify", "--project", str(crm), "--write"])
    assert result.exit_code == 0, result.output
    assert j150(crm) == []
    assert run(crm).status == "succeeded"
    assert columns(crm, "crm.people") == ("id", "city")


def test_a_declared_column_is_told_by_its_name_before_any_load(crm: Path) -> None:
    write(crm, {"sources/crm.yaml": SOURCE.replace("city: {type: string}", "email: {type: string}")})
    (what,) = j150(crm)
    assert what.startswith("nobody has decided whether crm.people.email is personal data: its name is that of")


def test_a_decision_lets_a_column_in(crm: Path) -> None:
    run(crm)
    with Lake.open(crm) as lake:
        decisions = [
            ("crm.people.contact", Decision("email", ["support"])),
            ("crm.people.birth_date", Decision(not_personal="when the shop was opened")),
        ]
        for edit in decide(lake.system, decisions):
            edit.write()
    run(crm)
    assert columns(crm, "crm.people") == ("id", "contact", "birth_date", "city")
    assert j150(crm) == []


def test_a_new_column_is_looked_at_when_it_comes(crm: Path) -> None:
    sql(crm / "crm.db", "alter table notes add column reach text")
    run(crm)
    sql(crm / "crm.db", "alter table notes add column login text")
    sql(
        crm / "crm.db",
        "insert into notes values (?, 'hello', null, ?)",
        [(i, f"a{i}@planted.example") for i in range(9)],
    )
    assert run(crm).status == "succeeded"
    assert columns(crm, "crm.notes") == ("id", "text", "reach")
    assert "crm.notes.login email" in waiting(crm)


def test_a_column_that_was_empty_is_looked_at_again_when_it_fills(crm: Path) -> None:
    run(crm)
    sql(crm / "crm.db", "insert into notes values (?, ?)", [(i, f"a{i}@planted.example") for i in range(9)])
    done = task(run(crm), "crm.notes")
    assert done.status == "held"
    assert done.error is not None
    assert done.error["code"] == "J204"
    assert rows(crm, "select * from crm.notes") == []


def test_a_key_that_may_be_personal_holds_the_table(crm: Path) -> None:
    write(crm, {"sources/crm.yaml": SOURCE.replace("key: [id]\n", "key: [contact]\n")})
    done = task(run(crm), "crm.people")
    assert done.status == "held"
    assert done.error is not None
    assert done.error["fix"] == "jusante classify crm.people.contact"
    assert waiting(crm)


def test_what_was_looked_at_is_not_looked_at_again(crm: Path) -> None:
    run(crm)
    run(crm)
    kinds = [event.kind for event in events(crm) if event.kind.startswith("column")]
    assert kinds.count("column.likely_personal") == 2
    assert kinds.count("columns.examined") == 1


def test_the_sample_leaves_the_process_nowhere(crm: Path, capfd: pytest.CaptureFixture[str]) -> None:
    report = run(crm)
    j150(crm)
    told = str(report) + str(events(crm)) + "".join(capfd.readouterr())
    assert "planted" not in told
    for path in (crm / ".jusante").rglob("*"):
        assert not path.is_file() or b"planted" not in path.read_bytes(), path


def test_a_sample_that_cannot_be_read_is_told_without_what_the_source_said(crm: Path) -> None:
    # A table whose text cannot be read as what its type promises; the database's own message would show it.
    sql(crm / "crm.db", "create table odd (id integer primary key, born date)")
    sql(crm / "crm.db", "insert into odd values (1, 'ada@planted.example')")
    write(crm, {"sources/crm.yaml": SOURCE + "  odd: {key: [id]}\n"})
    done = task(run(crm), "crm.odd")
    assert "planted" not in str(done)


def test_a_file_is_edited_where_it_must_be_and_nowhere_else(crm: Path) -> None:
    run(crm)
    runner = CliRunner()
    before = (crm / "sources/crm.yaml").read_text()
    shown = runner.invoke(cli, ["classify", "crm.people.contact", "--as", "email", "--project", str(crm)])
    assert "+      contact: {sensitive: email}" in shown.output
    assert (crm / "sources/crm.yaml").read_text() == before
    why = ["--not-personal", "they are: dates of shops"]
    runner.invoke(cli, ["classify", "crm.people.birth_date", *why, "--write", "--project", str(crm)])
    line = '      birth_date: {not_personal: "they are: dates of shops"}\n'
    place = before.index("\n  notes")
    assert (crm / "sources/crm.yaml").read_text() == before[:place] + line + before[place:]


def test_who_lists_gets_an_exit_status_that_says_whether_something_waits(crm: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(cli, ["classify", "--project", str(crm)]).exit_code == 0
    run(crm)
    assert runner.invoke(cli, ["classify", "--json", "--project", str(crm)]).exit_code == 2
    with sqlite3.connect(crm / "crm.db") as database:
        assert database.execute("select count(*) from people").fetchone() == (39,)
    database.close()
