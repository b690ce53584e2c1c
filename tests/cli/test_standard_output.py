"""Under --json standard output is the documents' alone, whatever Python models print."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jusante.cli.main import cli
from projects import write

MODEL = """from jusante import model

print("imported")


@model({limits})
def {name}(prices="files.prices"):
    print("{name} has", len(prices), "rows")
    return prices
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models that print: one is called here, one in a process of its own."""
    source = "source: files\nkind: files\nowner: a@b.example\ntables: {prices: {path: prices.csv, key: [product]}}\n"
    files = {
        "jusante.yaml": "name: t\n",
        "sources/files.yaml": source,
        "prices.csv": "product,price\ntea,4.50\n",
        "models/a/here.py": MODEL.format(name="here", limits=""),
        "models/a/apart.py": MODEL.format(name="apart", limits="memory='2 GB'"),
    }
    return write(tmp_path_factory.mktemp("shop"), files)


def call(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--anew", "--project", str(folder)])


def test_what_models_print_is_not_among_the_documents(shop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    done = call(shop, "run", "--json")
    assert json.loads(done.stdout)["status"] == "succeeded"
    assert "here has 1 rows" in done.stderr
    apart = capfd.readouterr()
    assert "apart has 1 rows" in apart.err
    assert apart.out == ""


def test_beside_a_json_log_there_is_no_place_for_it(shop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    done = call(shop, "run", "--json", "--log", "json")
    assert json.loads(done.stdout)["status"] == "succeeded"
    assert all(json.loads(line) for line in done.stderr.splitlines())
    assert capfd.readouterr() == ("", "")


def test_a_json_log_leaves_standard_output_to_the_models(shop: Path) -> None:
    done = call(shop, "run", "a.here", "--log", "json")
    assert "here has 1 rows" in done.stdout
    assert all(json.loads(line) for line in done.stderr.splitlines())
