"""A dbt project in a project: imported, in the graph, run, gone stale, and told in plain words where something is wrong."""

import datetime as dt
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from dbt_manifests import dbt_project, dbt_test, manifest, model, source
from jusante import app
from jusante.app import Lake
from jusante.app.catalog import page_of
from jusante.app.dbt import Wish, import_dbt
from jusante.core.lineage import Origin
from jusante.engineering.project import ProjectProblems
from jusante.errors import JusanteError, StorageError, UsageError
from projects import made, rows, run, task, write

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "dbt_shop"
MANIFEST = ROOT / "tests" / "transformation" / "dbt" / "warehouse_manifest.json"
SOURCE = (
    "source: raw\nkind: files\nowner: raw@b.example\n"
    "tables: {people: {path: people.csv, key: [id], columns: {name: {not_personal: made up}}}}\n"
)
PEOPLE = 'select id, name from "db"."raw"."people"'
RAW = "source.warehouse.raw.people"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project that ingests people from a file."""
    texts = {"jusante.yaml": "name: small\n", "sources/raw.yaml": SOURCE, "people.csv": "id,name\n1,Ana\n2,Bo\n"}
    return write(tmp_path / "project", texts)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example, as it is in the repository."""
    left_out = shutil.ignore_patterns(".jusante", "*.duckdb", "target", "logs")
    return Path(shutil.copytree(EXAMPLE, tmp_path / "dbt_shop", ignore=left_out))


def bring(folder: Path, *nodes: dict[str, Any], **told: Any) -> None:
    """Import a dbt project of these nodes, which lies beside the project."""
    settings = told.pop("settings", {})
    path = dbt_project(folder.parent / "warehouse", manifest(*nodes, **told))
    import_dbt(folder, Wish(folder.parent / "warehouse", path, settings=settings))


