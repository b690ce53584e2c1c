"""A task that was told to stop begins no further query, whatever it was doing at that moment."""

import pytest

from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.errors import Cancelled
from jusante.orchestration.stopping import StoppableEngine


def test_what_a_function_gives_after_its_task_was_cancelled_goes_no_further() -> None:
    """A function of a Python model works in this process, where nothing stops it; its rows are still to be staged then."""
    engine = StoppableEngine(DuckDBEngine(EngineSettings(memory="100MB", threads=1)))
    told: list[tuple[int]] = []

    def work() -> None:
        with engine.task("m.x", None), engine.session() as session:
            told.extend(session.rows("select 1"))
            engine.stop_task("m.x", Cancelled("by somebody"))
            told.extend(session.rows("select 2"))

    with pytest.raises(Cancelled, match="by somebody"):
        work()
    assert told == [(1,)]
    with engine.task("m.x", None), engine.session() as session:
        assert session.rows("select 3") == [(3,)]
    engine.close()
