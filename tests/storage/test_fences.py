"""Fences: whoever raises one is the only one behind it, and what was told there stays known."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from jusante.errors import LeaseLost
from jusante.storage.iceberg.fences import Fences


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[list[Fences]]:
    """What two processes have of the fences in one database."""
    engines = [sa.create_engine(f"sqlite:///{tmp_path / 'catalog.db'}") for _ in range(2)]
    yield [Fences(engine) for engine in engines]
    for engine in engines:
        engine.dispose()


def test_of_two_with_one_token_the_second_is_refused(processes: list[Fences]) -> None:
    first, second = processes
    assert second.height("*") == 0
    first.raise_to("*", 3)
    for token in (2, 3):
        with pytest.raises(LeaseLost):
            second.raise_to("*", token)
    assert second.height("*") == 3
    second.raise_to("*", 4)
    assert (first.height("*"), first.height("a.b")) == (4, 0)
