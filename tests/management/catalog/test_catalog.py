"""The catalogue: found by any word, in the order in which a person would look, in spite of typing errors."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jusante.app.catalog import search
from jusante.cli.main import cli
from jusante.core.catalog import CatalogEntry, Hit
from jusante.errors import UsageError
from jusante.management.catalog.ranking import ranked, words_of
from jusante.storage.sqlite_search import SqliteSearch, distance
from projects import run, write, write_shop

ENTRIES = (
    CatalogEntry("marts.revenue", "model", about="Money by day.", owner="finance@b.example"),
    CatalogEntry("marts.revenue_by_country", "model", columns=("country", "revenue")),
    CatalogEntry("marts.daily_sales", "model", about="Sales by day and product.", columns=("day", "sku", "revenue")),
    CatalogEntry("marts.orderLines", "model", about="Lines that count.", tags=("core",)),
    CatalogEntry("sales.orders", "ingested", owner="backend@b.example", columns=("id", "customer_id", "café_name")),
    CatalogEntry("dashboard:board", "dashboard", title="Morning figures", about="What revenue came to."),
    CatalogEntry("exposure:crm", "exposure", about="Scores for the sales team.", steward="ops@b.example"),
    CatalogEntry("marts.churn", "model", terms=("active customer",), synonyms=("loyal client",)),
    CatalogEntry("term:active customer", "term", about="One who bought.", synonyms=("loyal client",)),
    CatalogEntry("ml.scores", "model", about="A score of each customer.", classification="confidential"),
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SqliteSearch:
    found = SqliteSearch(tmp_path_factory.mktemp("index") / "search.db")
    found.replace("v1", ENTRIES)
    return found


def hits(index: SqliteSearch, question: str) -> tuple[Hit, ...]:
    return ranked(question, index.candidates(words_of(question), 100), 20)


# A question, the ids that are found in their order (those after … in any), and by which part the first one was.
QUESTIONS = [
    ("revenue", ["marts.revenue", "marts.revenue_by_country", "marts.daily_sales", "dashboard:board"], "name"),
    ("marts.revenue", ["marts.revenue", "marts.revenue_by_country"], "name"),
    ("rev", ["marts.revenue", "marts.revenue_by_country", "marts.daily_sales", "dashboard:board"], "name"),
    ("REVENUE country", ["marts.revenue_by_country"], "name"),
    ("country revenue", ["marts.revenue_by_country"], "name"),
    ("revnue", ["marts.revenue", "marts.revenue_by_country", "marts.daily_sales", "dashboard:board"], "name"),
    ("reveneu cuntry", ["marts.revenue_by_country"], "name"),
    ("order lines", ["marts.orderLines"], "name"),
    ("backend", ["sales.orders"], "owner"),
    ("ops@b.example", ["exposure:crm"], "steward"),
    ("core", ["marts.orderLines"], "tag"),
    ("cafe", ["sales.orders"], "column"),
    ("customer_id", ["sales.orders"], "column"),
    ("loyal client", ["term:active customer", "marts.churn"], "synonym"),
    ("active customer", ["term:active customer", "marts.churn"], "name"),
    ("morning", ["dashboard:board"], "title"),
    ("board", ["dashboard:board"], "name"),
    ("confidential", ["ml.scores"], "classification"),
    ("bought", ["term:active customer"], "description"),
    ("nothing-of-the-kind", [], ""),
    ('"; drop table words; --', [], ""),
    ("a* OR (b", [], ""),
]


@pytest.mark.parametrize(("question", "wanted", "part"), QUESTIONS, ids=[question for question, _, _ in QUESTIONS])
def test_a_question_finds_in_order(index: SqliteSearch, question: str, wanted: list[str], part: str) -> None:
    found = hits(index, question)
    told = [hit.entry.id for hit in found]
    if wanted:
        assert told[: len(wanted)] == wanted
        assert found[0].why[0][0] == part
    else:
        assert not any(hit.rank < 6 for hit in found)


def test_words_that_are_nowhere_together_are_found_apart(index: SqliteSearch) -> None:
    assert {hit.entry.id for hit in hits(index, "backend confidential")} == {"sales.orders", "ml.scores"}


WORD = st.text("abcdefgh", min_size=3, max_size=8)


@given(WORD, WORD)
@example("aabca", "aacaaa")  # three errors, found in the last row only
def test_the_distance_of_words_is_one_and_counts_edits(one: str, other: str) -> None:
    assert distance(one, other, 9) == distance(other, one, 9)
    assert (distance(one, other, 9) == 0) == (one == other)
    assert distance(one, one[1:], 9) == 1
    assert distance(one, one + "x", 9) == 1
    assert distance(one, one[:1] + "x" + one[2:], 9) == 1
    turned = one[1] + one[0] + one[2:]
    assert distance(one, turned, 9) == (one[0] != one[1])
    assert distance(one, other, 1) == min(distance(one, other, 9), 2)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_one_typing_error_in_a_word_still_finds_it(index: SqliteSearch, data: st.DataObject) -> None:
    word = data.draw(
        st.sampled_from(["revenue", "country", "morning", "confidential", "backend", "customer", "figures"])
    )
    at = data.draw(st.integers(1, len(word) - 2))
    letter = data.draw(st.sampled_from("qxzj"))
    kind = data.draw(st.sampled_from(["other", "more", "less", "turned"]))
    wrong = {
        "other": word[:at] + letter + word[at + 1 :],
        "more": word[:at] + letter + word[at:],
        "less": word[:at] + word[at + 1 :],
        "turned": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    }[kind]
    right = {hit.entry.id for hit in hits(index, word)}
    assert right <= {hit.entry.id for hit in hits(index, wrong)}, wrong


# -- of a project --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that has been run once, with a glossary."""
    folder = write_shop(tmp_path_factory.mktemp("catalog"))
    text = (
        "owner: finance@b.example\nsteward: keeper@b.example\nterms:\n  turnover:\n    definition: What is sold.\n"
        "    synonyms: [sales volume]\n    columns: [marts.by_product.revenue]\n    related: [price]\n"
        "  price: {definition: What one costs., columns: [files.prices.price], classification: public}\n"
    )
    write(folder, {"glossary.yaml": text})
    run(folder)
    return folder


