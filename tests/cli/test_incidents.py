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
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(shop: Path, words: list[str], fix: str) -> None:
    refused = call(shop, "incidents", *words)
    assert refused.exit_code != 0
    assert getattr(refused.exception, "fix", None) == fix
