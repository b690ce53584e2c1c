"""The commands as a shell sees them: exit status, one JSON document, decent words, and nothing heavy for `--help`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from dbt_manifests import dbt_project, manifest, model
from jusante.cli.main import COMMANDS
from projects import run, write, write_shop


def jusante(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command, as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "jusante", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that has been run once."""
    folder = write_shop(tmp_path_factory.mktemp("cli"))
    run(folder)
    return folder


# -- JSON --------------------------------------------------------------------------------------------------------------

TEXT = {"type": "string"}
NUMBER = {"type": "number"}
MAYBE = {"type": ["number", "null"]}


def listed(**fields: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "object", "required": list(fields), "properties": fields}}


def document(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(fields), "properties": fields}


DOCUMENTS: list[tuple[list[str], dict[str, Any]]] = [
    (["check"], document(problems=listed(code=TEXT, severity=TEXT, what=TEXT, where=TEXT, fix=TEXT))),
    (["plan"], document(tasks=listed(asset=TEXT, action=TEXT, why=TEXT, breaks={"type": "array"}, cost_usd=MAYBE))),
    (
        ["run"],
        document(
            run_id=TEXT,
            status={"enum": ["succeeded", "failed", "partial"]},
            seconds=NUMBER,
            tasks=listed(
                asset=TEXT,
                action={"enum": ["ingest", "build", "check", "serve", "skip"]},
                status={"enum": ["succeeded", "failed", "held", "skipped"]},
                reason=TEXT,
                rows_in=MAYBE,
                rows_out=MAYBE,
                bytes_scanned=MAYBE,
                seconds=NUMBER,
                cost_usd=MAYBE,
                snapshot_id=MAYBE,
                error={"type": ["object", "null"]},
            ),
        ),
    ),
    (
        ["query", "select 1 as a, 'x' as b"],
        document(
            columns=listed(name=TEXT, type=TEXT),
            rows={"const": [[1, "x"]]},
            masked={"type": "array"},
            seconds=NUMBER,
            bytes_scanned=NUMBER,
            cost_usd=MAYBE,
        ),
    ),
    (
        ["lineage", "marts.priced"],
        document(
            nodes=listed(id=TEXT, kind=TEXT, owner={"type": ["string", "null"]}, tags={"type": "array"}),
            edges=listed(**{"from": TEXT, "to": TEXT, "kind": {"enum": ["direct", "indirect"]}, "why": TEXT}),
        ),
    ),
    (["runs"], document(runs=listed(run_id=TEXT, status=TEXT, started_at=TEXT))),
    (["logs"], document(run_id=TEXT, tasks=listed(asset=TEXT))),
    (["rollback", "marts.priced", "--list"], document(table=TEXT, snapshots=listed(id=NUMBER, rows=NUMBER))),
    (["maintain"], document(tables=listed(name=TEXT, files_after=NUMBER, bytes_freed=NUMBER))),
    (["doctor"], document(parts=listed(part=TEXT, ok={"type": "boolean"}))),
]


@pytest.mark.parametrize(("arguments", "schema"), DOCUMENTS, ids=[arguments[0] for arguments, _ in DOCUMENTS])
def test_json_is_one_document_of_its_shape(shop: Path, arguments: list[str], schema: dict[str, Any]) -> None:
    done = jusante(*arguments, "--json", folder=shop)
    assert done.returncode == 0, done.stderr
    jsonschema.validate(json.loads(done.stdout), schema)


def test_every_command_takes_json() -> None:
    import click

    from jusante.cli.main import cli

    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        commands = list(command.commands.values()) if isinstance(command, click.Group) else [command]
        for each in commands:
            assert "--json" in {option for parameter in each.params for option in parameter.opts}, name


def test_an_error_is_one_json_document_too(shop: Path) -> None:
    done = jusante("query", "select * from shop.order", "--json", folder=shop)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["fix"] == "did you mean shop.orders?"


def test_an_import_of_dbt_is_told_as_a_table_and_as_json_and_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path / "shop", {"jusante.yaml": "name: shop\n"})
    python = model("scores", None, ["model.warehouse.a"], language="python")
    path = dbt_project(tmp_path / "warehouse", manifest(model("a", "select 1 as id"), python))
    command = ("import", "dbt", "../warehouse", "--manifest", str(path))
    shown = jusante(*command, "--dry-run", folder=tmp_path / "shop")
    assert shown.returncode == 0, shown.stderr
    assert "✓  a       table  marts.a" in shown.stdout
    assert "it is a Python model of dbt" in shown.stdout
    assert "1 table built here, 1 left to dbt and in the graph only" in shown.stdout
    assert not (tmp_path / "shop/dbt").exists()
    done = jusante(*command, "--source", "raw", "--json", folder=tmp_path / "shop")
    assert (done.returncode, "write it as raw=sales" in done.stdout) == (2, True)
    done = jusante(*command, "--json", folder=tmp_path / "shop")
    told = listed(name=TEXT, kind=TEXT, id=TEXT, state={"enum": ["here", "dbt", "ours", "left out"]}, why=TEXT)
    one = listed(dbt=TEXT, files={"const": ["dbt/warehouse.yaml", "dbt/warehouse.json"]}, tables=told, tests=told)
    jsonschema.validate(json.loads(done.stdout), document(imports=one))