def refused(folder: Path, wish: Wish) -> tuple[str, str, str]:
    """What an import is refused for: code, what, fix."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(JusanteError) as told:
        import_dbt(folder, wish)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    [problem] = getattr(told.value, "problems", None) or [told.value]
    return problem.code, problem.what, problem.fix


# -- the example -------------------------------------------------------------------------------------------------------


def test_the_example_is_what_an_import_of_its_manifest_gives(example: Path) -> None:
    kept = (example / "dbt/shop.json").read_text()
    (example / "dbt/shop.json").unlink()
    [written] = import_dbt(example, Wish(manifest=MANIFEST))
    assert written.files == ("dbt/shop.json",)
    assert (example / "dbt/shop.json").read_text() == kept


def test_the_example_runs_without_dbt(example: Path) -> None:
    _, problems = app.check(example)
    assert problems == []
    report = run(example, "+marts.daily_revenue", "+ml.loyal", "shop.order_status")
    assert report.status == "succeeded"
    assert "shop.order_status" not in made(report)
    assert made(run(example, "+marts.daily_revenue", "+ml.loyal")) == set()
    daily = rows(example, "select day::varchar, revenue::varchar, orders from marts.daily_revenue order by day")
    assert daily == [("2026-01-02", "26.15", 2), ("2026-01-04", "34.30", 1), ("2026-01-05", "20.75", 2)]
    assert rows(example, "select customer_id, orders from ml.loyal") == [(2, 2)]
    with pytest.raises(StorageError, match="only dbt has the history"):
        rows(example, "select * from shop.order_status")


def test_the_graph_goes_through_dbt_by_column(example: Path) -> None:
    run(example, "source:sales", "source:shop_seeds")
    with Lake.open(example) as lake:
        below = {str(step.target) for step in lake.columns.below([Origin("sales.order_items", "unit_price")])}
        assert lake.columns.unresolved == {}
        asset = lake.project.graph["marts.orders"]
    assert {
        "marts.daily_revenue.revenue",
        "exposure:weekly_review.marts.orders.revenue",
        "dashboard:revenue.Revenue by day",
    } <= below
    assert (asset.owner, asset.grain) == ("growth@shop.example", ("order_id",))
    assert asset.about_columns == {"revenue": "What the order came to, in euros."}
    assert str(asset.place) == "warehouse/models/marts/orders.sql:1"


def test_the_catalogue_has_what_dbt_says_of_its_columns(example: Path) -> None:
    run(example, "source:sales", "source:shop_seeds")
    with Lake.open(example) as lake:
        page = page_of(lake.system, "marts.orders", dt.datetime.now(dt.UTC))
    assert {column.name: column.about for column in page.columns}["revenue"] == "What the order came to, in euros."


def test_personal_data_may_not_come_through_dbt_to_an_exposure_without_a_purpose(example: Path) -> None:
    kept = json.loads((example / "dbt/shop.json").read_text())
    for each in kept["exposures"]:
        each["exposure"].pop("purpose", None)
    write(example, {"dbt/shop.json": json.dumps(kept)})
    found = [problem for problem in app.check(example)[1] if problem.severity == "error"]
    assert {(problem.code, problem.where) for problem in found} == {("J140", "warehouse/models/marts/schema.yml:29")}


def test_a_test_of_dbt_keeps_bad_rows_from_being_published(example: Path) -> None:
    run(example, "+marts.orders")
    path = example / "data/orders.csv"
    write(example, {"data/orders.csv": path.read_text().replace("19:45:00,paid", "19:45:00,lost")})
    report = run(example, "+marts.orders")
    failed = task(report, "staging.stg_orders")
    assert failed.status == "failed"
    assert "status in open, paid, returned: does not hold in 1 of 6 rows" in str(failed.error)
    assert task(report, "marts.orders").status == "skipped"
    assert rows(example, "select count(*) from marts.orders") == [(6,)]


# -- what has changed --------------------------------------------------------------------------------------------------


def test_a_dbt_project_that_changed_since_is_told_and_still_used(example: Path) -> None:
    write(example, {"warehouse/models/marts/orders.sql": "select 1 as x", "warehouse/models/new.sql": "select 2 as y"})
    project, [problem] = app.check(example)
    assert project is not None
    assert (problem.code, problem.severity, problem.fix) == ("J192", "warning", "jusante import dbt")
    assert problem.what == "models/marts/orders.sql and 1 more file of the dbt project changed since it was imported"
    shutil.rmtree(example / "warehouse" / "models")
    assert len(app.check(example)[1]) == 1
    shutil.rmtree(example / "warehouse")
    assert [p.code for p in app.check(example)[1]] == []


def test_a_link_that_changed_since_is_told(folder: Path) -> None:
    bring(folder, source("people"), model("a", PEOPLE, [RAW]))
    assert app.check(folder)[1] == []
    with (folder / "dbt/warehouse.yaml").open("a") as file:
        file.write("owner: data@b.example\n")
    assert [(p.code, p.where) for p in app.check(folder)[1]] == [("J192", "dbt/warehouse.yaml:1")]


def test_a_source_that_is_ingested_by_now_is_told(folder: Path) -> None:
    sources = (folder / "sources/raw.yaml").rename(folder / "raw.yaml")
    bring(folder, source("people"), model("a", PEOPLE, [RAW]))
    project, problems = app.check(folder)
    assert (project is not None, problems) == (True, [])
    sources.rename(folder / "sources/raw.yaml")
    assert [(p.code, p.severity) for p in app.check(folder)[1]] == [("J192", "warning")]
    import_dbt(folder, Wish(manifest=folder.parent / "warehouse/target/manifest.json"))
    assert {"raw.people", "marts.a"} == made(run(folder))


def test_an_import_again_changes_nothing_where_nothing_changed(folder: Path) -> None:
    bring(folder, source("people"), model("a", PEOPLE, [RAW]))
    run(folder)
    before = (folder / "dbt/warehouse.json").read_bytes()
    import_dbt(folder, Wish(manifest=folder.parent / "warehouse/target/manifest.json"))
    assert (folder / "dbt/warehouse.json").read_bytes() == before
    assert made(run(folder)) == set()


# -- what dbt keeps ----------------------------------------------------------------------------------------------------


def test_what_dbt_keeps_is_followed_by_column_and_cannot_be_read_here(folder: Path) -> None:
    (folder / "sources/raw.yaml").unlink()
    columns = {"id": {"name": "id"}, "name": {"name": "name"}}
    exposure = {"name": "board", "type": "dashboard", "depends_on": {"nodes": ["model.warehouse.b"]}}
    nodes = (source("people", columns=columns), model("a", PEOPLE, [RAW]))
    python = model("scores", None, ["model.warehouse.a"], language="python", columns={"score": {"name": "score"}})
    reader = model("b", 'select score from "db"."main"."scores"', ["model.warehouse.scores"])
    bring(folder, *nodes, python, reader, exposures={"exposure.warehouse.board": exposure})
    assert app.check(folder)[1] == []
    with Lake.open(folder) as lake:
        steps = lake.columns.below([Origin("raw.people", "name")])
        below = {str(step.target) for step in steps if step.target.column}
        assert lake.plan() == ()
    assert below == {"marts.a.name", "marts.scores.score", "marts.b.score", "exposure:board.marts.b.score"}
    assert made(run(folder)) == set()
    write(folder, {"models/own/mine.sql": "select\n  *\nfrom marts.b"})
    problem = next(p for p in app.check(folder)[1] if p.severity == "error")
    assert (problem.code, problem.where) == ("J197", "models/own/mine.sql:3")


def test_a_model_that_bears_the_name_of_one_here_is_told(folder: Path) -> None:
    write(folder, {"models/marts/a.sql": "select * from raw.people"})
    bring(folder, source("people"), model("a", PEOPLE, [RAW]))
    assert [p.code for p in app.check(folder)[1]] == ["J112"]


def test_a_seed_beside_the_project_is_ingested_as_a_file(folder: Path) -> None:
    seed = {
        **model("codes", None, kind="seed"),
        "resource_type": "seed",
        "unique_id": "seed.warehouse.codes",
        "original_file_path": "seeds/codes.csv",
    }
    test = dbt_test("unique", "codes", {"column_name": "code"})
    test |= {"attached_node": "seed.warehouse.codes"}
    write(folder.parent / "warehouse", {"seeds/codes.csv": "code,name\n1,one\n2,two\n"})
    bring(folder, seed, test)
    assert made(run(folder)) == {"warehouse_seeds.codes", "raw.people"}
    assert rows(folder, "select name from warehouse_seeds.codes order by code") == [("one",), ("two",)]


def test_a_test_of_a_source_may_look_into_another_table(folder: Path) -> None:
    write(
        folder,
        {
            "sources/raw.yaml": SOURCE.replace("}}}}", "}}}, towns: {path: towns.csv, key: [id]}}"),
            "towns.csv": "id\n1\n",
        },
    )
    told = {"column_name": "id", "to": "source('raw', 'towns')", "field": "id", "model": "source('raw', 'people')"}
    test = dbt_test("relationships", "people", told) | {"attached_node": None}
    test["depends_on"]["nodes"] = [RAW, "source.warehouse.raw.towns"]
    bring(folder, source("people"), source("towns"), test)
    failed = task(run(folder), "raw.people")
    assert "id found in raw.towns.id: does not hold in 1 of 2 rows" in str(failed.error)
    write(folder, {"towns.csv": "id\n1\n2\n"})
    assert made(run(folder)) == {"raw.people", "raw.towns"}


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_dbt_project_is_refused(folder: Path) -> None:
    code, what, _ = refused(folder, Wish(folder))
    assert (code, what) == ("J190", "there is no dbt_project.yml here")


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        ("{", "J191", "this is no manifest: it is not valid JSON"),
        ("[]", "J191", "this is no manifest"),
        ("{}", "J191", "this is no dbt manifest"),
        (
            json.dumps(manifest(form="https://schemas.getdbt.com/dbt/manifest/v4.json")),
            "J191",
            "this is a manifest of form v4; known are v10,",
        ),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(folder: Path, text: str, code: str, what: str) -> None:
    path = dbt_project(folder.parent / "warehouse", {})
    path.write_text(text)
    told = refused(folder, Wish(folder.parent / "warehouse", path))
    assert told[0] == code
    assert told[1].startswith(what)


def test_a_manifest_that_lacks_a_part_is_refused(folder: Path) -> None:
    node = {key: value for key, value in model("a", PEOPLE, [RAW]).items() if key != "fqn"}
    path = dbt_project(folder.parent / "warehouse", manifest(source("people"), node))
    told = refused(folder, Wish(folder.parent / "warehouse", path))
    assert told[:2] == ("J191", "the manifest is not as dbt writes it: 'fqn' is missing in a node")


def test_a_manifest_that_is_not_there_is_refused(folder: Path) -> None:
    path = dbt_project(folder.parent / "warehouse", {})
    assert refused(folder, Wish(folder.parent / "warehouse", path.with_name("no.json")))[0] == "J190"


def test_a_manifest_of_other_texts_is_refused_and_one_that_may_be_old_is_told(folder: Path) -> None:
    node = model("a", PEOPLE, [RAW], checksum={"name": "sha256", "checksum": "0" * 64})
    warehouse = folder.parent / "warehouse"
    path = dbt_project(warehouse, manifest(source("people"), node))
    write(warehouse, {"models/marts/a.sql": "select 1", "models/schema.yml": "version: 2"})
    code, what, _ = refused(folder, Wish(warehouse, path))
    assert (code, what) == ("J192", "models/marts/a.sql is another one than the manifest has")
    (warehouse / "models/marts/a.sql").unlink()
    os.utime(warehouse / "models/schema.yml", (5_000_000_000, 5_000_000_000))
    [written] = import_dbt(folder, Wish(warehouse, path))
    assert written.imported.doubts[0].startswith("models/schema.yml has a later time than the manifest")


def test_a_link_that_is_there_is_not_changed_by_a_command(folder: Path) -> None:
    bring(folder, source("people"))
    code, _, fix = refused(folder, Wish(folder.parent / "warehouse", settings={"build": "dbt"}))
    assert (code, fix) == ("J001", "change dbt/warehouse.yaml")


def test_nothing_to_import_again_is_told(folder: Path) -> None:
    with pytest.raises(UsageError, match="no dbt project is linked here yet"):
        import_dbt(folder, Wish())


def test_a_link_without_an_import_is_told(folder: Path) -> None:
    bring(folder, source("people"))
    (folder / "dbt/warehouse.json").write_text("{}")
    assert [p.code for p in app.check(folder)[1]] == ["J191"]
    (folder / "dbt/warehouse.json").unlink()
    assert [(p.code, p.fix) for p in app.check(folder)[1]] == [("J190", "jusante import dbt")]


# -- dbt as a program --------------------------------------------------------------------------------------------------


def program(folder: Path, script: str) -> tuple[str, ...]:
    """A program in dbt's place, of the kind that a machine may have."""
    path = folder.parent / "dbt"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return (str(path),)


