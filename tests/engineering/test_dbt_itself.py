"""With dbt itself, in an environment of its own: what it compiles is what is kept, and its failures are told."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from jusante.app.dbt import Wish, import_dbt
from jusante.engineering.project import ProjectProblems
from projects import write

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def dbt() -> str:
    """dbt on DuckDB, installed where the benchmarks have it."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import peers
    finally:
        sys.path.pop(0)
    return str(peers.dbt() / "dbt")


@pytest.fixture
def example(tmp_path: Path, dbt: str) -> Path:
    """The example, with a dbt that is found by its path."""
    left_out = shutil.ignore_patterns(".jusante", "*.duckdb", "target", "logs")
    folder = Path(shutil.copytree(ROOT / "examples" / "dbt_shop", tmp_path / "dbt_shop", ignore=left_out))
    link = folder / "dbt" / "shop.yaml"
    link.write_text(link.read_text() + f"command: [{json.dumps(dbt)}]\n")
    return folder


def test_the_example_is_what_dbt_compiles(example: Path) -> None:
    kept = (example / "dbt/shop.json").read_text()
    import_dbt(example, Wish())
    assert (example / "dbt/shop.json").read_text() == kept
    assert not (example / "warehouse/target").exists()


def test_a_catalog_tells_the_columns_of_what_dbt_keeps(example: Path) -> None:
    (example / "sources/sales.yaml").unlink()
    write(example, {"dbt/shop.yaml": (example / "dbt/shop.yaml").read_text().replace("sources:\n  raw: sales\n", "")})
    [written] = import_dbt(example, Wish(docs=True))
    assert (example / ".jusante/dbt/shop/catalog.json").is_file()
    assert {table.id for table in written.imported.content.sources} == {
        "raw.orders",
        "raw.order_items",
        "raw.customers",
    }


@pytest.mark.parametrize(
    ("file", "text", "where"),
    [
        ("models/marts/orders.sql", "select {{ nope( }}\n", "warehouse/models/marts/orders.sql:1"),
        ("models/marts/orders.sql", "select 1 as x from {{ ref('no_such') }}\n", "warehouse/models/marts/orders.sql"),
        ("models/marts/orders.sql", "select {{ no_such_macro(1) }} as x\n", "warehouse/models/marts/orders.sql"),
        ("models/marts/more.yml", "models: [{name: x\n", "warehouse/models/marts/more.yml:2"),
        ("models/marts/more.yml", "models: [{nam: x}]\n", "warehouse/models/marts/more.yml"),
        ("dbt_project.yml", "name: warehouse\nprofile: nobody\n", "warehouse"),
    ],
)
def test_what_dbt_refuses_is_told_with_its_place(example: Path, file: str, text: str, where: str) -> None:
    write(example / "warehouse", {file: text})
    with pytest.raises(ProjectProblems) as told:
        import_dbt(example, Wish())
    [problem] = told.value.problems
    assert (problem.code, problem.where) == ("J198", where)
