"""The glossary of a project: each fault told with its line, and no fault in a sound one."""

from pathlib import Path

import pytest

from jusante import app
from jusante.app import Lake
from jusante.core.problem import Problem
from projects import write

PROJECT = {
    "jusante.yaml": "name: g\n",
    "sources/shop.yaml": (
        "source: shop\nkind: sqlite\nconnection: shop.db\nowner: shop@b.example\ntables:\n  orders: {key: [id]}\n"
    ),
    "contracts/shop.odcs.yaml": (
        "apiVersion: v3.1.0\nkind: DataContract\nid: shop\nversion: 1.0.0\nteam: {members: [{username: a@b.example}]}\n"
        "schema:\n  - name: orders\n    properties:\n      - {name: id, logicalType: integer, primaryKey: true}\n"
        "      - {name: price, logicalType: number}\n      - {name: quantity, logicalType: integer}\n"
        "      - {name: status, logicalType: string}\n"
    ),
    "models/marts/all_sales.sql": "select sum(quantity * price) as revenue from shop.orders",
    "models/marts/net_sales.sql": (
        "with kept as (select *, price * quantity as amount from shop.orders where status <> 'cancelled')\n"
        "select sum(amount) as revenue, count(*) as orders from kept"
    ),
    "models/marts/by_status.sql": "select status, coalesce(sum(price * quantity), 0) as revenue from shop.orders group by status",
    "dashboards/board.yaml": (
        "dashboard: board\ntitle: Board\nrows:\n"
        "  - - {chart: number, title: Revenue, value: r, sql: 'select sum(revenue) as r from marts.by_status'}\n"
    ),
}
HEAD = "owner: finance@b.example\nterms:\n  revenue:\n    definition: What is paid.\n"


def told(folder: Path, text: str) -> list[Problem]:
    """What `check` says of a glossary."""
    write(write(folder, PROJECT), {"glossary.yaml": text})
    return [problem for problem in app.check(folder)[1] if problem.where.startswith("glossary")]


def test_a_sound_glossary_is_read_and_nothing_is_said(tmp_path: Path) -> None:
    text = (
        HEAD + "    synonyms: [turnover]\n    columns: [marts.all_sales.revenue, marts.by_status.revenue]\n"
        "    metrics: [board.Revenue]\n    related: [order]\n"
        "  order: {definition: What is asked for., columns: [marts.net_sales.orders], owner: shop@b.example, steward: s@b.example}\n"
    )
    assert told(tmp_path, text) == []
    with Lake.open(tmp_path) as lake:
        glossary = lake.project.glossary
    revenue, order = glossary.find("TURNOVER"), glossary.find("order")
    assert revenue is not None
    assert order is not None
    assert (revenue.name, revenue.term.owner, order.term.owner, order.term.steward) == (
        "revenue",
        "finance@b.example",
        "shop@b.example",
        "s@b.example",
    )
    assert glossary.of("marts.by_status.revenue") == (revenue,)


def test_two_columns_that_claim_a_term_and_count_other_rows_are_told_in_words(tmp_path: Path) -> None:
    (problem,) = told(
        tmp_path, HEAD + "    columns:\n      - marts.all_sales.revenue\n      - marts.net_sales.revenue\n"
    )
    assert (problem.code, problem.severity, problem.where) == ("J182", "error", "glossary.yaml:7")
    assert problem.what == (
        "revenue means two things: marts.all_sales.revenue and marts.net_sales.revenue are both "
        "the sum of orders.price × orders.quantity, but only in marts.net_sales.revenue orders.status is not 'cancelled'"
    )


def test_two_columns_that_claim_a_term_and_are_reckoned_otherwise_are_told_in_words(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, HEAD + "    columns: [marts.all_sales.revenue, marts.net_sales.orders]\n")
    assert problem.what.endswith(
        "marts.all_sales.revenue is the sum of orders.price × orders.quantity; "
        "marts.net_sales.orders is the number of rows, where orders.status is not 'cancelled'"
    )


def test_a_difference_with_a_reason_is_accepted_and_one_that_is_none_is_told(tmp_path: Path) -> None:
    columns = "    columns: [marts.all_sales.revenue, marts.net_sales.revenue, marts.by_status.revenue]\n"
    differs = "    differs: {marts.net_sales.revenue: the board wants it net}\n"
    assert told(tmp_path, HEAD + columns + differs) == []
    (problem,) = told(tmp_path, HEAD + columns + differs.replace("}", ", marts.by_status.revenue: why}"))
    assert (problem.code, problem.severity) == ("J185", "warning")


