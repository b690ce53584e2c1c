"""A contract from its draft to the day on which it is broken: written from the source, held against it, compared in git."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from agreed import broken_promises, invoked
from click.testing import CliRunner

from jusante import app
from jusante.app import Lake
from jusante.app.contracts import init_contract
from jusante.cli.main import cli
from jusante.errors import UsageError
from projects import run, sql, write, write_shop

CRM = "kind: sync\nowner: sales@b.example\nreads: {marts.priced: [quantity], marts.by_product: []}\n"
CHECKS = (
    "  orders:\n    key: [id]\n    ingest: {mode: incremental, cursor: changed, every: 1h}\n"
    "    columns: {product: {sensitive: name}}\n"
    "    checks:\n      - not_null: quantity\n      - positive: quantity\n      - range: {column: quantity, max: 100}\n"
    "      - accepted_values: {column: changed, values: [1, 2, 3, 4]}\n      - row_count: {min: 1}\n"
    "      - freshness: {within: 26h, column: changed}\n"
)


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that was never loaded, whose quantities go to a CRM, with a contract of its database."""
    folder = write(write_shop(tmp_path_factory.mktemp("drafted") / "shop"), {"exposures/crm.yaml": CRM})
    draft(folder)
    return folder


@pytest.fixture
def shop(drafted: Path, tmp_path: Path) -> Path:
    """A copy of that shop, for one test to change."""
    return shutil.copytree(drafted, tmp_path / "shop")


def draft(folder: Path) -> str:
    """Write the contract of `shop`; its text."""
    with Lake.open(folder) as lake:
        return (folder / init_contract(lake.system, "shop", replace=True)).read_text(encoding="utf-8")


def edit(folder: Path, old: str, new: str) -> None:
    """Change the contract's text."""
    path = folder / "contracts/shop.odcs.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_draft_is_kept_by_its_source_and_passes_the_standard(shop: Path) -> None:
    assert broken_promises(shop) == {}
    assert not [problem for problem in app.check(shop)[1] if problem.where.startswith("contracts/")]


def test_a_draft_says_all_that_the_project_knows(shop: Path) -> None:
    source = (shop / "sources/shop.yaml").read_text(encoding="utf-8").partition("  orders:")[0]
    write(shop, {"sources/shop.yaml": source + CHECKS, "exposures/crm.yaml": CRM})
    text = draft(shop)
    with Lake.open(shop) as lake:
        contract = lake.project.contracts["shop"]
    orders = contract.table("orders")
    assert orders is not None
    assert (contract.owner, orders.key, orders.columns.names) == (
        "shop@b.example",
        ("id",),
        ("id", "product", "quantity", "changed"),
    )
    assert [column.type for column in orders.columns] == ["long", "string", "long", "long"]
    quantity, product = orders.column("quantity"), orders.column("product")
    assert quantity is not None
    assert product is not None
    assert (len(quantity.quality), quantity.nullable) == (2, False)
    assert product.classification == "restricted"
    assert "it never leaves shop" in text
    assert {(level.property, level.value, level.unit) for level in contract.terms.sla_properties} == {
        ("frequency", 1, "h"),
        ("latency", 26, "h"),
    }
    assert broken_promises(shop) == {}


def test_a_contract_is_not_overwritten_without_being_told(shop: Path) -> None:
    edit(shop, "status: draft", "status: active")
    with Lake.open(shop) as lake, pytest.raises(UsageError, match="has a contract already"):
        init_contract(lake.system, "shop")
    assert "status: active" in (shop / "contracts/shop.odcs.yaml").read_text(encoding="utf-8")


def test_columns_that_are_not_as_promised_are_found_without_loading(shop: Path) -> None:
    sql(shop / "shop.db", "alter table orders rename column product to article")
    edit(
        shop,
        "- name: quantity\n        logicalType: integer\n        logicalTypeOptions: {format: i64}",
        "- name: quantity\n        logicalType: boolean",
    )
    found = broken_promises(shop)
    assert "the source does not have it" in found["orders.product"][0]
    assert found["orders.quantity"] == ["it is long, and boolean is promised"]
    assert run_count(shop) == 0


def run_count(folder: Path) -> int:
    """How often the project was run."""
    with Lake.open(folder) as lake:
        return len(lake.metadata.runs(10))


