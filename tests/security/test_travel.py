"""Personal data are followed to where they can be seen, and kept from there: by `check` before, and by the run itself."""

from pathlib import Path

import pytest

from jusante import app
from jusante.app import Lake
from jusante.errors import NotAllowed
from projects import run, sql, task, write

PROJECT = {
    "jusante.yaml": "name: people\n",
    "sources/crm.yaml": (
        "source: crm\nkind: sqlite\nconnection: crm.db\nowner: crm@b.example\n"
        "tables:\n  people:\n    key: [id]\n    columns:\n      mail: {sensitive: email, purpose: [support]}\n"
        "      phone: {sensitive: phone}\n"
    ),
}
SECRET = "ada@lovelace.example"


def people(folder: Path, model: str, shown: str, *, header: str = "", purpose: str = "") -> Path:
    """A project in which `model` reads people with their mail, and a dashboard shows `shown` of it."""
    write(folder, PROJECT)
    head = f"/* jusante\n{header}\n*/\n" if header else ""
    board = (
        f"dashboard: board\ntitle: Board\n{purpose}"
        f'rows:\n  - - {{chart: table, title: People, sql: "select {shown} from marts.people"}}\n'
    )
    write(folder, {"models/marts/people.sql": head + model, "dashboards/board.yaml": board})
    sql(folder / "crm.db", "create table people (id integer primary key, mail text, phone text)")
    sql(folder / "crm.db", "insert into people values (?, ?, ?)", [(1, SECRET, "+44 20 7946 0018")])
    return folder


def problems(folder: Path) -> list[str]:
    return [f"{each.code} {each.what}" for each in app.check(folder)[1] if each.code.startswith("J14")]


SEEN = {
    "as it is": "select id, mail as m from crm.people",
    "a part of it": "select id, substr(mail, 1, 3) as m from crm.people",
    "in other letters": "select id, upper(trim(mail)) as m from crm.people",
    "glued to something": "select id, 'mailto:' || mail as m from crm.people",
    "in a case": "select id, case when id > 0 then mail else '' end as m from crm.people",
    "the greatest of them": "select 1 as id, max(mail) as m from crm.people",
    "in a list": "select 1 as id, list(mail) as m from crm.people",
    "in a struct": "select id, {'to': mail} as m from crm.people",
    "through a union": "select id, '' as m from crm.people union all select id, mail from crm.people",
    "through a subquery": "select id, (select p.mail from crm.people as p where p.id = q.id) as m from crm.people as q",
}
HIDDEN = {
    "how many": "select 1 as id, count(mail) as m from crm.people",
    "how many different ones": "select 1 as id, count(distinct mail) as m from crm.people",
    "a hash": "select id, sha256(mail) as m from crm.people",
    "its length": "select id, length(mail) as m from crm.people",
    "whether there is one": "select id, mail is not null as m from crm.people",
    "only what it decides": "select id, 'known' as m from crm.people where mail like '%@%'",
    "another column": "select id, id * 2 as m from crm.people",
}


@pytest.mark.parametrize("model", SEEN.values(), ids=SEEN)
def test_what_shows_a_sensitive_column_is_found_and_nothing_of_it_is_written(tmp_path: Path, model: str) -> None:
    folder = people(tmp_path, model, "m")
    (problem,) = problems(folder)
    assert problem.startswith("J140 dashboard:board.People shows crm.people.mail (email")
    assert " by way of marts.people.m, which is kept for support" in problem
    done = task(run(folder), "dashboard:board")
    assert done.status == "failed"
    assert done.error is not None
    assert done.error["code"] == "J800"
    with Lake.open(folder) as lake, pytest.raises(NotAllowed, match="kept for support"):
        lake.build_dashboards()
    assert not list(folder.glob(".jusante/**/*.html"))
    assert not list(folder.glob("**/*.png"))


@pytest.mark.parametrize("model", HIDDEN.values(), ids=HIDDEN)
def test_what_hides_a_sensitive_column_may_be_shown(tmp_path: Path, model: str) -> None:
    folder = people(tmp_path, model, "m")
    assert problems(folder) == []
    assert run(folder).status == "succeeded"


def test_a_dashboard_for_the_purpose_may_show_it(tmp_path: Path) -> None:
    folder = people(tmp_path, SEEN["as it is"], "m", purpose="purpose: [support]\n")
    assert problems(folder) == []
    assert run(folder).status == "succeeded"
    pages = list(folder.glob(".jusante/**/*.html")) + list(folder.glob("**/board.html"))
    assert any(SECRET in page.read_text(encoding="utf-8") for page in pages)


def test_another_purpose_is_none(tmp_path: Path) -> None:
    folder = people(tmp_path, SEEN["as it is"], "m", purpose="purpose: [marketing]\n")
    assert len(problems(folder)) == 1


def test_a_column_is_declared_free_by_the_model_that_makes_it_so(tmp_path: Path) -> None:
    folder = people(tmp_path, SEEN["a part of it"], "m", header="declassify: {m: three letters tell nobody apart}")
    assert problems(folder) == []
    report = run(folder)
    assert report.status == "succeeded"
    assert "m holds no personal data any more: three letters tell nobody apart" in task(report, "marts.people").notices


def test_what_is_declared_free_must_be_there(tmp_path: Path) -> None:
    folder = people(tmp_path, SEEN["as it is"], "id", header="declassify: {mm: a slip}")
    (problem,) = problems(folder)
    assert problem == "J141 marts.people has no column mm to declassify"


def test_all_columns_by_a_star_are_known_once_the_table_is_loaded(tmp_path: Path) -> None:
    folder = people(tmp_path, "select * from crm.people", "*")
    assert task(run(folder), "dashboard:board").status == "failed"
    assert len(problems(folder)) == 1


def test_a_python_model_hands_on_what_it_reads(tmp_path: Path) -> None:
    folder = people(tmp_path, "select id from marts.copied", "id")
    write(
        folder,
        {
            "models/marts/copied.py": (
                "from jusante import model\n\n\n@model()\ndef copied(people='crm.people'):\n    return people\n"
            )
        },
    )
    assert task(run(folder), "dashboard:board").status == "failed"
    (problem,) = problems(folder)
    assert "crm.people.mail (email) by way of marts.copied" in problem


def test_a_script_gets_only_what_it_is_for(tmp_path: Path) -> None:
    folder = people(tmp_path, "select id from crm.people", "id")
    head = "# jusante\n#   inputs: {people: crm.people}\n#   outputs: [out.csv]\n"
    script = '\ncp "$INPUT_PEOPLE" out.csv\n'
    write(folder, {"steps/give.sh": head + script})
    done = task(run(folder), "step:give")
    assert done.status == "failed"
    assert not (folder / "out.csv").exists()
    write(folder, {"steps/give.sh": head + "#   purpose: [support]\n" + script})
    assert task(run(folder), "step:give").status == "succeeded"
    assert SECRET in (folder / "out.csv").read_text(encoding="utf-8")


def test_no_message_shows_a_value(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = people(tmp_path, SEEN["as it is"], "m")
    problems(folder)
    run(folder)
    told = capfd.readouterr()
    assert SECRET not in told.out + told.err