FAULTS = [
    ("    columns: [marts.all_sales.revenu]\n", "J181", "glossary.yaml:5", "did you mean marts.all_sales.revenue?"),
    ("    columns: [marts.al_sales.revenue]\n", "J181", "glossary.yaml:5", "did you mean marts.all_sales.revenue?"),
    ("    metrics: [board.Revenu]\n", "J181", "glossary.yaml:5", "did you mean board.Revenue?"),
    ("    metrics: [board.Revenue]\n    related: [ordr]\n", "J181", "glossary.yaml:6", "take it out"),
    ("    metrics: [board.Revenue]\n    differs: {a.b.c: x}\n", "J181", "glossary.yaml:6", "take it out"),
    ("", "J183", "glossary.yaml:3", "write columns"),
    ("    colums: [a.b.c]\n", "J102", "glossary.yaml:5", "did you mean columns?"),
]


@pytest.mark.parametrize(
    ("text", "code", "where", "fix"), FAULTS, ids=[f"{fault[1]} {fault[0].strip()}" for fault in FAULTS]
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, text: str, code: str, where: str, fix: str) -> None:
    (problem,) = told(tmp_path, HEAD + text)
    assert (problem.code, problem.where) == (code, where)
    assert fix in problem.fix


def test_a_term_without_owner_is_told(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, HEAD.partition("\n")[2] + "    columns: [marts.all_sales.revenue]\n")
    assert (problem.code, problem.severity, problem.where) == ("J184", "warning", "glossary.yaml:2")


@pytest.mark.parametrize("word", ["revenue", "Revenue", "turnover"])
def test_a_word_that_stands_for_two_things_is_told(tmp_path: Path, word: str) -> None:
    claimed = "    columns: [marts.all_sales.revenue]\n"
    more = f"terms:\n  {word}: {{definition: Other., owner: a@b.example, columns: [marts.net_sales.revenue]}}\n"
    write(tmp_path, {"glossary/more.yaml": more})
    (problem,) = told(tmp_path, HEAD + "    synonyms: [turnover]\n" + claimed)
    assert (problem.code, problem.where) == ("J180", "glossary/more.yaml:2")


def test_what_is_less_secret_than_its_term_is_told(tmp_path: Path) -> None:
    model = "/* jusante\nsteward: s@b.example\nclassification: public\n*/\nselect sum(price) as paid from shop.orders"
    write(tmp_path, {"models/marts/open_sales.sql": model})
    text = HEAD + "    classification: confidential\n    columns: [marts.open_sales.paid]\n"
    (problem,) = told(tmp_path, text)
    assert (problem.code, problem.severity) == ("J186", "warning")
    assert problem.what == ("marts.open_sales is public, and marts.open_sales.paid is revenue, which is confidential")
    with Lake.open(tmp_path) as lake:
        asset = lake.project.graph["marts.open_sales"]
        version = lake.project.graph.versions["marts.open_sales"]
    assert (asset.steward, asset.classification) == ("s@b.example", "public")
    write(tmp_path, {"models/marts/open_sales.sql": model.replace("public", "internal").replace("s@b", "t@b")})
    with Lake.open(tmp_path) as lake:
        assert lake.project.graph.versions["marts.open_sales"] == version


def test_the_shop_has_one_meaning_for_each_of_its_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SALES_URL", "SOCIAL_URL", "SOCIAL_TOKEN"):
        monkeypatch.setenv(name, "postgresql://nobody@nowhere/none")
    shop = Path(__file__).parents[3] / "examples/shop"
    project, problems = app.check(shop)
    assert project is not None
    assert (len(project.glossary), list(project.contracts)) == (7, ["sales"])
    assert problems == []


def test_what_is_not_known_to_its_sources_is_not_judged(tmp_path: Path) -> None:
    text = HEAD + "    columns: [marts.all_sales.revenue, marts.net_sales.revenue]\n"
    assert [problem.code for problem in told(tmp_path, text)] == ["J182"]
    (tmp_path / "contracts/shop.odcs.yaml").unlink()
    assert not [problem for problem in app.check(tmp_path)[1] if problem.code == "J182"]
