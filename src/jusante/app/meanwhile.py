"""What goes on beside a run: whoever decides looks around while what was decided is done."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

LEAST_SECONDS = 1.0
"""It is looked around once in so long at the most."""


@contextmanager
def meanwhile(look: Callable[[], float], first_seconds: float) -> Iterator[None]:
    """Call `look` again and again while the block runs, in a thread of its own; it says in how many seconds anew.

    It is never called once the block is left. What it raises is raised then; it is not called again.
    """
    over = threading.Event()

    def looking() -> None:
        seconds = first_seconds
        while not over.wait(seconds):
            seconds = look()

    with ThreadPoolExecutor(1, thread_name_prefix="meanwhile") as pool:
        looked = pool.submit(looking)
        try:
            yield
        finally:
            over.set()
        looked.result()


def seconds_until(wake: dt.datetime | None, now: dt.datetime, longest: dt.timedelta) -> float:
    """How long to wait for a time: not too long, and not so short that nothing but looking is done."""
    wait = min(wake - now, longest) if wake else longest
    return max(wait.total_seconds(), LEAST_SECONDS)