def ids(folder: Path, question: str) -> list[str]:
    return [hit.entry.id for hit in search(folder, None, question, 20)]


def test_the_index_is_made_anew_only_when_a_file_changed(shop: Path) -> None:
    told: list[int] = []
    for _ in range(2):
        search(shop, None, "turnover", 20, lambda: told.append(1))
    assert len(told) <= 1
    write(shop, {"models/marts/fresh.sql": "/* jusante\nabout: Zebras.\n*/\nselect product from marts.priced"})
    assert ids(shop, "zebras") == ["marts.fresh"]
    (shop / "models/marts/fresh.sql").unlink()
    assert ids(shop, "zebras") == []


def test_an_index_that_is_broken_is_made_anew(shop: Path) -> None:
    assert ids(shop, "turnover")
    (shop / ".jusante/search.db").write_bytes(b"no database")
    assert ids(shop, "sales volume") == ["term:turnover", "marts.by_product"]


def test_columns_of_what_was_loaded_are_found(shop: Path) -> None:
    assert "shop.orders" in ids(shop, "changed")


def test_a_question_without_words_is_wrong_use(shop: Path) -> None:
    with pytest.raises(UsageError):
        search(shop, None, "  ", 20)


def shown(folder: Path, name: str) -> dict[str, object]:
    result = CliRunner().invoke(cli, ["catalog", "show", name, "--project", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    document: dict[str, object] = json.loads(result.output)
    return document


def test_a_page_tells_all_that_is_known_of_a_table(shop: Path) -> None:
    page = shown(shop, "marts.by_product")
    assert (page["kind"], page["terms"], page["owner"]) == ("model", "turnover", "nobody")
    assert str(page["fresh"]).startswith("made ")
    assert "3 rows" in str(page["fresh"])
    assert page["above"] == ["marts.priced"]
    assert page["below"] == ["marts.dear"]
    assert {"name": "revenue", "type": "double", "about": "", "notes": ["turnover"]} in page["columns"]


def test_a_page_of_a_term_says_in_words_what_implements_it(shop: Path) -> None:
    page = shown(shop, "Sales Volume")
    assert (page["id"], page["kind"], page["steward"]) == ("turnover", "term", "keeper@b.example")
    assert page["meanings"] == {"marts.by_product.revenue": "the sum of prices.price × orders.quantity"}


def test_a_name_that_is_not_there_is_told_with_the_nearest(shop: Path) -> None:
    result = CliRunner().invoke(cli, ["catalog", "show", "by_product", "--project", str(shop)])
    assert isinstance(result.exception, UsageError)
    assert result.exception.fix == "did you mean marts.by_product?"


def test_pages_and_hits_are_told_in_a_terminal(shop: Path) -> None:
    page = CliRunner().invoke(cli, ["catalog", "show", "marts.priced", "--project", str(shop)]).output
    assert "made of" in page
    assert "quantity positive" in page
    found = CliRunner().invoke(cli, ["catalog", "search", "turnover", "--project", str(shop)]).output
    assert found.index("business terms") < found.index("models")
