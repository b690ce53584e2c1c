"""Who holds a project: by a lock of the system where all are on one machine, by leases where they share a database."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from jusante.app import clock
from jusante.app.system import System
from jusante.core import duration
from jusante.core.lease import Lease
from jusante.core.run import Run
from jusante.engineering.settings import Settings
from jusante.errors import LeaseLost, ProjectBusy, StorageError
from jusante.orchestration.heartbeat import kept
from jusante.ports.leases import Leases
from jusante.ports.table_store import EVERY_TABLE
from jusante.storage.run_lock import alone, held

RUN, UP, TELL, ANNOUNCE = "run", "up", "tell", "announce"
ASK_SECONDS = 0.2


@contextmanager
def run_held(system: System, run: Run, wait_seconds: float, lost: Callable[[], None]) -> Iterator[Lease | None]:
    """Hold the project for a run, by a lease or (None) by a lock. Raises ProjectBusy, which names the holder, if it is not
    free in `wait_seconds`.

    `lost` is called, from another thread, where another process has taken over; whatever this one does then, it cannot
    publish any more.
    """
    leases = system.metadata.leases
    if leases is None:
        with held(system.settings.lock, run, wait_seconds):
            yield None
        return
    holder = f"run {run.run_id}, process {run.pid} on {run.host}, since {run.started_at:%Y-%m-%d %H:%M:%S} UTC"
    lease = _taken(leases, RUN, holder, lease_seconds(system), wait_seconds)
    if lease is None:
        who = leases.holder(RUN) or "it has just ended"
        raise ProjectBusy(
            f"another run holds the project: {who}", fix="wait for it with --wait 600, or stop it: jusante cancel"
        )
    lease = _above_fences(system, leases, lease)
    with kept(leases, lease, lease_seconds(system), lost, patient=True):
        system.store.fence(EVERY_TABLE, lease.token)
        queue = system.metadata.queue
        assert queue
        before = system.metadata.write_under(lease)
        try:
            queue.open()
            yield lease
        finally:
            with suppress(StorageError):  # whoever is next empties it as well
                queue.close(run.run_id)
            system.metadata.write_under(before)
            system.store.unfence(EVERY_TABLE)


@contextmanager
def leading(system: System, who: str, lost: Callable[[], None]) -> Iterator[None]:
    """Be the one process that decides what is due. Raises ProjectBusy where there is another one."""
    leases = system.metadata.leases
    if leases is None:
        with alone(system.settings.state / "up.lock", "jusante up"):
            yield
        return
    lease = leases.take(UP, who, lease_seconds(system))
    if lease is None:
        holder = leases.holder(UP) or "it has just ended"
        busy = ProjectBusy(f"jusante up runs already: {holder}", fix="this one can stand by: jusante up --stand-by")
        busy.holder = holder
        raise busy
    with kept(leases, lease, lease_seconds(system), lost, patient=True):
        before = system.metadata.write_under(lease)
        try:
            yield
        finally:
            system.metadata.write_under(before)


@contextmanager
def idle(settings: Settings) -> Iterator[None]:
    """While the block runs nobody runs or decides anything. Raises ProjectBusy, which names who does; nothing is waited for.

    It asks a database of any revision: that is what is about to change.
    """
    from jusante.storage.sql_metadata import migrations

    me = Run("migrate", "migrate", "", clock.now(), socket.gethostname(), os.getpid())
    try:
        if not settings.metadata_url.startswith("sqlite"):
            who = f"jusante migrate, process {me.pid} on {me.host}"
            with migrations.held(settings.metadata_url, (UP, RUN), who):
                yield
            return
        with alone(settings.state / "up.lock", "jusante up"), held(settings.lock, me, 0.0):
            yield
    except ProjectBusy as busy:
        fix = "stop it, or wait for its end; then: jusante migrate"
        raise ProjectBusy(f"nothing is migrated while somebody works: {busy.what}", where=busy.where, fix=fix) from None


@contextmanager
def telling(system: System, wait_seconds: float) -> Iterator[Callable[[], bool]]:
    """Be the one process that sends notices; whether it still is. Raises ProjectBusy where another one does for so long."""
    leases = system.metadata.leases
    if leases is None:
        with alone(system.settings.state / "notices.lock", "telling owners", wait_seconds):
            yield lambda: True
        return
    lost = threading.Event()
    with _leased(system, leases, TELL, "another process tells people for this project", wait_seconds, lost.set):
        yield lambda: not lost.is_set()


@contextmanager
def announcing(system: System, wait_seconds: float) -> Iterator[None]:
    """Be the one process that gives announcements their numbers; what another one has taken over is not written.

    Raises ProjectBusy where another one does it for so long.
    """
    leases = system.metadata.leases
    if leases is None:
        with alone(system.settings.state / "announcements.lock", "announcing", wait_seconds):
            yield
        return
    with _leased(system, leases, ANNOUNCE, "another process announces something", wait_seconds, _nothing) as lease:
        before = system.metadata.write_under(lease)
        try:
            yield
        finally:
            system.metadata.write_under(before)


@contextmanager
def _leased(  # a lease by its name, and what is said and done without it
    system: System, leases: Leases, name: str, busy: str, wait_seconds: float, lost: Callable[[], None]
) -> Iterator[Lease]:
    seconds = lease_seconds(system)
    lease = _taken(leases, name, f"process {os.getpid()} on {socket.gethostname()}", seconds, wait_seconds)
    if lease is None:
        raise ProjectBusy(busy, fix="try again")
    with kept(leases, lease, seconds, lost):
        yield lease


def _nothing() -> None:
    """Whoever has lost a lease is told when it writes."""


def _taken(leases: Leases, name: str, holder: str, seconds: float, wait_seconds: float) -> Lease | None:
    """A lease, or None where it is not free in `wait_seconds`."""
    until = time.monotonic() + wait_seconds
    while (lease := leases.take(name, holder, seconds)) is None:
        if time.monotonic() > until:
            return None
        time.sleep(ASK_SECONDS)
    return lease


def _above_fences(system: System, leases: Leases, lease: Lease) -> Lease:
    """The lease under a token that no process has told the catalogue, which may know higher ones than a memory that was lost
    or put back. Raises LeaseLost.

    The lease is raised before the fence: whoever has lost it meanwhile learns of it here, and fences nobody off.
    """
    try:
        height = system.store.fence_height(EVERY_TABLE)
        higher = leases.raise_to(lease, height + 1, lease_seconds(system)) if height >= lease.token else lease
    except StorageError:
        with suppress(StorageError):  # it runs out by itself
            leases.release(lease)
        raise
    if higher is None:
        what = "another process has taken over meanwhile, as this one was silent for too long"
        raise LeaseLost(what, where="the project", fix="nothing is lost: the other one goes on")
    return higher


def lease_seconds(system: System) -> float:
    """How long a process may be silent before another one takes over."""
    return duration.parse(system.project.environment.lease).total_seconds()
