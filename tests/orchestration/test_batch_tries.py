"""How often a batch is tried: by the rules and classes of errors of a run's tasks, in whatever thread it is."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from jusante.core.asset import Asset
from jusante.core.model import Model, SqlModel
from jusante.core.place import Place
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.errors import AuditFailed, Cancelled, CommitConflict, EngineError, JusanteError, Stopped, TimedOut
from jusante.orchestration.batch_tries import BatchTries
from jusante.orchestration.conducting.laws import Law
from jusante.orchestration.stopping import StoppableEngine
from jusante.transformation.incremental.batches import Hitch
from jusante.transformation.sql_analysis import analyse

ASSET = Asset("m.days", Place("models/m/days.sql"), (), SqlModel(Model(), analyse("select 1 as x")))


@pytest.fixture
def engine() -> Iterator[StoppableEngine]:
    found = StoppableEngine(DuckDBEngine(EngineSettings(memory="200MB", threads=1)))
    with found.task(ASSET.id, None):
        yield found
    found.close()


@pytest.mark.parametrize(
    ("error", "insists", "tries"),
    [
        (CommitConflict("x"), False, 3),
        (TimedOut("x"), False, 1),
        (TimedOut("x"), True, 3),
        (EngineError("x"), True, 1),
        (AuditFailed("x"), True, 1),
        (Cancelled("x"), True, 1),
    ],
)
def test_what_may_pass_is_tried_again_and_nothing_else(
    engine: StoppableEngine, error: JusanteError, insists: bool, tries: int
) -> None:
    heard: list[Hitch] = []
    began: list[int] = []

    def work() -> None:
        began.append(1)
        raise error

    law = Law(ASSET.id, attempts=3, wait=dt.timedelta(0), insists=insists)
    with ThreadPoolExecutor(1) as pool, pytest.raises(type(error)):
        pool.submit(BatchTries(ASSET, law, engine, heard.append, lambda each: each).of, "2026-01-01", work).result()
    assert len(began) == tries
    assert [(each.tries, each.attempts) for each in heard] == [(number, 3) for number in range(1, tries)]


def test_what_was_told_to_stop_is_not_tried_again_by_itself(engine: StoppableEngine) -> None:
    heard: list[Hitch] = []
    law = Law(ASSET.id, attempts=3, wait=dt.timedelta(0), insists=True)
    tries = BatchTries(ASSET, law, engine, heard.append, lambda each: each)

    def work() -> None:
        tries.stop()
        with engine.session():
            pass

    with ThreadPoolExecutor(1) as pool, pytest.raises(Stopped, match="another batch of it failed"):
        pool.submit(tries.of, "2026-01-01", work).result()
    assert not heard
