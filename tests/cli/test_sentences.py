"""Sentences agree with what they count, and times are told as people tell them."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from jusante.cli.incident_report import tell_list
from jusante.cli.main import cli
from jusante.core.incident import Cause, Incident
from jusante.dataops.incidents.notices import for_owner
from projects import SHOP, write, write_shop

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
INCIDENT = Incident(
    1, ("k",), "open", "high", Cause("m.a", "task", "k", "it failed"), ("m.a",), ("m.b",), (), (), None, NOW, NOW
)


def test_one_asset_keeps_what_it_had_and_two_keep_what_they_had() -> None:
    assert "1 asset below keeps what it had: m.b" in for_owner(INCIDENT)
    assert "2 assets below keep what they had: m.b, m.c" in for_owner(replace(INCIDENT, below=("m.b", "m.c")))


def test_a_list_of_what_is_over_names_none_that_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    tell_list([replace(INCIDENT, state="resolved", resolved=NOW)], NOW, with_past=True)
    tell_list([INCIDENT], NOW, with_past=True)
    told = capsys.readouterr().out
    assert "No incident goes on. To read one: jusante incidents show I1" in told
    assert "1 incident goes on. Next: jusante incidents show I1" in told


def test_a_target_is_told_in_words(tmp_path: Path) -> None:
    write_shop(tmp_path)
    write(
        tmp_path,
        {"sources/shop.yaml": SHOP["sources/shop.yaml"].replace("cursor: changed", "cursor: changed, fresh: 90m")},
    )
    assert "No older than 1 h 30 min" in CliRunner().invoke(cli, ["schedule", "--project", str(tmp_path)]).stdout
