"""Changes of data with known answers are found, and loads that did not change are not spoken of.

A part of `benchmarks/data_drift.py`, which runs more of both and writes down how many are found.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from changes import CHANGES, Known
from jusante.core.profile import Profile
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.ports.engine import Session
from loads import SHAPES, Columns
from profiles import changed, days

LOADS = 25
SEED = 4


@dataclass(slots=True)
class Histories:
    """The loads of each shape, made once; the last one's columns are what changes befall."""

    session: Session
    alarms: list[str] = field(default_factory=list)
    judged: int = 0
    made: dict[str, tuple[list[Profile], Columns]] = field(default_factory=dict)

    def of(self, name: str) -> tuple[list[Profile], Columns]:
        if name not in self.made:
            loads = list(days(self.session, SHAPES[name], np.random.default_rng(SEED), LOADS))
            self.alarms += [f"{name}: {column}" for _, found, _ in loads for column in found]
            self.judged += len(loads) - 7
            self.made[name] = [profile for profile, _, _ in loads[:-1]], loads[-1][2]
        return self.made[name]


@pytest.fixture(scope="module")
def histories() -> Iterator[Histories]:
    engine = DuckDBEngine(EngineSettings(memory="500MB", threads=1))
    with engine.session() as session:
        yield Histories(session)
    engine.close()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_a_change_is_found_where_it_is(change: Known, histories: Histories) -> None:
    past, columns = histories.of(change.shape)
    is_found, found = changed(histories.session, change, past, columns, SEED)
    assert is_found, {name: (deviation.change, deviation.after) for name, deviation in found.items()}


def test_loads_that_did_not_change_are_not_spoken_of(histories: Histories) -> None:
    for name in SHAPES:
        histories.of(name)
    assert histories.judged == len(SHAPES) * (LOADS - 7)
    assert len(histories.alarms) <= 0.02 * histories.judged, histories.alarms
