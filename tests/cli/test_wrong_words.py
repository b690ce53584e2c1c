"""What people get wrong is refused with what, where and the fix; nothing ends in a traceback, and nothing is done."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jusante.app import Lake
from jusante.cli.main import cli, main
from jusante.errors import JusanteError
from projects import made, run, write, write_shop

BY_DAY = """/* jusante
kind: by_time
time: day
grain: [day]
*/
select date '2026-01-01' + cast(changed as integer) as day, count(*) as n from shop.orders group by all
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has run, with a clock."""
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    run(folder)
    return folder


def call(folder: Path, *words: str) -> Result:
    """One command."""
    return CliRunner().invoke(cli, [*words, "--project", str(folder)])


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["skip", "shop.orders", "--until", "2020-01-01"], "2020-01-01 is not in the future"),
        (["skip", "shop.orders", "--until", "0m"], "0m is not in the future"),
        (["skip", "shop.orders", "--until", "9999999999999999999999d"], "longer than a hundred years"),
        (["skip", "shop.orders", "--until", "9999-12-31T23:59-10:00"], "is no time"),
        (["skip", "shop.orders", "--until", "yesterday"], "is no time"),
        (["costs", "--since", "99999999d"], "longer than a hundred years"),
        (["maintain", "--keep", "99999999d"], "longer than a hundred years"),
        (["audit", "verify", "--head", "haed.txt"], "is no head, and no file that holds one"),
    ],
)
def test_a_time_or_a_digest_that_is_none_is_refused(shop: Path, words: list[str], what: str) -> None:
    refused = call(shop, *words)
    assert isinstance(refused.exception, JusanteError), refused.exception
    assert what in refused.exception.what
    assert refused.exception.where
    with Lake.open(shop) as lake:
        assert not lake.metadata.latest("asset.skip", 1)


def test_a_file_that_holds_no_head_is_not_taken_for_a_forged_ledger(shop: Path) -> None:
    (shop / "jusante.png").write_bytes(b"\x89PNG\xff")
    refused = call(shop, "audit", "verify", "--head", str(shop / "jusante.png"))
    assert isinstance(refused.exception, JusanteError)
    assert "holds no head" in refused.exception.what


@pytest.mark.parametrize(("column", "value"), [("payload", "nonsense"), ("at", "gestern")])
def test_a_row_that_is_no_event_any_more_is_told_and_the_rest_is_read(tmp_path: Path, column: str, value: str) -> None:
    run(write_shop(tmp_path))
    _forge(tmp_path, f"update events set {column} = '{value}' where seq = 3")
    done = call(tmp_path, "audit", "verify", "--json")
    assert [(each["kind"], each["first_seq"]) for each in json.loads(done.stdout)["faults"]] == [("edited", 3)]
    rebuilt = call(tmp_path, "audit", "rebuild")
    assert isinstance(rebuilt.exception, JusanteError)
    assert rebuilt.exception.fix == "jusante audit verify"


def test_a_damaged_database_is_told_and_the_tables_tell_what_is_made_without_it(tmp_path: Path) -> None:
    run(write_shop(tmp_path))
    database = tmp_path / ".jusante" / "metadata.db"
    for file in database.parent.glob("metadata.db*"):
        file.unlink()
    database.write_bytes(b"\xff" * 5_000)
    told = _process(tmp_path, "runs")
    assert told.returncode == 1
    assert told.stderr.startswith("J300 the metadata database is damaged: file is not a database")
    database.rename(tmp_path / "away.db")
    assert {"marts.priced", "marts.by_product", "marts.names"}.isdisjoint(made(run(tmp_path)))


def test_a_damaged_catalogue_is_told_and_the_tables_are_made_anew_without_it(tmp_path: Path) -> None:
    before = run(write_shop(tmp_path))
    catalogue = tmp_path / ".jusante" / "catalog.db"
    catalogue.write_bytes(catalogue.read_bytes()[:5_000] + b"\xff" * 5_000)
    told = _process(tmp_path, "run")
    assert told.returncode == 1
    assert told.stderr.startswith("J300 the catalogue is damaged: ")
    assert "the next run makes all tables anew" in told.stderr
    catalogue.rename(tmp_path / "away.db")
    assert made(run(tmp_path)) == made(before)


def test_what_nobody_foresaw_ends_in_four_words_and_says_how_to_see_more(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(**_: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(cli, "main", breaks)
    monkeypatch.delenv("JUSANTE_TRACEBACK", raising=False)
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert "J000 ZeroDivisionError: of all things" in told
    assert re.search(r"at   jusante/cli/main\.py:\d+", told)
    assert "JUSANTE_TRACEBACK=1" in told
    monkeypatch.setenv("JUSANTE_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        main()


@pytest.mark.parametrize(
    "words", [["init", "{file}/new"], ["init", "{file}"], ["demo", "{file}/new", "--scale", "0.001"]]
)
def test_a_place_that_cannot_be_written_is_no_fault_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    file = tmp_path / "a file"
    file.touch()
    monkeypatch.setattr(sys, "argv", ["jusante", *(word.format(file=file) for word in words)])
    monkeypatch.delenv("JUSANTE_TRACEBACK", raising=False)
    with pytest.raises(SystemExit):
        main()
    told = capsys.readouterr().err
    assert told.startswith("J300 ")
    assert f"at   {file}" in told
    assert "fix  name another one" in told


@pytest.mark.parametrize(
    ("words", "what", "where"),
    [
        (["check", "--nope", "--json"], "No such option", "jusante check"),
        (["runs", "--json", "--limit", "many"], "many", "jusante runs"),
        (["chekc", "--json"], "did you mean check?", "jusante"),
    ],
)
def test_a_wrong_call_is_a_document_too_where_documents_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], what: str, where: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["jusante", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    error = json.loads(told.out)["error"]
    assert (ended.value.code, error["code"], told.err) == (2, "J001", "")
    assert what in error["what"]
    assert error["where"] == where
    assert error["fix"] == f"{where} --help"


def test_a_backfill_of_nothing_calls_nothing_well(tmp_path: Path) -> None:
    write(write_shop(tmp_path), {"models/marts/by_day.sql": BY_DAY})
    run(tmp_path)
    refused = call(tmp_path, "backfill", "marts.by_day", "--from", "2026-02", "--to", "2026-01")
    assert isinstance(refused.exception, JusanteError)
    assert refused.exception.where == "--to"
    before = len(json.loads(call(tmp_path, "runs", "--json").stdout)["runs"])
    done = call(tmp_path, "backfill", "marts.by_day", "--from", "2200-01")
    assert "nothing is to be made in these bounds" in done.output
    assert json.loads(call(tmp_path, "backfill", "marts.by_day", "--from", "2200-01", "--json").stdout)["tasks"] == []
    assert len(json.loads(call(tmp_path, "runs", "--json").stdout)["runs"]) == before


def _forge(folder: Path, statement: str) -> None:
    import sqlite3

    with sqlite3.connect(folder / ".jusante" / "metadata.db") as connection:
        connection.execute(statement)


def _process(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jusante", *words, "--project", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ))