# What is written behind `- name: quantity`, and what is said of the rows 2, 1, 4, 1; None where it is kept.
RULES = [
    ("{metric: nullValues, mustBe: 0}", None),
    ("{metric: duplicateValues, mustBe: 0}", "duplicateValues = 0: does not hold, 1 found"),
    ("{metric: duplicateValues, unit: percent, mustBeLessThan: 30}", None),
    ("{metric: duplicateValues, unit: percent, mustBeLessThan: 20}", "duplicateValues < 20 %: does not hold, 25 found"),
    (
        "{metric: invalidValues, arguments: {validValues: [1, 2]}, mustBe: 0}",
        "invalidValues = 0: does not hold, 1 found",
    ),
    ("{metric: invalidValues, arguments: {pattern: '^[12]$'}, mustBeLessOrEqualTo: 1}", None),
    (
        "{metric: missingValues, arguments: {missingValues: [4]}, mustBe: 0}",
        "missingValues = 0: does not hold, 1 found",
    ),
    ("{rule: nullValues, mustBe: 0}", None),
    ("{type: sql, query: 'select max({column}) from {table}', mustBeLessThan: 4}", "does not hold, 4 found"),
    ("{type: sql, query: 'select sum(${column}) from ${table}', mustBe: 8}", None),
]


@pytest.mark.parametrize(("rule", "said"), RULES, ids=[rule for rule, _ in RULES])
def test_rules_are_measured_at_the_source(shop: Path, rule: str, said: str | None) -> None:
    edit(shop, "- name: quantity\n", f"- name: quantity\n        quality: [{rule}]\n")
    found = broken_promises(shop)
    assert list(found) == (["orders.quantity"] if said else [])
    assert said is None or said in found["orders.quantity"][0]


def test_rules_of_the_table_and_what_columns_say_of_themselves_are_measured(shop: Path) -> None:
    edit(shop, "    properties:\n", "    quality: [{metric: rowCount, mustBeGreaterThan: 10}]\n    properties:\n")
    edit(
        shop, "- name: product\n", "- name: product\n        unique: true\n        enum: [{value: tea}, {value: mug}]\n"
    )
    edit(shop, "- name: changed\n", "- name: changed\n        required: true\n")
    edit(shop, "{format: i64}\n      - name: changed", "{format: i64, maximum: 3}\n      - name: changed")
    sql(shop / "shop.db", "insert into orders values (5, 'tea', 1, null)")
    assert broken_promises(shop) == {
        "orders.": ["rowCount > 10: does not hold, 5 found"],
        "orders.product": ["unique: does not hold, 2 found", "one of its values: does not hold, 1 found"],
        "orders.quantity": ["maximum 3: does not hold, 1 found"],
        "orders.changed": ["never null: does not hold, 1 found"],
    }


def test_a_warning_is_told_and_ends_well_and_what_cannot_be_measured_is_said(shop: Path) -> None:
    rules = "[{metric: nullValues, mustBeGreaterThan: 0, severity: warning}, {type: text, description: all in pieces}]"
    edit(shop, "- name: quantity\n", f"- name: quantity\n        quality: {rules}\n")
    status, output = invoked("contract", "test", "--project", shop, "--json")
    (source,) = json.loads(output)["sources"]
    assert (status, source["kept"], [breach["light"] for breach in source["broken"]]) == (0, True, [True])
    assert source["not_tested"] == ["shop.orders.quantity: all in pieces: a text for people"]


def test_what_is_sensitive_stays_at_the_source_while_it_is_tested(shop: Path) -> None:
    source = (shop / "sources/shop.yaml").read_text(encoding="utf-8").partition("  orders:")[0]
    write(shop, {"sources/shop.yaml": source + CHECKS})
    edit(shop, "- name: product\n", "- name: product\n        required: true\n")
    status, output = invoked("contract", "test", "--project", shop, "--json")
    (tested_source,) = json.loads(output)["sources"]
    assert tested_source["not_tested"] == [
        "shop.orders.product: never null: product is sensitive and stays at the source"
    ]
    assert status == 0


def test_check_holds_contracts_against_the_project(shop: Path) -> None:
    run(shop)
    edit(shop, "- name: quantity\n", "- name: quantty\n")
    edit(shop, "- name: product\n        logicalType: string", "- name: product\n        logicalType: date")
    edit(shop, "    - username: shop@b.example\n      role: owner\n", "    []\n")
    edit(shop, "  name: shop\n", "")
    source = (shop / "sources/shop.yaml").read_text(encoding="utf-8").rstrip().removesuffix("}")
    write(shop, {"sources/shop.yaml": source + ", columns: {product: {type: int}}}\n"})
    write(shop, {"contracts/shp.odcs.yaml": "apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\n"})
    told = {(problem.code, problem.severity, problem.what) for problem in app.check(shop)[1]}
    assert ("J156", "error", "the contract is for source shp, which the project does not have") in told
    assert ("J156", "warning", "shop.orders was loaded without quantty, which the contract promises") in told
    assert ("J157", "error", "shop.orders.product is declared int, and the contract promises date") in told
    assert ("J158", "warning", "the contract of shop names nobody who answers for it") in told
    assert (
        "J156",
        "warning",
        "shop.orders.quantity is read by marts.priced, and the contract does not promise it",
    ) in told


