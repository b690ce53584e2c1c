"""Projects with something wrong in them, and what is said of it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jusante.core.secret import Secret
from jusante.engineering.project import read_problems
from jusante.engineering.project.documents import parse
from jusante.engineering.project.problems import Findings
from jusante.plugins import Connectors
from jusante.transformation.sql_analysis import analyse

SOURCE = "source: cat\nkind: files\nowner: a@b.example\ntables:\n  products: {path: 'p*.csv', key: [sku]}\n"
MODEL = "select sku from cat.products"

# What is wrong, the files that are other than those of a sound project, and the problems: code, place, words in them.
FAULTS: list[tuple[str, dict[str, str], list[tuple[str, str, str]]]] = [
    ("no jusante.yaml", {"jusante.yaml": ""}, [("J104", "jusante.yaml:1", "name is missing")]),
    (
        "an unknown key",
        {"sources/cat.yaml": SOURCE + "  prices: {path: x, keey: [sku]}\n"},
        [("J102", "sources/cat.yaml:6", "did you mean key?")],
    ),
    (
        "an unknown key of the kind",
        {"sources/cat.yaml": SOURCE + "  prices:\n    path: x\n    encodng: utf-8\n"},
        [("J102", "sources/cat.yaml:8", "did you mean encoding?")],
    ),
    (
        "an unknown kind",
        {"sources/cat.yaml": SOURCE.replace("files", "filez")},
        [("J120", "sources/cat.yaml:2", "did you mean files?")],
    ),
    (
        "a wrong value",
        {"sources/cat.yaml": SOURCE + "limits: {connections: many}\n"},
        [("J103", "sources/cat.yaml:6", "whole number")],
    ),
    (
        "a missing variable",
        {"sources/db.yaml": "source: db\nkind: postgres\nowner: a\nconnection: ${env:NOT_SET}\n"},
        [("J105", "sources/db.yaml:4", "NOT_SET is not set")],
    ),
    (
        "a password in a file",
        {"sources/db.yaml": "source: db\nkind: postgres\nowner: a\nconnection: postgresql://me:hunter2@h/d\n"},
        [("J106", "sources/db.yaml:4", "a password is written")],
    ),
    (
        "a table that nobody makes",
        {"models/m/a.sql": "/* jusante\nabout: x\n*/\nselect *\nfrom cat.product"},
        [("J110", "models/m/a.sql:5", "did you mean cat.products?")],
    ),
    (
        "a circle",
        {"models/m/a.sql": "select * from m.b", "models/m/b.sql": "select * from m.a"},
        [("J111", "", "m.a → m.b → m.a|m.b → m.a → m.b")],
    ),
    (
        "bad SQL",
        {"models/m/a.sql": "/* jusante\nabout: x\n*/\nselect\n  from where"},
        [("J113", "models/m/a.sql:5", "")],
    ),
    (
        "a bad check",
        {"models/m/a.sql": "/* jusante\nchecks:\n  - positiv: x\n*/\n" + MODEL},
        [("J103", "models/m/a.sql:3", "did you mean positive?")],
    ),
    (
        "a model by time without one",
        {"models/m/a.sql": "/* jusante\nkind: by_time\n*/\n" + MODEL},
        [("J220", "models/m/a.sql:2", "time: day")],
    ),
    (
        "a name taken twice",
        {
            "models/m/a.sql": MODEL,
            "models/m/a.py": "from jusante import model\n@model()\ndef a(x='cat.products'): ...\n",
        },
        [("J112", "", "made twice")],
    ),
    ("Python that is none", {"models/m/p.py": "def"}, [("J114", "models/m/p.py:1", "not valid Python")]),
    (
        "a parameter without a table",
        {"models/m/p.py": "from jusante import model\n@model()\ndef p(x): ...\n"},
        [("J114", "models/m/p.py:3", "names no table")],
    ),
    ("YAML that is none", {"sources/cat.yaml": "source: [\n"}, [("J101", "sources/cat.yaml:2", "not valid YAML")]),
    ("a key twice", {"jusante.yaml": "name: a\nname: b\n"}, [("J112", "jusante.yaml:2", "second time")]),
    (
        "no cursor",
        {
            "sources/db.yaml": "source: db\nkind: sqlite\nowner: a\nconnection: x.db\ntables:\n  t: {ingest: {mode: incremental}}\n"
        },
        [("J104", "sources/db.yaml:6", "needs a cursor")],
    ),
    (
        "an unknown zone",
        {"sources/cat.yaml": SOURCE + 'limits: {not_during: "09:00-11:00 America/Sao_Paolo"}\n'},
        [("J103", "sources/cat.yaml:6", "America/Sao_Paulo")],
    ),
    ("a step without a header", {"steps/x.sh": "echo hi\n"}, [("J104", "steps/x.sh:1", "no header")]),
]


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in {
        "jusante.yaml": "name: t\n",
        "sources/cat.yaml": SOURCE,
        "models/m/good.sql": MODEL,
        **files,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def problems_of(folder: Path, variables: dict[str, str] | None = None) -> list[tuple[str, str, str]]:
    _, found = read_problems(folder, None, kinds=Connectors(), analyse=analyse, variables=variables or {})
    return [(problem.code, problem.where, f"{problem.what} {problem.fix}") for problem in found]


def test_a_sound_project_has_no_problems(tmp_path: Path) -> None:
    assert problems_of(write(tmp_path, {})) == []


@pytest.mark.parametrize(("files", "expected"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_a_fault_is_told_with_file_line_and_fix(
    files: dict[str, str], expected: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    found = problems_of(write(tmp_path, files))
    assert [code for code, _, _ in found] == [code for code, _, _ in expected], found
    for (_, where, words), (_, wanted_where, wanted) in zip(found, expected, strict=True):
        assert where.startswith(wanted_where)
        assert any(part in words for part in wanted.split("|")), words
        assert "hunter2" not in words


def test_all_problems_of_a_project_are_told_at_once(tmp_path: Path) -> None:
    names = {"an unknown key", "bad SQL", "a step without a header"}
    files = {name: text for case in FAULTS if case[0] in names for name, text in case[1].items()}
    assert {code for code, _, _ in problems_of(write(tmp_path, files))} >= {"J102", "J113", "J104"}


def test_a_reference_becomes_a_secret_that_nothing_shows(tmp_path: Path) -> None:
    text = "source: db\nkind: postgres\nowner: a\nconnection: postgresql://u:${env:PW}@h/d\n"
    folder = write(tmp_path, {"sources/db.yaml": text})
    project, found = read_problems(folder, None, kinds=Connectors(), analyse=analyse, variables={"PW": "s3cret"})
    assert project
    assert found == []
    connection = project.sources["db"].connection
    assert isinstance(connection, Secret)
    assert connection.reveal() == "postgresql://u:s3cret@h/d"
    assert "s3cret" not in repr(project)


@pytest.mark.parametrize(
    "said",
    [
        "catalog: '${env:NOT_SET}'",
        "hooks: {paid: {secret: '${env:NOT_SET}'}}",
        "notify: [{kind: webhook, url: 'https://b.example/', secret: '${env:NOT_SET}'}]",
        "notify: [{kind: apprise, url: 'mailto://a:${env:NOT_SET}@b.example'}]",
        "openlineage: {url: 'https://b.example/', api_key: '${env:NOT_SET}'}",
        "broker: {url: 'nats://b.example:4222', token: '${env:NOT_SET}'}",
        "keys: {masks: '${env:NOT_SET}'}",
    ],
)
def test_only_the_chosen_environment_needs_its_secrets(tmp_path: Path, said: str) -> None:
    folder = write(tmp_path, {"jusante.yaml": f"name: t\nenvironments:\n  dev: {{}}\n  prod: {{{said}}}\n"})
    assert problems_of(folder) == []
    _, found = read_problems(folder, "prod", kinds=Connectors(), analyse=analyse, variables={})
    assert [problem.code for problem in found if "NOT_SET" in problem.what] == ["J105"]


def test_comments_and_layout_leave_versions_alone_and_meaning_changes_them(tmp_path: Path) -> None:
    def version(sql: str) -> str:
        folder = write(tmp_path, {"models/m/a.sql": sql})
        project, _ = read_problems(folder, None, kinds=Connectors(), analyse=analyse, variables={})
        assert project
        return project.graph.versions["m.a"]

    first = version("select sku from cat.products")
    assert version("-- hello\nSELECT  sku\nFROM cat.products /* there */") == first
    assert version("/* jusante\nabout: now told\nowner: x\n*/\nselect sku from cat.products") == first
    assert version("select sku from cat.products where sku <> ''") != first


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=200))
@settings(max_examples=150, deadline=None)
def test_no_text_makes_the_yaml_reader_raise(text: str) -> None:
    findings = Findings()
    document = parse(text, "x.yaml", findings)
    assert document is not None or findings.problems
