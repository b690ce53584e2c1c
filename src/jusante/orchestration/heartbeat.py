"""A lease that is kept while something goes on, and what is done where it cannot be kept."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from jusante.core.lease import Lease
from jusante.errors import StorageError
from jusante.ports.leases import Leases

BEATS = 3
"""So often it is renewed within the time that it is good for."""


@contextmanager
def kept(
    leases: Leases, lease: Lease, seconds: float, lost: Callable[[], None], *, patient: bool = False
) -> Iterator[None]:
    """Have a lease while the block runs, then give it back.

    `lost` is called once, from another thread, where it went to somebody else, or where the database did not answer for so
    long that it may have; for `patient`, only once it is known. What is published needs no such call to be safe: see
    `TableStore.fence`.
    """
    done = threading.Event()
    longest = math.inf if patient else seconds
    beating = threading.Thread(
        target=_beat, args=(leases, lease, seconds, longest, lost, done), name="heartbeat", daemon=True
    )
    beating.start()
    try:
        yield
    finally:
        done.set()
        beating.join()
        with suppress(StorageError):  # it runs out by itself
            leases.release(lease)


def _beat(
    leases: Leases, lease: Lease, seconds: float, longest: float, lost: Callable[[], None], done: threading.Event
) -> None:
    last = time.monotonic()
    while not done.wait(seconds / BEATS):
        asked = time.monotonic()
        try:
            if not leases.renew(lease, seconds):
                break
            last = asked
        except StorageError:
            if time.monotonic() - last > longest:
                break
    else:
        return
    lost()