def test_two_contracts_of_one_source_are_one_too_many(shop: Path) -> None:
    text = (shop / "contracts/shop.odcs.yaml").read_text(encoding="utf-8")
    write(shop, {"contracts/again.odcs.yaml": text + "customProperties: [{property: jusanteSource, value: shop}]\n"})
    assert [problem.code for problem in app.check(shop)[1]] == ["J112"]


def git(folder: Path, *words: str) -> None:
    """Run git in a folder."""
    identity = ["-c", "user.name=shop", "-c", "user.email=shop@b.example"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def history(shop: Path) -> Path:
    """A shop in a folder of a repository, whose first commit is `old` and whose second drops a promise."""
    write(shop, {".gitignore": ".jusante\n"})
    git(shop.parent, "init", "--quiet", "--initial-branch=main")
    for message, old, new in (
        ("old", "status: draft", "status: active"),
        ("new", "- name: quantity\n", "- name: amount\n"),
    ):
        edit(shop, old, new)
        git(shop.parent, "add", "--all")
        git(shop.parent, "commit", "--quiet", "--message", message)
        git(shop.parent, "tag", message)
    return shop


def test_what_breaks_between_two_revisions_is_told_to_both_sides_though_nothing_was_loaded(history: Path) -> None:
    status, output = invoked("contract", "diff", "old..HEAD", "--project", history, "--json")
    assert status == 1
    document = json.loads(output)
    assert [(change["column"], change["breaking"]) for change in document["changes"]] == [
        ("quantity", True),
        ("amount", False),
    ]
    broken = document["changes"][0]
    assert (broken["producer"], broken["consumers"]) == ("shop@b.example", ["sales@b.example"])
    assert next(each["id"] for each in broken["blast"]) == "exposure:crm"
    assert {"marts.priced", "marts.by_product", "marts.dear"} <= {each["id"] for each in broken["blast"]}
    assert document["versions"] == ["shop stays at version 1.0.0, and something breaks: raise the first number"]


def test_the_folder_as_it_lies_is_compared_with_a_revision(history: Path) -> None:
    assert invoked("contract", "diff", "--from", "HEAD", "--project", history)[0] == 0
    (history / "contracts/shop.odcs.yaml").unlink()
    status, output = invoked("contract", "diff", "--from", "HEAD", "--project", history)
    assert status == 1
    assert "is no longer promised" in output


def test_annotations_name_the_line_in_the_new_revision(history: Path) -> None:
    status, output = invoked("contract", "diff", "old..new", "--project", history, "--annotate")
    lines = output.splitlines()
    assert status == 1
    assert lines[0].startswith("::error file=contracts/shop.odcs.yaml,line=")
    assert "Touches exposure:crm" in lines[0]
    assert "%3A" not in lines[0].partition("title=")[0]


def test_two_files_are_compared_without_a_project(shop: Path, tmp_path: Path) -> None:
    text = (shop / "contracts/shop.odcs.yaml").read_text(encoding="utf-8")
    write(tmp_path, {"a.odcs.yaml": text, "b.odcs.yaml": text.replace("required: true", "required: false", 1)})
    words = ("contract", "diff", tmp_path / "a.odcs.yaml", tmp_path / "b.odcs.yaml", "--project", tmp_path)
    assert invoked(*words)[0] == 0  # it is a part of the key, which is never null
    write(tmp_path, {"b.odcs.yaml": text.replace("primaryKey: true", "primaryKey: false", 1)})
    status, output = invoked(*words)
    assert status == 1
    assert "key dropped" in output


@pytest.mark.parametrize(
    "words", [(), ("a",), ("a", "b", "c"), ("--from", "nowhere"), ("-x..HEAD",), ("gone.yaml", "b.yaml")]
)
def test_what_cannot_be_compared_is_told(history: Path, words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, ["contract", "diff", *words, "--project", str(history)])
    assert result.exit_code != 0
    assert isinstance(result.exception, UsageError | SystemExit)
