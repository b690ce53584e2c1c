"""A year of schedules, decided from wake to wake and held against a count of every minute; more in benchmarks/scheduling.py."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from jusante.core.cron import Cron

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def scheduling(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("numpy")
    monkeypatch.syspath_prepend(BENCHMARKS)
    found = importlib.util.spec_from_file_location("scheduling", BENCHMARKS / "scheduling.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    monkeypatch.setitem(sys.modules, "scheduling", module)
    found.loader.exec_module(module)
    return module


def test_a_year_of_schedules_fires_when_the_clock_on_the_wall_says(scheduling: ModuleType) -> None:
    crons = [
        Cron("30 2 * * *", "Australia/Lord_Howe"),
        Cron("15 2 * * 0", "Australia/Lord_Howe"),
        Cron("*/15 1-3 * * *", "Australia/Lord_Howe"),
        Cron("0 0 * * *", "America/Santiago"),
        Cron("45 23 * * *", "America/Santiago"),
        Cron("30 2 * * 1-5", "Africa/Casablanca"),
    ]
    fired = scheduling.simulated(crons, 365)

    assert fired == [scheduling.counted(cron, 365) for cron in crons]
    assert 364 <= len(fired[0]) <= 366
