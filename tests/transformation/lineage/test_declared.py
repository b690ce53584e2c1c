"""Python models: what they declare is taken, what they do not depends on everything, and what they get wrong is told."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from jusante.app import Lake, check
from jusante.core.column_graph import ColumnGraph
from jusante.core.lineage import Origin
from projects import run, write, write_shop

MODEL = """from jusante import model


@model({arguments})
def named(prices='files.prices', orders='shop.orders'):
    return orders.select(['id', 'product'])
"""
ALL = {
    "files.prices._file",
    "files.prices.product",
    "files.prices.price",
    "shop.orders.id",
    "shop.orders.product",
    "shop.orders.quantity",
    "shop.orders.changed",
}


def declared(folder: Path, arguments: str) -> Path:
    if not (folder / "shop.db").exists():
        write_shop(folder)
    return write(folder, {"models/ml/named.py": MODEL.format(arguments=arguments)})


def graph(folder: Path) -> ColumnGraph:
    run(folder)
    with Lake.open(folder) as lake:
        return lake.columns


def origins(columns: ColumnGraph, column: str, *, direct: bool) -> set[str]:
    steps = columns.steps_to(Origin("ml.named", column))
    return {str(step.edge.origin) for step in steps if step.edge.is_direct == direct}


def test_a_function_that_declares_nothing_is_all_to_all_and_says_so(tmp_path: Path) -> None:
    columns = graph(declared(tmp_path, ""))
    assert origins(columns, "id", direct=True) == ALL
    assert all(columns.is_assumed(step) for step in columns.steps_to(Origin("ml.named", "id")))
    assert "not known" in columns.unresolved["ml.named"][0].reason


def test_a_declared_column_is_made_of_what_it_says_and_the_others_of_everything(tmp_path: Path) -> None:
    columns = graph(declared(tmp_path, "lineage={'id': ['shop.orders.ID']}"))
    assert origins(columns, "id", direct=True) == {"shop.orders.id"}
    assert origins(columns, "id", direct=False) == ALL, "nothing is said of the rows, so everything may decide them"
    assert origins(columns, "product", direct=True) == ALL
    assert [each.reason for each in columns.unresolved["ml.named"]] == [
        "what it makes product of is not declared",
        'which columns decide its rows is not declared: "*": [...]',
    ]


def test_a_whole_declaration_leaves_nothing_assumed(tmp_path: Path) -> None:
    whole = "lineage={'id': ['shop.orders.id'], 'product': ['shop.orders.product'], '*': ['shop.orders.quantity']}"
    columns = graph(declared(tmp_path, whole))
    assert origins(columns, "product", direct=True) == {"shop.orders.product"}
    assert origins(columns, "product", direct=False) == {"shop.orders.quantity"}
    assert "ml.named" not in columns.unresolved
    assert not any(columns.is_assumed(step) for step in columns.steps_to(Origin("ml.named", "id")))


WRONG = [
    (
        "lineage={\n    'id': ['shop.order.id']}",
        "shop.order.id is no column of a table that the function takes",
        5,
        "shop.orders.id",
    ),
    (
        "lineage={'id': ['marts.priced.id']}",
        "marts.priced.id is no column of a table",
        4,
        "it takes files.prices, shop.orders",
    ),
    ("lineage={\n    'idd': ['shop.orders.id']}", "ml.named has no column idd", 5, "did you mean id?"),
    (
        "lineage={'id': ['shop.orders.quantty']}",
        "shop.orders has no column quantty",
        4,
        "did you mean shop.orders.quantity?",
    ),
]


@pytest.mark.parametrize(("arguments", "what", "line", "fix"), WRONG, ids=[what for _, what, _, _ in WRONG])
def test_a_declaration_of_what_is_not_there_is_told_with_its_line(
    tmp_path: Path, arguments: str, what: str, line: int, fix: str
) -> None:
    run(declared(tmp_path, ""))
    declared(tmp_path, arguments)
    _, problems = check(tmp_path)
    told = [problem for problem in problems if problem.code == "J142"]
    assert len(told) == 1
    assert what in told[0].what
    assert told[0].where == f"models/ml/named.py:{line}"
    assert fix in told[0].fix


def test_the_lineage_of_sql_is_not_declared(tmp_path: Path) -> None:
    write_shop(tmp_path)
    write(
        tmp_path, {"models/marts/x.sql": "/* jusante\nlineage:\n  id: [shop.orders.id]\n*/\nselect id from shop.orders"}
    )
    _, problems = check(tmp_path)
    assert [(problem.code, problem.where) for problem in problems if problem.code == "J142"] == [
        ("J142", "models/marts/x.sql:2")
    ]


def test_declaring_lineage_makes_no_table_stale_through_its_settings(tmp_path: Path) -> None:
    """A declaration says nothing of the rows: only the text of the file, in which it stands, changed."""
    with Lake.open(declared(tmp_path, "")) as lake:
        before = lake.project.graph["ml.named"]
    with Lake.open(declared(tmp_path, "lineage={'id': ['shop.orders.id']}")) as lake:
        after = lake.project.graph["ml.named"]
    same = {"files.prices": "1", "shop.orders": "2"}
    assert before.definition.header != after.definition.header
    canonical = before.definition.canonical
    alike = dataclasses.replace(after, definition=dataclasses.replace(after.definition, canonical=canonical))
    assert alike.version(same) == before.version(same)


def test_the_tree_tells_what_is_assumed_and_why(tmp_path: Path) -> None:
    run(declared(tmp_path, "lineage={'id': ['shop.orders.id']}"))
    command = [sys.executable, "-m", "jusante", "lineage", "ml.named.product", "--up", "--project", str(tmp_path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "files.prices.price  assumed" in told
    assert "not known\n  ml.named  named: what it makes product of is not declared" in told