# -- words -------------------------------------------------------------------------------------------------------------


def test_all_problems_of_a_project_are_told_at_once(tmp_path: Path) -> None:
    write_shop(tmp_path)
    write(tmp_path, {"models/marts/a.sql": "select * from shop.ordrs", "models/marts/b.sql": "select from where"})
    done = jusante("check", folder=tmp_path)
    assert done.returncode == 2
    assert "models/marts/a.sql:1" in done.stdout + done.stderr
    assert "did you mean shop.orders?" in done.stdout + done.stderr
    assert "models/marts/b.sql:1" in done.stdout + done.stderr
    assert jusante("run", folder=tmp_path).returncode == 2


def test_a_second_run_says_that_nothing_is_stale(shop: Path) -> None:
    assert "Nothing is stale: 6 assets up to date" in jusante("run", folder=shop).stdout


def test_a_failed_run_ends_with_1_and_says_what_where_and_the_fix(tmp_path: Path) -> None:
    write_shop(tmp_path)
    (tmp_path / "shop.db").unlink()
    done = jusante("run", folder=tmp_path)
    assert done.returncode == 1
    assert "shop.orders" in done.stdout
    assert "  fix  " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rnu"], "did you mean run?"),
        (["run", "marts.pricd"], "did you mean marts.priced?"),
        (["run", "--project", "nowhere"], "jusante.yaml"),
        (["query", "delete from shop.orders"], "a query is expected"),
        (["run", "--env", "prod"], "prod"),
        (["rollback", "marts.nothing"], "marts.nothing"),
        (["maintain", "--keep", "soon"], "soon"),
        (["logs", "r-unknown"], "no run r-unknown"),
        (["dashboard", "build", "nothing"], "nothing"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_told(shop: Path, arguments: list[str], said: str) -> None:
    done = jusante(*arguments, folder=shop)
    assert done.returncode in {1, 2}
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_formats_of_answers(shop: Path) -> None:
    sql = "select id, [1, 2] as list from shop.orders order by id limit 2"
    assert jusante("query", sql, "--format", "csv", folder=shop).stdout.splitlines() == [
        '"id","list"', '1,"[1, 2]"', '2,"[1, 2]"'
    ]  # fmt: skip
    for form in ("arrow", "parquet"):
        command = [sys.executable, "-m", "jusante", "query", sql, "--format", form]
        content = subprocess.run(command, cwd=shop, capture_output=True, check=True).stdout
        import pyarrow as pa
        from pyarrow import parquet

        table = (
            pa.ipc.open_stream(content).read_all() if form == "arrow" else parquet.read_table(pa.BufferReader(content))
        )
        assert table.column("id").to_pylist() == [1, 2]


def test_a_question_from_standard_input(shop: Path) -> None:
    command = [sys.executable, "-m", "jusante", "query", "-", "--json"]
    done = subprocess.run(command, cwd=shop, input="select 7 as n", capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["rows"] == [[7]]


def test_help_imports_nothing_heavy() -> None:
    heavy = ["duckdb", "pyarrow", "pyiceberg", "sqlalchemy", "pydantic", "sqlglot", "rich", "httpx", "yaml"]
    script = (
        "import sys\nfrom jusante.cli.main import cli\n"
        "try:\n    cli(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_the_shell_completes_commands_and_assets(shop: Path) -> None:
    def completed(words: str) -> list[str]:
        asked = {"_JUSANTE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        command = str(Path(sys.executable).with_name("jusante"))
        done = subprocess.run([command], cwd=shop, env=os.environ | asked, capture_output=True, text=True, check=True)
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert completed("jusante ro") == ["rollback"]
    assert completed("jusante run marts.n") == ["marts.names"]
    assert completed("jusante plan +marts.by") == ["+marts.by_product"]


# -- a new project -----------------------------------------------------------------------------------------------------


def test_a_new_project_runs_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert jusante("init", str(folder)).returncode == 0
    assert jusante("check", folder=folder).returncode == 0
    first = jusante("run", folder=folder)
    assert first.returncode == 0, first.stdout
    assert "Nothing is stale" in jusante("run", folder=folder).stdout
    again = jusante("init", str(folder))
    assert again.returncode == 2
    assert "is not empty" in again.stderr


def test_schemas_describe_the_projects_files(tmp_path: Path, shop: Path) -> None:
    written = json.loads(jusante("schema", str(tmp_path), "--json").stdout)["files"]
    schemas = {Path(name).stem: json.loads(Path(name).read_text()) for name in written}
    assert {"project", "source", "dashboard"} <= set(schemas)
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load((shop / "jusante.yaml").read_text()), schemas["project"])
    for source in (shop / "sources").glob("*.yaml"):
        jsonschema.validate(yaml.safe_load(source.read_text()), schemas["source"])
    wrong = yaml.safe_load((shop / "sources/shop.yaml").read_text()) | {"ownr": "x"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schemas["source"])