SAYS_MUCH = """case "$1" in --version) echo "installed: 1.11.0";; *)
yes x | head -c 3000000; echo; echo "Compilation Error in model bad (models/bad.sql)"; echo "  line 7"; exit 2;; esac"""


@pytest.mark.parametrize(
    ("script", "code", "what"),
    [
        ("echo '  - installed: 1.2.0'", "J199", "is dbt 1.2; known to work is from 1.6 to before 3.0"),
        ("echo nothing", "J199", "is dbt of a version that it does not tell"),
        (
            'case "$1" in --version) echo "  - installed: 1.11.16";; *) sleep 30;; esac',
            "J198",
            "dbt was not done after 1 s",
        ),
        (
            SAYS_MUCH,
            "J198",
            "dbt failed at model bad",
        ),
    ],
    ids=["too old", "no dbt", "too slow", "failed, and said much"],
)
def test_a_dbt_that_does_not_do_it_is_told(folder: Path, script: str, code: str, what: str) -> None:
    dbt_project(folder.parent / "warehouse", {})
    settings = {"command": program(folder, script), "timeout_seconds": 1}
    with pytest.raises(ProjectProblems) as told:
        import_dbt(folder, Wish(folder.parent / "warehouse", settings=settings))
    [problem] = told.value.problems
    assert problem.code == code
    assert what in problem.what
    assert not (folder / "dbt").exists()


def test_a_dbt_that_is_not_there_is_told(folder: Path) -> None:
    dbt_project(folder.parent / "warehouse", {})
    code, what, fix = refused(folder, Wish(folder.parent / "warehouse", settings={"command": ("/no/dbt",)}))
    assert (code, what) == ("J199", "/no/dbt cannot be started: No such file or directory")
    assert "--manifest" in fix
