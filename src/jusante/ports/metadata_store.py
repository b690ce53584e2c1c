"""Where runs, tasks and states are kept, and the ledger of events. Each change and its event are one transaction."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from jusante.core.cost import Metered, Stored, Usage
from jusante.core.event import Event, Fault, Segment, Stray
from jusante.core.incident import Incident
from jusante.core.lease import Lease
from jusante.core.run import AssetState, Done, Run, Task
from jusante.ports.leases import Leases
from jusante.ports.task_queue import TaskQueue


class MetadataStore(Protocol):
    """The memory of a project. Errors are `StorageError`s."""

    def begin(self, run: Run) -> None:
        """A run has started."""

    def end(self, run: Run) -> None:
        """A run has ended, with the status and time it bears."""

    def record(self, run_id: str, done: Sequence[Done]) -> None:
        """Tasks of a run that have ended, in one transaction."""

    def remember(self, states: Sequence[AssetState], kind: str) -> None:
        """States that came about outside of a run's tasks; `kind` names the event (`reconciled`, `rolled_back`)."""

    def states(self, names: Collection[str] | None = None) -> Mapping[str, AssetState]:
        """The state of every asset (of these, where they are named) that has one."""

    def runs(
        self,
        limit: int,
        *,
        statuses: Collection[str] = (),
        since: dt.datetime | None = None,
        asset: str | None = None,
    ) -> tuple[Run, ...]:
        """The latest runs, newest first: of these statuses, begun since then, that did something about this asset."""

    def run(self, run_id: str) -> Run | None:
        """A run by its id."""

    def tasks(self, run_id: str) -> tuple[Task, ...]:
        """What a run did, in the order in which it was done."""

    def last_tasks(self) -> Mapping[str, Task]:
        """The last task of every asset that was not a skip."""

    def unfinished(self) -> tuple[Run, ...]:
        """Runs that have begun and not ended."""

    def tell(self, events: Sequence[Event]) -> None:
        """Events that are the whole of what happened: a finding, a decision, a measurement. One transaction."""

    def take(self, called: Sequence[Event]) -> tuple[Event, ...]:
        """Calls from outside, each an event with the `message` that it bears: tell of those that nobody has taken in the last days.

        Gives those. Others may take at the same time: each call is taken once.
        """

    def events(self, after: int, limit: int) -> tuple[Event, ...]:
        """The ledger from a sequence number on, oldest first.

        Who goes on from the last of them misses none: what may still appear before an event holds it back.
        """

    def latest(
        self, kind: str | None, limit: int, *, asset: str | None = None, since: dt.datetime | None = None
    ) -> tuple[Event, ...]:
        """The last events of a kind (of any, for None), newest first: those about one asset, and since then."""

    def last_of_each(self, kinds: Collection[str], limit: int, *, upto: int) -> tuple[Event, ...]:
        """The last events of each of these kinds about each asset, not after a sequence number; oldest first."""

    def incidents(self, states: Sequence[str] | None, limit: int) -> tuple[Incident, ...]:
        """The incidents in these states (in any, for None), newest first."""

    def incident(self, number: int) -> Incident | None:
        """An incident by its number."""

    @property
    def leases(self) -> Leases | None:
        """Leases, where several machines can share this memory; None where all who use it are on one machine."""

    @property
    def queue(self) -> TaskQueue | None:
        """The tasks that wait for workers, where there can be workers on several machines; None where all are in one process."""

    def write_under(self, lease: Lease | None) -> Lease | None:
        """From now on write only while this lease is ours, and raise LeaseLost where it is not; None: write in any case.

        Gives the lease under which was written before.
        """

    def metered(self, since: dt.datetime, until: dt.datetime) -> tuple[Metered, ...]:
        """What was done and asked from a moment to another, summed up by day, asset and person."""

    def last_usage(self, assets: Collection[str], limit: int) -> Mapping[str, tuple[Usage, ...]]:
        """What the last successful tasks of each of these assets took, newest first."""

    def stored(self, since: dt.datetime, until: dt.datetime) -> tuple[Stored, ...]:
        """How much of each table lay at rest: what stood at the beginning, and each change since, oldest first."""

    def head(self) -> Segment | None:
        """The last seal of the ledger, after sealing what is not sealed yet; None for an empty ledger."""

    def verify(self, head: str | None = None) -> tuple[Fault, ...]:
        """All in the ledger that is not as it was written. `head` is the digest of a seal, kept elsewhere."""

    def rebuild(self) -> int:
        """Work out anew, from the ledger, runs, tasks, states and incidents; how many events there are."""

    def strays(self) -> tuple[Stray, ...]:
        """What was worked out from the ledger and does not, or no longer, follow from it; all stays as it is."""

    def close(self) -> None:
        """Let go of connections."""
