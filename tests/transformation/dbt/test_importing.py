"""What becomes of each part of a dbt project: built here where that is sound, else in the graph and left to dbt."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_manifests import dbt_test, manifest, model, source
from jusante.core.dbt import DbtLink, DbtModel, DbtOrigin
from jusante.engineering.project import ProjectProblems
from jusante.transformation.dbt.importing import Importer
from jusante.transformation.dbt.manifest import Manifest
from jusante.transformation.dbt.order import parents
from jusante.transformation.dbt.told import Imported, Part

ORIGIN = DbtOrigin(folder="../warehouse", project="warehouse", version="1.11.16", adapter="duckdb", link="", files={})
PEOPLE = 'select id, name from "db"."raw"."people"'
RAW = "source.warehouse.raw.people"


def imported(*nodes: dict[str, Any], here: tuple[str, ...] = ("raw.people",), **told: Any) -> Imported:
    link = DbtLink(dbt="warehouse", project="../warehouse", **told.pop("link", {}))
    folder = told.pop("folder", Path("nowhere"))
    catalog = told.pop("catalog", {})
    return Importer(Manifest(manifest(*nodes, **told)), catalog, link, frozenset(here), folder).imported(ORIGIN)


def part(found: Imported, name: str) -> Part:
    return next(each for each in found.tables if each.name == name)


def kept(found: Imported, name: str) -> DbtModel:
    return next(each for each in found.content.models if each.id == name)


# -- where a model is built --------------------------------------------------------------------------------------------


def test_a_model_whose_sources_are_ingested_is_built_here() -> None:
    found = imported(source("people"), model("people", PEOPLE, [RAW], kind="view"))
    assert part(found, "people") == Part("people", "view", "marts.people", "here")
    assert kept(found, "marts.people").header.kind == "view"


def test_what_reads_a_table_that_is_not_here_is_left_to_dbt_and_stays_in_the_graph() -> None:
    nodes = (
        source("people"),
        model("a", PEOPLE, [RAW]),
        model("b", 'select id from "db"."main"."a"', ["model.warehouse.a"]),
    )
    found = imported(*nodes, here=())
    assert part(found, "raw.people").state == part(found, "a").state == part(found, "b").state == "dbt"
    assert part(found, "b").why == "it reads marts.a, which is not here"
    assert kept(found, "marts.b").reads == ("marts.a",)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"language": "python"}, "it is a Python model of dbt"),
        ({"sql": None}, "the manifest does not have its compiled SQL: dbt compile"),
        ({"sql": "select from"}, "its SQL cannot be understood: Expected table name but got"),
        ({"sql": "select * from other.things"}, "it names other.things itself, which is no source of the dbt project"),
        ({"sql": 'select * from "db"."main"."a"'}, "it was compiled as an increment: dbt compile --full-refresh"),
        ({"sql": "select * from read_csv('s3://me:secret@bucket/x.csv')"}, "a password is written into its SQL"),
    ],
)
def test_what_cannot_be_built_says_why(more: dict[str, Any], why: str) -> None:
    sql = more.pop("sql", PEOPLE)
    found = imported(source("people"), model("a", sql, [RAW], columns={"id": {"name": "id"}}, **more))
    assert part(found, "a").state == "dbt"
    assert part(found, "a").why.startswith(why)
    a = kept(found, "marts.a")
    assert (a.sql, a.reads, a.columns) == (None, ("raw.people",), {"id": ""})
    assert "secret" not in found.content.model_dump_json()


def test_columns_of_what_cannot_be_read_come_from_the_catalog() -> None:
    node = model("a", None, [RAW], language="python", columns={"ID": {"name": "ID", "description": "A number."}})
    found = imported(source("people"), node, catalog={"model.warehouse.a": {"id": "INTEGER", "score": "DOUBLE"}})
    assert kept(found, "marts.a").columns == {"id": "A number.", "score": ""}


def test_another_database_is_left_to_dbt_unless_the_link_says_else() -> None:
    nodes = (
        source("people", relation_name="DB.RAW.PEOPLE"),
        model("a", "select iff(id > 1, 1, 0) as x from DB.RAW.PEOPLE", [RAW]),
    )
    assert part(imported(*nodes, adapter="snowflake"), "a").why == "it is written for snowflake"
    found = part(imported(*nodes, adapter="snowflake", link={"build": "jusante"}), "a")
    assert (found.state, found.notes) == ("here", ("translated from snowflake: compare what it gives",))


def test_dbt_may_keep_all_of_it() -> None:
    seed = model("codes", None, kind="seed") | {"resource_type": "seed", "unique_id": "seed.warehouse.codes"}
    found = imported(source("people"), model("a", PEOPLE, [RAW]), seed, link={"build": "dbt"})
    assert {each.state for each in found.tables} == {"ours", "dbt"}
    assert [table.id for table in found.content.sources] == ["warehouse_seeds.codes"]


def test_a_table_here_can_stand_in_for_a_model() -> None:
    scores = model("scores", None, language="python")
    reader = model("best", 'select id from "db"."main"."scores"', ["model.warehouse.scores"])
    found = imported(scores, reader, here=("ml.scores",), link={"instead": {"scores": "ml.scores"}})
    assert part(found, "scores").state == "ours"
    assert (part(found, "best").state, kept(found, "marts.best").reads) == ("here", ("ml.scores",))


def test_what_is_done_otherwise_than_in_dbt_is_told() -> None:
    config = {"pre-hook": [{"sql": "grant …"}]}
    macros = {"macro.warehouse.ask": {"package_name": "warehouse", "depends_on": {"macros": ["macro.dbt.run_query"]}}}
    node = model("a", PEOPLE, [RAW], kind="incremental", config=config, raw_code="-- {{ run_started_at }}")
    node["depends_on"]["macros"] = ["macro.warehouse.ask"]
    notes = part(imported(source("people"), node, macros=macros), "a").notes
    assert [note.split(":")[0].split(";")[0] for note in notes] == [
        "incremental in dbt",
        "its hooks are not run",
        "its SQL was made by asking the database",
        "its SQL holds the moment at which it was compiled",
    ]


def test_an_ephemeral_model_is_a_view_and_its_readers_read_it() -> None:
    inlined = f"with __dbt__cte__few as ({PEOPLE}) select * from __dbt__cte__few"
    few = model("few", PEOPLE, [RAW], kind="ephemeral")
    found = imported(source("people"), few, model("a", inlined, ["model.warehouse.few"]))
    assert kept(found, "marts.few").header.kind == "view"
    assert kept(found, "marts.a").reads == ("marts.few",)


# -- what is said of it ------------------------------------------------------------------------------------------------


def test_owners_come_from_meta_then_the_group_then_the_link() -> None:
    groups = {"group.warehouse.growth": {"name": "growth", "owner": {"name": "Growth", "email": None}}}
    nodes = [
        source("people"),
        model("a", PEOPLE, [RAW], group="growth"),
        model("b", PEOPLE, [RAW], group="growth", config={"meta": {"owner": "b@x.example"}}),
        model("c", PEOPLE, [RAW], description=" The people. ", tags=["daily"]),
    ]
    found = imported(*nodes, groups=groups, link={"owner": "data@x.example"})
    headers = [kept(found, f"marts.{name}").header for name in "abc"]
    assert [header.owner for header in headers] == ["Growth", "b@x.example", "data@x.example"]
    assert (headers[2].about, headers[2].tags) == ("The people.", ("daily",))


def test_unique_and_filled_is_what_one_row_is() -> None:
    column = {"column_name": "id"}
    tests = (
        dbt_test("unique", "a", column),
        dbt_test("not_null", "a", column),
        dbt_test("not_null", "a", {"column_name": "name"}),
    )
    tests[2]["unique_id"] += "_name"
    header = kept(imported(source("people"), model("a", PEOPLE, [RAW]), *tests), "marts.a").header
    assert (header.grain, [check.kind for check in header.checks]) == (("id",), ["not_null"])


def test_tests_and_freshness_of_a_source_are_checks_of_the_table_that_is_ingested() -> None:
    test = dbt_test(
        "unique", "people", {"column_name": "id", "model": "{{ get_where_subquery(source('raw', 'people')) }}"}
    )
    test["attached_node"], test["depends_on"]["nodes"] = None, [RAW]
    told = source("people", loaded_at_field="seen", freshness={"error_after": {"count": 12, "period": "hour"}})
    checks = imported(told, test, model("a", PEOPLE, [RAW])).content.checks["raw.people"]
    assert [(check.kind, check.severity) for check in checks] == [("freshness", "block"), ("unique", "block")]


def test_a_test_of_several_models_belongs_to_the_last_of_them() -> None:
    nodes = [
        source("people"),
        model("z", PEOPLE, [RAW]),
        model("a", 'select id from "db"."main"."z"', ["model.warehouse.z"]),
    ]
    singular = dbt_test(
        "both", "z", {}, sql='select a.id from "db"."main"."a" as a join "db"."main"."z" as z using (id)'
    )
    singular |= {"attached_node": None, "test_metadata": None}
    singular["depends_on"]["nodes"] = ["model.warehouse.z", "model.warehouse.a"]
    found = imported(*nodes, singular)
    assert found.tests == (Part("both_z", "singular", "marts.a", "here"),)


def test_two_tables_that_are_tested_against_each_other_are_told() -> None:
    nodes = (source("people"), model("a", PEOPLE, [RAW]), model("b", PEOPLE, [RAW]))
    there = dbt_test(
        "relationships", "a", {"column_name": "id", "to": "ref('b')", "field": "id"}, reads=["model.warehouse.b"]
    )
    back = dbt_test(
        "relationships", "b", {"column_name": "id", "to": "ref('a')", "field": "id"}, reads=["model.warehouse.a"]
    )
    found = imported(*nodes, there, back).tests
    assert [(each.state, each.why) for each in found] == [
        ("here", ""),
        ("left out", "it looks into marts.a, which is made of marts.b, or tested against it"),
    ]


def test_exposures_read_what_is_behind_metrics() -> None:
    exposure = {
        "name": "board",
        "type": "Dashboard",
        "owner": {"email": "ceo@x.example"},
        "original_file_path": "models/board.yml",
        "depends_on": {"nodes": ["metric.warehouse.heads"]},
    }
    nothing = {**exposure, "name": "empty", "depends_on": {"nodes": []}}
    found = imported(
        source("people"),
        model("a", PEOPLE, [RAW]),
        exposures={"exposure.warehouse.board": exposure, "exposure.warehouse.empty": nothing},
        metrics={"metric.warehouse.heads": {"depends_on": {"nodes": ["semantic_model.warehouse.people"]}}},
        semantic_models={"semantic_model.warehouse.people": {"depends_on": {"nodes": ["model.warehouse.a"]}}},
    )
    [kept_one] = found.content.exposures
    assert (kept_one.exposure.kind, kept_one.exposure.owner) == ("dashboard", "ceo@x.example")
    assert dict(kept_one.exposure.reads) == {"marts.a": ()}
    assert [each.state for each in found.exposures] == ["here", "left out"]
    assert found.noted == {"metrics": 1, "semantic_models": 1}


def test_sensitive_columns_of_a_source_that_dbt_reads_are_followed_from_there() -> None:
    columns = {"mail": {"name": "mail", "config": {"meta": {"sensitive": "email"}}, "data_type": "VARCHAR"}}
    [table] = imported(source("people", columns=columns), here=()).content.sources
    rule = table.table.columns["mail"]
    assert (rule.sensitive, rule.purpose, rule.type) == ("email", ("nothing that was stated",), "string")


# -- names -------------------------------------------------------------------------------------------------------------


def test_names_come_from_the_schema_then_the_folder_then_the_link() -> None:
    nodes = (
        model("a", "select 1 as x", folder="staging/crm"),
        model("b", "select 1 as x", config={"schema": "mart"}),
        model("c", "select 1 as x", fqn=["warehouse", "c"], alias="c_v2"),
        model("d", "select 1 as x", package_name="other-package"),
    )
    nodes[0]["fqn"] = ["warehouse", "staging", "crm", "a"]
    versioned = model("e", "select 1 as x", folder="marts/e", version=2, alias="e_v2") | {
        "fqn": ["warehouse", "e", "v2"]
    }
    found = imported(*nodes, versioned, link={"schemas": {"staging": "stg"}})
    assert [each.id for each in found.tables] == [
        "stg.a",
        "mart.b",
        "warehouse.c_v2",
        "other_package.d",
        "warehouse.e_v2",
    ]


def test_a_source_that_a_seed_of_the_same_project_fills_is_that_seed() -> None:
    seed = model("people", None, kind="seed", relation_name='"db"."raw"."people"')
    seed |= {"resource_type": "seed", "unique_id": "seed.warehouse.people"}
    found = imported(source("people"), seed, model("a", PEOPLE, [RAW]), here=())
    assert part(found, "raw.people") == Part("raw.people", "source", "warehouse_seeds.people", "ours")
    assert kept(found, "marts.a").reads == ("warehouse_seeds.people",)


def test_two_models_under_one_name_are_refused() -> None:
    with pytest.raises(ProjectProblems) as told:
        imported(model("a", "select 1 as x"), model("b", "select 1 as x", alias="A"))
    [problem] = told.value.problems
    assert (problem.code, problem.what) == ("J194", "model.warehouse.a and model.warehouse.b would both be marts.a")


def test_a_link_that_names_what_is_not_there_is_refused() -> None:
    with pytest.raises(ProjectProblems) as told:
        imported(source("people"), link={"sources": {"row": "crm"}, "instead": {"scores": "ml.scores"}})
    assert [(p.code, p.fix) for p in told.value.problems][:2] == [
        ("J195", "did you mean raw?"),
        ("J195", "there are none"),
    ]


# -- any project -------------------------------------------------------------------------------------------------------


@st.composite
def projects(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A few models that read each other without a circle; some are in Python."""
    nodes = [source("people")]
    for number in range(draw(st.integers(1, 8))):
        above = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        tables = [f'"db"."main"."m{each}"' for each in sorted(above)] or ['"db"."raw"."people"']
        reads = [f"model.warehouse.m{each}" for each in sorted(above)] or [RAW]
        sql = "select t0.id from " + " cross join ".join(f"{table} as t{n}" for n, table in enumerate(tables))
        python = draw(st.booleans()) and draw(st.booleans())
        kind = draw(st.sampled_from(["table", "view", "incremental"]))
        nodes.append(
            model(f"m{number}", None if python else sql, reads, kind=kind, language="python" if python else "sql")
        )
    return nodes


@given(projects())
@settings(max_examples=60, deadline=None)
def test_every_model_stands_in_the_graph_once_and_what_is_built_here_reads_what_is_here(
    nodes: list[dict[str, Any]],
) -> None:
    found = imported(*nodes)
    models = {each.id: each for each in found.content.models}
    assert sorted(models) == sorted(f"marts.{node['name']}" for node in nodes[1:])
    for node in nodes[1:]:
        made = models[f"marts.{node['name']}"]
        expected = {f"marts.{key.rpartition('.')[2]}" if key != RAW else "raw.people" for key in parents(node)}
        assert set(made.reads) == expected
        python = node["language"] == "python"
        above_elsewhere = any(models[read].elsewhere for read in made.reads if read in models)
        assert bool(made.elsewhere) == (python or above_elsewhere)
