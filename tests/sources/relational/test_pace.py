"""Pace and patience, with a clock that only moves when somebody sleeps."""

import pytest

from jusante.errors import SourceDenied, SourceUnavailable
from jusante.sources.relational.pace import TokenBucket
from jusante.sources.relational.retry import LONGEST_WAIT_SECONDS, retried


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.mark.parametrize("batch", [1, 7, 50, 400])
def test_a_bucket_lets_through_no_more_than_its_rate_and_one_second(batch: int) -> None:
    clock = Clock()
    bucket = TokenBucket(100, clock, clock.sleep)
    passed = 0
    while passed < 4000:
        bucket.take(batch)
        assert passed <= 100 * (clock.now + 1) + batch
        passed += batch
    assert clock.now == pytest.approx(4000 / 100, abs=batch / 100 + 2)


def test_a_passing_failure_is_tried_again_with_longer_waits_up_to_a_bound() -> None:
    clock, tries = Clock(), []

    def down() -> None:
        tries.append(clock.now)
        raise SourceUnavailable("down")

    with pytest.raises(SourceUnavailable):
        retried(down, 10, clock.sleep)
    assert len(tries) == 10
    assert clock.slept == sorted(clock.slept)
    assert clock.slept[-1] == LONGEST_WAIT_SECONDS


def test_a_refusal_is_not_tried_again() -> None:
    clock, tries = Clock(), []

    def denied() -> None:
        tries.append(1)
        raise SourceDenied("no")

    with pytest.raises(SourceDenied):
        retried(denied, 5, clock.sleep)
    assert (len(tries), clock.slept) == (1, [])
