"""What each run asks is looked up: no question reads more of the ledger the longer it is."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from jusante.storage.sql_metadata import SqlMetadata

NOW = dt.datetime(2026, 5, 20, 12, tzinfo=dt.UTC)
ASKED: dict[str, Callable[[SqlMetadata], object]] = {
    "the last events of a kind": lambda store: store.latest("task.failed", 3),
    "the last events of a kind about an asset": lambda store: store.latest("task.failed", 3, asset="a.b"),
    "the last events": lambda store: store.latest(None, 3),
    "the last tasks": lambda store: store.last_tasks(),
    "what a month took": lambda store: store.metered(NOW.replace(day=1), NOW),
    "what lies at rest": lambda store: store.stored(NOW, NOW),
    "what lay at rest in a week": lambda store: store.stored(NOW - dt.timedelta(days=7), NOW),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlMetadata]:
    store = SqlMetadata(f"sqlite:///{tmp_path / 'metadata.db'}")
    yield store
    store.close()


@pytest.mark.parametrize("asked", ASKED)
def test_nothing_is_read_through_or_sorted(store: SqlMetadata, asked: str) -> None:
    steps = _steps(store, ASKED[asked])
    assert steps
    for step in steps:
        assert not step.startswith(("SCAN tasks", "SCAN storage", "SCAN usage")), steps
        assert not step.startswith("SCAN events") or asked == "the last events", steps
        assert "TEMP B-TREE FOR ORDER BY" not in step, steps


def _steps(store: SqlMetadata, ask: Callable[[SqlMetadata], object]) -> list[str]:
    """How SQLite finds what is asked."""
    said: list[tuple[str, object]] = []

    @sa.event.listens_for(store._engine, "before_cursor_execute")
    def hear(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        said.append((statement, parameters))

    ask(store)
    sa.event.remove(store._engine, "before_cursor_execute", hear)
    with store._transaction() as connection:
        plans = [
            connection.exec_driver_sql(f"explain query plan {statement}", parameters) for statement, parameters in said
        ]
        return [str(step.detail) for plan in plans for step in plan]
