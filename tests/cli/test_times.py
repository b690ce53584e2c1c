"""Times that options give mean the same on each machine."""

import datetime as dt
import time
from collections.abc import Iterator

import pytest

from jusante.cli.times import coming, moment, since

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock shows another time than UTC."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "America/Sao_Paulo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "hour"), [("2026-06-02 07:00", 7), ("2026-06-02T07:00-03:00", 10), ("2026-06-02T07:00Z", 7)]
)
def test_a_time_without_an_offset_is_in_utc(text: str, hour: int) -> None:
    meant = dt.datetime(2026, 6, 2, hour, tzinfo=dt.UTC)
    assert coming(text, NOW) == moment(text, "--from") == meant
    assert since(text, NOW + dt.timedelta(days=9)) == meant
