"""Times that options give mean the same on each machine."""

import datetime as dt
import re
import time
from collections.abc import Callable, Iterator

import pytest

from jusante.cli.times import coming, meant, moment, since
from jusante.errors import UsageError

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


def test_a_length_is_counted_from_now() -> None:
    assert meant("3h", "--until", NOW) == coming("3h", NOW) == NOW + dt.timedelta(hours=3)
    assert meant("2026-06-02 07:00", "--from", NOW) == dt.datetime(2026, 6, 2, 7, tzinfo=dt.UTC)


@pytest.mark.parametrize("text", ["3x", "tomorrow", "2026-13-01", "9999-12-31T23:59-10:00", "3h 20"])
@pytest.mark.parametrize("read", [moment, lambda text, option: meant(text, option, NOW)])
def test_what_is_no_time_is_told_in_our_words(text: str, read: Callable[[str, str], dt.datetime]) -> None:
    with pytest.raises(UsageError, match=re.escape(repr(text))) as refused:
        read(text, "--until")
    assert refused.value.where == "--until"
    assert "--until" in refused.value.fix
