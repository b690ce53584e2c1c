"""What has been run, as a shell sees it: chosen, in a narrow terminal, and while it goes on."""

import datetime as dt
import json
import os
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console
from rich.text import Text

from jusante.app import Lake
from jusante.app.cancelling import cancel
from jusante.app.spending import Line
from jusante.cli.console import tell, tell_beside
from jusante.cli.costs_report import _last_days
from jusante.cli.history import _row
from jusante.cli.main import cli
from jusante.core.event import Event
from jusante.core.run import Done, Run, Task
from jusante.errors import JusanteError, UsageError
from projects import run, write, write_shop

RUN = "r20260101-000000-aaaa"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a run that went well, one that did not, and one that goes on and has loaded a table."""
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    run(folder, "files.prices")
    write(folder, {"models/marts/by_product.sql": "select nothing from marts.priced"})
    run(folder)
    with Lake.open(folder) as lake:
        lake.metadata.begin(Run(RUN, "run", "dev", dt.datetime.now(dt.UTC), "here", os.getpid()))
        lake.metadata.record(RUN, [Done(Task("files.prices", "ingest", "succeeded", "news"))])
    return folder


def call(folder: Path, *words: str) -> Result:
    """One command."""
    return CliRunner().invoke(cli, [*words, "--project", str(folder)])


def began(folder: Path) -> dt.datetime:
    """When the run that goes on has begun."""
    with Lake.open(folder) as lake:
        found = lake.metadata.run(RUN)
    assert found
    return found.started_at


def statuses(folder: Path, *words: str) -> list[str]:
    return [each["status"] for each in json.loads(call(folder, "runs", *words, "--json").stdout)["runs"]]


def test_runs_are_chosen_by_how_they_ended_when_they_began_and_what_they_made(shop: Path) -> None:
    assert statuses(shop) == ["running", "partial", "succeeded"]
    assert statuses(shop, "--status", "partial", "--status", "failed") == ["partial"]
    assert statuses(shop, "--asset", "marts.priced") == ["partial"]
    assert statuses(shop, "--since", "1h", "--limit", "1") == ["running"]
    assert statuses(shop, "--since", str(began(shop))) == ["running"]
    assert "No run is like that" in call(shop, "runs", "--asset", "marts.unheard_of").output
    assert "There may be more: --limit 10" in call(shop, "runs", "--limit", "1").output
    refused = call(shop, "runs", "--since", "yesterday")
    assert isinstance(refused.exception, JusanteError)
    assert refused.exception.where == "--since"


def test_events_are_told_from_a_moment_on(shop: Path) -> None:
    found = json.loads(call(shop, "audit", "events", "--since", str(began(shop)), "--json").stdout)["events"]
    assert {each["run_id"] for each in found} == {RUN}
    assert {each["kind"] for each in found} == {"run.started", "task.succeeded"}


def test_a_run_that_goes_on_has_taken_time_and_says_how_to_stop_it(shop: Path) -> None:
    told = call(shop, "logs").output
    assert "1 made in 0.0 s" not in told
    assert f"It goes on, as far as is known: process {os.getpid()} on here. Next: jusante logs, jusante cancel" in told


def test_a_run_in_which_nothing_has_ended_yet_is_not_called_idle(tmp_path: Path) -> None:
    with Lake.open(write_shop(tmp_path)) as lake:
        lake.metadata.begin(Run(RUN, "run", "dev", dt.datetime.now(dt.UTC), "here", os.getpid()))
    told = call(tmp_path, "logs").output
    assert "Nothing has ended in it yet" in told
    assert "stale" not in told


def test_what_has_ended_in_a_run_is_not_called_cancelled(shop: Path) -> None:
    with Lake.open(shop) as lake:
        with pytest.raises(UsageError, match=r"files\.prices has ended already in what runs"):
            cancel(lake, ("files.prices",), "", dt.datetime.now(dt.UTC), 0)
        with pytest.raises(UsageError, match="r2027 does not run") as refused:
            cancel(lake, ("r2027",), "", dt.datetime.now(dt.UTC), 0)
        assert refused.value.fix == "what runs is r20260101-000000-aaaa"
        by_prefix = cancel(lake, ("r2026",), "", dt.datetime.now(dt.UTC), 0)
        assert [(each.run_id, each.assets) for each in by_prefix] == [(RUN, ())]
        some = cancel(lake, ("files.prices", "marts.priced"), "", dt.datetime.now(dt.UTC), 0)
        assert [each.assets for each in some] == [("marts.priced",)]


@pytest.mark.parametrize("columns", [40, 72, 100])
def test_a_long_text_stays_beside_its_head(columns: int) -> None:
    long = "a word " * 40
    for told in (_printed(columns, long), _printed_error(columns, long)):
        lines = told.splitlines()
        assert len(lines) > 1
        assert all(len(line) <= columns for line in lines)
        assert {len(line) - len(line.lstrip()) for line in lines[1:]} == {7}


def _printed(columns: int, text: str) -> str:
    console = Console(file=StringIO(), width=columns)
    tell_beside(console, Text("  fix  "), Text(text))
    return _text(console)


def _printed_error(columns: int, text: str) -> str:
    console = Console(file=StringIO(), width=columns)
    tell(console, "J001", "what", "", text, "red")
    return _text(console).partition("\n")[2]


def _text(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("costs", "shown"), [([0, 0, 3, 0, 1], [3, 0, 1]), ([0], [0]), ([1] * 80, [1] * 40), ([0, 0], [0])]
)
def test_days_before_the_first_that_cost_something_are_left_out(costs: Sequence[int], shown: Sequence[int]) -> None:
    from decimal import Decimal

    lines = tuple(Line(str(number), "day", Decimal(usd), Decimal(usd)) for number, usd in enumerate(costs))
    assert [line.full for line in _last_days(lines)] == shown
    assert _last_days(lines)[-1] == lines[-1]


def test_a_run_that_began_a_moment_ago_has_taken_no_time_yet() -> None:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    ahead = Run(RUN, "run", "dev", now + dt.timedelta(seconds=0.5), "here", 1)
    assert _row(ahead, now)[2] == "0.0"


@pytest.mark.parametrize(
    ("words", "up_to_date"), [(["marts.names"], "1 up to date"), (["files.prices"], "0 up to date")]
)
def test_a_plan_of_some_assets_says_nothing_of_the_others(shop: Path, words: list[str], up_to_date: str) -> None:
    assert f", {up_to_date}" in call(shop, "plan", *words).stdout


def test_what_never_happened_is_told_with_what_did(shop: Path) -> None:
    nope = call(shop, "audit", "events", "--kind", "run.startd")
    assert nope.stdout.startswith("Nothing of the kind run.startd has happened. Did you mean run.started?")
    assert "task.succeeded" in nope.stdout
    assert call(shop, "audit", "events", "--kind", "run.started", "--asset", "files.prices").stdout.startswith(
        "Nothing of that"
    )
    refused = call(shop, "audit", "events", "--asset", "marts.prced").exception
    assert isinstance(refused, UsageError)
    assert refused.fix == "did you mean marts.priced?"
    with Lake.open(shop) as lake:
        lake.metadata.tell([Event("asset.paused", dt.datetime.now(dt.UTC), asset="marts.of_before")])
    assert "marts.of_before" in call(shop, "audit", "events", "--asset", "marts.of_before").stdout


def test_what_cannot_be_skipped_or_resumed_is_said(shop: Path) -> None:
    assert "no clock or condition makes files.prices" in call(shop, "skip", "files.prices").stdout
    assert (
        "neither paused nor skipped before" not in call(shop, "resume", "files.prices").stdout
    )  # it takes back the skip
    assert "neither paused nor skipped before: files.prices" in call(shop, "resume", "files.prices").stdout
    call(shop, "pause", "files.prices")
    assert "neither paused" not in call(shop, "resume", "files.prices").stdout
