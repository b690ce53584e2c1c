"""`jusante incidents` as a shell sees it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jusante.cli.main import cli
from projects import run, write, write_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which a model was edited, and cannot run."""
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    run(folder)
    write(folder, {"models/marts/by_product.sql": "select product, sum(quantityy) as n from marts.priced group by all"})
    return folder


def call(folder: Path, *words: str) -> Result:
    """One command."""
    return CliRunner().invoke(cli, [*words, "--project", str(folder)])


def test_what_never_was_well_is_not_told_of_as_edited_since(tmp_path: Path) -> None:
    folder = write(write_shop(tmp_path), {"models/marts/new.sql": "select nope from files.prices"})
    run(folder)
    shown = call(folder, "incidents", "I1").output
    assert "marts.new is new, and was never made (models/marts/new.sql)" in shown
    assert "see its definition first" in shown
    assert "since it was well" not in shown


def test_an_incident_from_its_beginning_to_its_end(shop: Path) -> None:
    assert "no incident goes on" in call(shop, "incidents").output
    ran = call(shop, "run")
    assert ran.exit_code == 1
    assert "incident I1 opened  marts.by_product" in ran.output
    assert "Next: jusante incidents show I1" in ran.output
    assert "likely: marts.by_product was edited" in call(shop, "incidents").output
    shown = call(shop, "incidents", "show", "i1").output
    for word in ("suspects", "timeline (UTC)", "what to do", "marts.dear", "jusante run marts.by_product+"):
        assert word in shown
    assert call(shop, "incidents", "acknowledge", "I1").exit_code == 0
    assert call(shop, "incidents", "assign", "1", "me@b.example").exit_code == 0
    assert call(shop, "incidents", "comment", "I1", "a slip of the pen").exit_code == 0
    assert call(shop, "incidents", "silence", "I1", "--for", "2h").exit_code == 0
    found = json.loads(call(shop, "incidents", "--json").stdout)["incidents"]
    assert [(each["id"], each["state"], each["assignee"]) for each in found] == [("I1", "acknowledged", "me@b.example")]
    assert {"asset", "kind", "what"} <= set(found[0]["cause"])
    assert [entry["what"] for entry in found[0]["timeline"]] == [
        *("opened", "acknowledged", "assigned", "commented", "silenced")
    ]
    assert call(shop, "incidents", "resolve", "I1", "given up").exit_code == 0
    assert json.loads(call(shop, "incidents", "--json").stdout) == {"incidents": []}
    assert "over, after" in call(shop, "incidents", "--all").output
    assert "# I1: marts.by_product" in call(shop, "incidents", "postmortem", "I1").output
    assert "a slip of the pen" in json.loads(call(shop, "incidents", "postmortem", "I1", "--json").stdout)["markdown"]


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (["show", "I99"], "jusante incidents --all lists them"),
        (["silence", "I1"], "--for 4h, or --until '2027-01-31 07:00'"),
        (["silence", "I1", "--until", "soon"], "--until '2027-01-31 07:00'"),
        (["acknowledge", "I1"], "jusante incidents reopen I1"),
        (["merge", "I1", "I1"], "name two incidents"),
        (["I99"], "jusante incidents --all lists them"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(shop: Path, words: list[str], fix: str) -> None:
    refused = call(shop, "incidents", *words)
    assert refused.exit_code != 0
    assert getattr(refused.exception, "fix", None) == fix


@pytest.mark.parametrize(
    ("word", "meant"),
    [("ack", "did you mean acknowledge?"), ("asign", "did you mean assign?"), ("frobnicate", "there are list, show")],
)
def test_an_act_that_there_is_not_is_refused_with_the_one_that_is_meant(shop: Path, word: str, meant: str) -> None:
    refused = call(shop, "incidents", word, "I1")
    assert refused.exit_code == 2
    assert f"there is no command {word} of incidents" in refused.output
    assert meant in refused.output


def test_an_incident_is_shown_by_its_name_alone_and_a_strange_assignee_is_told_of(tmp_path: Path) -> None:
    write(write_shop(tmp_path), {"models/marts/by_product.sql": "select nothing as n from marts.priced"})
    run(tmp_path)
    assert call(tmp_path, "incidents", "I1").output == call(tmp_path, "incidents", "show", "I1").output
    assert (
        "owns nothing here; did you mean shop@b.example?"
        in call(tmp_path, "incidents", "assign", "I1", "shpo@b.example").output
    )
    assert "owns nothing" not in call(tmp_path, "incidents", "assign", "I1", "shop@b.example").output


def test_all_that_lacks_one_table_is_one_incident_which_says_what_to_load(tmp_path: Path) -> None:
    write(write_shop(tmp_path), {"models/marts/costly.sql": "select product from files.prices where price > 7"})
    run(tmp_path, "shop.orders")
    assert run(tmp_path, "marts.priced", "marts.costly").status == "failed"
    found = json.loads(call(tmp_path, "incidents", "--json").stdout)["incidents"]
    assert [(each["cause"]["kind"], each["cause"]["code"], each["assets"]) for each in found] == [
        ("no_data", "J305", ["marts.costly", "marts.priced"])
    ]
    shown = call(tmp_path, "incidents", "show", "I1").output
    assert "jusante run +files.prices" in shown
    assert "free some space" not in shown
    run(tmp_path)
    assert json.loads(call(tmp_path, "incidents", "--json").stdout)["incidents"] == []


def test_what_fails_does_not_wait_when_one_incident_takes_in_another(tmp_path: Path) -> None:
    slips = {"models/marts/by_product.sql": "select nothing as n from marts.priced"}
    write(write_shop(tmp_path), slips)
    run(tmp_path)
    write(tmp_path, {"models/marts/priced.sql": "select nothing from shop.orders"})
    run(tmp_path)
    names = [each["id"] for each in json.loads(call(tmp_path, "incidents", "--json").stdout)["incidents"]]
    assert len(names) == 2
    assert call(tmp_path, "incidents", "merge", *sorted(names)).exit_code == 0
    both = json.loads(call(tmp_path, "incidents", "show", "I2", "--json").stdout)
    assert {"marts.by_product", "marts.priced"} <= set(both["assets"])
    assert not set(both["assets"]) & set(both["below"])
    assert call(tmp_path, "incidents", "reopen", "I1", "another cause").exit_code == 0
    apart = json.loads(call(tmp_path, "incidents", "--json").stdout)["incidents"]
    assert [(each["id"], each["assets"]) for each in apart] == [("I2", ["marts.priced"]), ("I1", ["marts.by_product"])]
    assert "let go" in call(tmp_path, "incidents", "show", "I2").output
