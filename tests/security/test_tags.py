"""Tags go with a column to what is made of it: by which rules, to which places, and until somebody declares a column free."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from jusante import app
from jusante.app import Lake
from jusante.app.tags import tags_of
from jusante.cli.main import cli
from jusante.core.lineage import Origin
from jusante.core.sensitive import SPECIAL, Handling, care_for
from projects import run, sql, task, write

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "tags.yaml").read_text(encoding="utf-8"))
SOURCE = """
source: c
kind: sqlite
connection: c.db
owner: c@b.example
tables:
  p:
    key: [id]
    columns:
      mail: {sensitive: email, purpose: [support]}
      phone: {sensitive: phone, purpose: [support]}
      born: {type: date, sensitive: birth_date, purpose: [research]}
      pay: {sensitive: pay, purpose: [payroll]}
      illness: {sensitive: health, purpose: [care]}
      town: {tags: [geography]}
      name: {sensitive: name}
"""


def project(folder: Path, files: dict[str, str]) -> Path:
    return write(folder, {"jusante.yaml": "name: t\n", "sources/c.yaml": SOURCE, **files})


def filled(folder: Path, files: dict[str, str]) -> Path:
    project(folder, files)
    columns = (
        "id integer primary key, mail text, phone text, born text, pay integer, illness text, town text, name text"
    )
    sql(folder / "c.db", f"create table p ({columns})")
    rows = [
        (n, f"m{n}@b.example", f"+49 {n}", f"19{50 + n}-01-02", 1000 * n, "flu", "Weser", f"N{n}") for n in range(4)
    ]
    sql(folder / "c.db", "insert into p values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    return folder


def codes(folder: Path) -> list[str]:
    return [problem.code for problem in app.check(folder)[1] if problem.code.startswith("J14")]


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_query_s_columns_bear_these_tags(tmp_path: Path, case: dict[str, Any]) -> None:
    queries = case["sql"] if isinstance(case["sql"], list) else [case["sql"]]
    models = {f"models/m/t{number}.sql": query for number, query in enumerate(queries, 1)}
    files = {**models, "jusante.yaml": f"name: t\nsensitive: {json.dumps(case.get('sensitive', {}))}\n"}
    with Lake.open(project(tmp_path, files)) as lake:
        tags = tags_of(lake.system)
    table = f"m.t{len(queries)}"
    found = {
        column.column: " ".join(sorted(f"{tag.origin.column}:{tag.form}" for tag in tags.of(column)))
        for column, _ in tags.among(table)
    }
    assert found == case["tags"]


def test_how_a_kind_is_handled_is_said_by_the_column_then_by_the_project_then_by_what_it_is() -> None:
    for kind in SPECIAL:
        assert care_for(kind, {}).indirect
        assert care_for(kind, {}).may_show == "aggregate"
    assert not care_for("email", {}).indirect
    assert care_for("email", {"email": Handling(indirect=True)}).indirect
    assert not care_for("email", {"email": Handling(indirect=True)}, indirect=False).indirect
    assert (care_for("email", {}).may_show, care_for("phone", {}).may_show) == ("hashed", "pseudonymous")
    assert care_for("phone", {"phone": Handling(may_show="counted")}).may_show == "counted"
    assert care_for("phone", {}, indirect=True).may_leave == "aggregate"


MASKS = [
    ("hash", "pseudonymous"),
    ("tokenise", "pseudonymous"),
    ("{truncate: 4}", "part"),
    ("{generalise: year}", "generalised"),
    ("{generalise: month}", "part"),
    ("{generalise: 10}", "generalised"),
]


@pytest.mark.parametrize(("mask", "form"), MASKS)
def test_a_masked_column_starts_in_the_form_that_its_mask_leaves(tmp_path: Path, mask: str, form: str) -> None:
    source = SOURCE.replace("pay: {sensitive: pay,", f"pay: {{type: date, sensitive: pay, mask: {mask},").replace(
        "{type: date, sensitive: pay, mask: {generalise: 10}", "{type: long, sensitive: pay, mask: {generalise: 10}"
    )
    project(tmp_path, {"sources/c.yaml": source, "models/m/t.sql": "select pay || '' as v, md5(pay) as h from c.p"})
    with Lake.open(tmp_path) as lake:
        tags = tags_of(lake.system)
    assert [tag.form for tag in tags.of(Origin("c.p", "pay"))] == [form]
    assert [tag.form for tag in tags.of(Origin("m.t", "v"))] == [form]


PLACES = [
    ("dashboard", "mail", ["J140"]),
    ("dashboard", "md5(mail)", []),
    ("exposure", "md5(mail)", ["J140"]),
    ("dashboard", "md5(phone)", ["J140", "J145"]),
    ("dashboard", "year(born)", []),
    ("exposure", "year(born)", ["J140"]),
    ("exposure", "mail is null", []),
    ("exposure", "count(mail)", []),
    ("exposure", "sum(pay)", []),
    ("dashboard", "illness = 'flu'", ["J140"]),
    ("dashboard", "count(illness)", []),
    ("step", "left(mail, 2)", ["J140"]),
    ("step", "sum(pay) over (partition by id)", ["J140"]),
    ("dashboard", "town", []),
]


@pytest.mark.parametrize(("place", "expression", "expected"), PLACES, ids=[f"{p} {e}" for p, e, _ in PLACES])
def test_a_place_without_purpose_may_have_only_so_much(
    tmp_path: Path, place: str, expression: str, expected: list[str]
) -> None:
    chart = '{chart: table, title: T, sql: "select v from m.t"}'
    places = {
        "dashboard": {"dashboards/d.yaml": f"dashboard: d\ntitle: D\nrows:\n  - - {chart}\n"},
        "step": {"steps/s.sh": "# jusante\n#   inputs: {t: m.t}\n\ntrue\n"},
        "exposure": {"exposures/e.yaml": "kind: sync\nowner: o@b.example\nreads: {m.t: [v]}\n"},
    }
    project(tmp_path, {"models/m/t.sql": f"select {expression} as v from c.p", **places[place]})
    assert sorted(codes(tmp_path)) == expected


def test_who_stands_in_a_list_of_the_sick_is_known_to_be_sick(tmp_path: Path) -> None:
    reads = {"exposures/e.yaml": "kind: sync\nowner: o@b.example\nreads: {m.t: [id]}\n"}
    project(tmp_path, {"models/m/t.sql": "select id, town from c.p where illness = 'flu'", **reads})
    (problem,) = [each for each in app.check(tmp_path)[1] if each.code == "J140"]
    assert "exposure:e.m.t.id shows c.p.illness (health, a hint of it) by way of m.t.id" in problem.what
    assert "who stands where it decides" in problem.fix
    write(tmp_path, {"models/m/t.sql": "select count(*) as id, 'flu' as what from c.p where illness = 'flu'"})
    assert codes(tmp_path) == []


def test_what_is_doubtful_is_told(tmp_path: Path) -> None:
    source = SOURCE.replace("key: [id]", "key: [id]\n    ingest: {mode: incremental, cursor: born}")
    project(tmp_path, {"sources/c.yaml": source, "jusante.yaml": "name: t\nsensitive: {helth: {indirect: true}}\n"})
    write(tmp_path, {"models/m/t.sql": "select md5(phone) as h, md5(mail) as m from c.p", "models/m/u.sql": "from m.t"})
    told = {problem.code: problem for problem in app.check(tmp_path)[1]}
    assert told["J145"].what == (
        "m.t.h is a hash without a key of c.p.phone (phone): whoever tries all values can undo it"
    )
    assert "the cursor of c.p is born" in told["J146"].what
    assert told["J148"].fix == "did you mean health?"
    assert codes(tmp_path).count("J145") == 1
    write(tmp_path, {"models/m/v.sql": "select * from read_parquet('.jusante/warehouse/c/p/data/*.parquet')"})
    assert codes(tmp_path).count("J147") == 1


# -- declassifying -----------------------------------------------------------------------------------------------------


def test_the_ledger_is_told_once_of_each_change_of_what_is_declassified(tmp_path: Path) -> None:
    model = "select left(mail, 2) as v from c.p"
    freed = "/* jusante\ndeclassify: {{v: {why}}}\n*/\n"
    filled(tmp_path, {"models/m/t.sql": model})
    for text in (model, freed.format(why="two letters") + model, freed.format(why="few letters") + model, model):
        write(tmp_path, {"models/m/t.sql": text})
        run(tmp_path, "m.t")
        run(tmp_path, "m.t")
    with Lake.open(tmp_path) as lake:
        events = lake.metadata.latest("column.declassified", 10)
    assert [(e.asset, e.payload["column"], e.payload["reason"], e.payload["taken_back"]) for e in reversed(events)] == [
        ("m.t", "v", "two letters", False),
        ("m.t", "v", "few letters", False),
        ("m.t", "v", None, True),
    ]
    assert events[-1].payload["tags"] == ["sensitive:email of c.p.mail"]
    assert events[-1].run_id


def test_a_page_that_may_not_be_shown_any_more_is_taken_away(tmp_path: Path) -> None:
    board = "dashboard: d\ntitle: D\n{purpose}rows:\n  - - {{chart: table, title: T, sql: 'select mail from c.p'}}\n"
    filled(tmp_path, {"dashboards/d.yaml": board.format(purpose="purpose: [support]\n")})
    run(tmp_path)
    assert len(list(tmp_path.glob(".jusante/dashboards/d.*"))) == 2
    write(tmp_path, {"dashboards/d.yaml": board.format(purpose="")})
    assert task(run(tmp_path), "dashboard:d").status == "failed"
    assert list(tmp_path.glob(".jusante/dashboards/d.*")) == []


# -- commands ----------------------------------------------------------------------------------------------------------


def asked(folder: Path, *words: str) -> Any:
    done = CliRunner().invoke(cli, [*words, "--project", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_commands_tell_the_tags_of_columns(tmp_path: Path) -> None:
    guests = "source: g\nkind: files\nowner: g@b.example\ntables:\n  v:\n    path: v.csv\n    bad_rows: quarantine\n    columns:\n"
    guests += "      mail: {sensitive: email, purpose: [support]}\n      age: {type: int}\n"
    free = "/* jusante\ndeclassify: {w: one letter}\n*/\nselect left(mail, 1) as w, md5(mail) as h, town from c.p"
    filled(
        tmp_path,
        {"models/m/t.sql": free, "sources/g.yaml": guests, "v.csv": "mail,age\na@b.example,1\nb@b.example,x\n"},
    )
    run(tmp_path)
    columns = asked(tmp_path, "tags")["columns"]
    told = {(each["column"], each["tag"]): each for each in columns}
    assert told["c.p.name", "sensitive:name"]["read"] is False
    assert told["c.p.mail", "sensitive:email"]["purposes"] == ["support"]
    assert told["m.t.h", "sensitive:email"]["form"] == "hashed"
    assert told["m.t.w", "sensitive:email"]["declassified"] == "one letter"
    assert told["m.t.town", "geography"]["needs_purpose"] is False
    assert told["g.v__quarantine.mail", "sensitive:email"]["form"] == "whole"
    assert told["g.v__quarantine._row", "sensitive:email"]["needs_purpose"] is True
    assert {each["tag"] for each in asked(tmp_path, "tags", "m.t", "--tag", "sensitive")["columns"]} == {
        "sensitive:email"
    }
    assert [each["column"] for each in asked(tmp_path, "tags", "m.t.h")["columns"]] == ["m.t.h"]
    answer = asked(tmp_path, "query", "select upper(h) as u, count(*) over () as n, town from m.t")
    assert [column["tags"] for column in answer["columns"]] == [["sensitive:email"], [], ["geography"]]
    aside = asked(tmp_path, "query", "select _row as r, _check as c from g.v__quarantine")
    assert [column["tags"] for column in aside["columns"]] == [["sensitive:email"], []]
    nodes = {node["id"]: node for node in asked(tmp_path, "lineage", "m.t.h")["nodes"]}
    assert nodes["m.t.h"]["forms"] == {"sensitive:email": "hashed"}
    assert nodes["source:c.p.mail"]["tags"] == ["sensitive:email"]
