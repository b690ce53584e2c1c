"""Trying again what failed in passing."""

from collections.abc import Callable
from typing import TypeVar

from jusante.errors import SourceUnavailable

FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 10.0

T = TypeVar("T")


def retried(work: Callable[[], T], attempts: int, sleep: Callable[[float], None]) -> T:
    """What `work` gives, tried `attempts` times in all, with waits that double between; then its last error."""
    for attempt in range(1, attempts):
        try:
            return work()
        except SourceUnavailable as error:
            wait = FIRST_WAIT_SECONDS * 2 ** (attempt - 1)
            sleep(min(max(wait, error.retry_after_seconds or 0.0), LONGEST_WAIT_SECONDS))
    return work()
