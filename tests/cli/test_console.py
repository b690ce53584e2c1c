"""What is printed: no text is taken for markup, and lines end where their text does."""

import datetime as dt
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

from jusante import doctor
from jusante.app import Lake
from jusante.cli import console
from jusante.cli.main import cli
from jusante.core.event import Event
from jusante.core.run import Run
from projects import SHOP, write, write_shop

NOW = dt.datetime(2026, 11, 25, 17, 10, 6, tzinfo=dt.UTC)


def test_brackets_are_printed_as_they_are_in_texts_marks_and_tables(capsys: pytest.CaptureFixture[str]) -> None:
    said = 'pip install "jusante[postgres]" [/] [bold]:boom:'
    table = console.grid("a", "b")
    table.add_row(said, said)
    for each in (said, console.marked("✓", "green", said), table, Padding(said, (0, 4))):
        console.out().print(each)
    assert capsys.readouterr().out.count(said) == 5


def test_lines_end_where_their_text_does(capsys: pytest.CaptureFixture[str]) -> None:
    table = console.grid("name", "what")
    table.add_row("one", Text("two"))
    table.add_row("a longer one", "")
    padded = Padding("deep\nand deeper", (0, 3, 1, 3))
    for each in (table, padded, "plain  ", Text("a  \n  b  ")):
        console.out().print(each)
    console.err().print(padded, style="dim")
    told = capsys.readouterr()
    assert told.err == "   deep\n   and deeper\n\n"
    first, *rest = told.out.splitlines()
    assert first.split() == ["name", "what"]
    assert rest == ["one           two", "a longer one", *told.err.splitlines(), "plain", "a", "  b"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a  ", "\n", "b"], "a\nb"),
        (["a ", " ", " \n  b"], "a\n  b"),
        (["a ", " ", "b "], "a  b "),
        (["\n", "  \n"], "\n\n"),
        ([" ", "a"], " a"),
    ],
)
def test_blanks_before_the_end_of_a_line_are_left_out(texts: list[str], expected: str) -> None:
    assert "".join(segment.text for segment in console.trimmed(Segment(text) for text in texts)) == expected


def test_doctor_names_the_extra_of_each_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "OPTIONAL", {"jusante.no_such_part": ("PostgreSQL sources", "postgres")})
    assert 'pip install "jusante[postgres]"' in CliRunner().invoke(cli, ["doctor", "--project", str(tmp_path)]).stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with a clock."""
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    clocked = SHOP["sources/shop.yaml"].replace("cursor: changed", "cursor: changed, every: 1d")
    return write(folder, {"sources/shop.yaml": clocked})


@pytest.mark.parametrize("words", ["schedule", "quality", "plan", "doctor", "runs", "catalog search orders", "check"])
def test_no_line_of_a_command_ends_in_blanks(shop: Path, words: str) -> None:
    told = CliRunner().invoke(cli, [*words.split(), "--project", str(shop)])
    assert told.exit_code == 0, told.output
    assert told.output.strip()
    assert [line for line in told.output.splitlines() if line != line.rstrip()] == []
    assert max(map(len, told.output.splitlines())) < 1_000


@pytest.mark.parametrize(("width", "is_whole"), [(60, True), (34, True), (33, False)])
def test_names_stay_whole_where_the_others_are_left_a_words_width(width: int, is_whole: bool) -> None:
    table = console.grid("model", "why", names=("model",))
    table.add_row("marts.weather_by_station", "is made by hand, when somebody says so")
    stream = StringIO()
    Console(width=width, file=stream).print(table)
    assert ("marts.weather_by_station" in stream.getvalue()) == is_whole
    assert max(map(len, stream.getvalue().splitlines())) <= width


def test_names_and_ids_of_runs_and_events_stay_whole_in_a_narrow_terminal(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Lake.open(shop) as lake:
        lake.metadata.begin(Run("r20261125-171006-edb3", "run marts.rentals_by_station", "dev", NOW, "here", 1))
        lake.metadata.tell([Event("asset.resumed", NOW, asset="marts.rentals_by_station")])
    monkeypatch.setattr(console, "_width", lambda _: 72)
    for words in (["runs"], ["audit", "events"]):
        told = CliRunner().invoke(cli, [*words, "--project", str(shop)]).stdout
        assert "r20261125-171006-edb3" in told
        assert "marts.rentals_by_station" in told
