"""Processor time of tasks that work at once: all of it is given to somebody, and to the right one."""

import threading
import time
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from jusante.architecture.cost.metering import Clocks, Meter, Spent, _shares, clocks
from jusante.engines.duckdb.engine import DuckDBEngine


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_shares_add_up_and_are_in_proportion(whole: int, weights: list[int]) -> None:
    parts = _shares(whole, weights)
    assert sum(parts) == whole
    if any(weights):
        total = sum(weights)
        assert all(
            abs(part - whole * weight / total) <= 1 + whole / 1e12 for part, weight in zip(parts, weights, strict=True)
        )


def burn(seconds: float) -> None:
    """Work in this thread until it has used so much."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(500))


def at_once(meter: Meter, *works: Callable[[], None]) -> list[Spent]:
    """Do pieces of work at once, a thread each; what each has used."""
    found: dict[int, Spent] = {}

    def do(number: int, work: Callable[[], None]) -> None:
        with meter.working() as spent:
            work()
        found[number] = spent

    threads = [threading.Thread(target=do, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[number] for number in range(len(works))]


def test_all_that_the_process_used_is_given_to_somebody_and_python_work_to_its_own_thread() -> None:
    meter = Meter()
    before = time.process_time_ns()
    short, long = at_once(meter, lambda: burn(0.05), lambda: burn(0.2))
    used = time.process_time_ns() - before
    assert 0.05 <= short.cpu_seconds < 0.1
    assert 0.2 <= long.cpu_seconds < 0.3
    assert short.cpu_ns + long.cpu_ns + meter.unclaimed_ns >= 0.9 * used
    assert short.cpu_ns + long.cpu_ns <= used


def test_threads_of_the_engine_are_put_down_to_whoever_had_a_query_open() -> None:
    engine, meter = DuckDBEngine(), Meter()
    own: dict[str, float] = {}

    def ask() -> None:
        with meter.querying(), engine.session() as session:
            session.rows("select count(*) from (select range % 1000003 as k from range(6000000) group by k)")
        own["ask"] = time.thread_time()

    def idle() -> None:
        burn(0.02)

    before = time.process_time_ns()
    asked, idled = at_once(meter, ask, idle)
    used = time.process_time_ns() - before
    engine.close()
    assert asked.cpu_seconds >= own["ask"] - 0.01
    assert idled.cpu_seconds < 0.1
    assert asked.cpu_ns + idled.cpu_ns + meter.unclaimed_ns >= 0.9 * used


def test_where_nobody_tells_of_other_threads_all_is_shared_out_all_the_same() -> None:
    meter = Meter(Clocks(process=time.process_time_ns))
    before = time.process_time_ns()
    one, other = at_once(meter, lambda: burn(0.05), lambda: burn(0.05))
    used = time.process_time_ns() - before
    assert 0.5 * used < one.cpu_ns + other.cpu_ns <= used


def test_work_within_work_is_part_of_it_and_requests_are_counted() -> None:
    meter = Meter(clocks())
    with meter.working() as outer:
        with meter.working() as inner:
            burn(0.02)
            meter.add(requests=3, cpu_seconds=1.5)
        burn(0.01)
    assert inner.requests == outer.requests == 3
    assert inner.cpu_seconds >= 1.52
    assert outer.cpu_seconds >= inner.cpu_seconds + 0.01
    meter.add(requests=5)
    assert outer.requests == 3
