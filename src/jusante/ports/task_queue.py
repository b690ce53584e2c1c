"""The tasks of a run that wait for somebody to do them, among processes on several machines."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from jusante.core.run import Done, Task

MOST_TRIES = 3
"""So often a task is begun: what took its worker down each time is given up."""
_TAKES_IN_A_TOKEN = 100_000


@dataclass(frozen=True, slots=True)
class Queued:
    """A task that can be begun. `version` is that of its asset; `only` names the one worker that may do it, else empty."""

    asset: str
    version: str
    priority: int = 0
    pool: str | None = None
    only: str = ""
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A task that a worker does, as long as it says so in time. `takes` counts how often it was taken, this time included."""

    run_id: str
    run_token: int
    asset: str
    version: str
    anew: bool
    takes: int

    @property
    def token(self) -> int:
        """Higher than that of whoever began it before, in this run or in one before it."""
        return self.run_token * _TAKES_IN_A_TOKEN + self.takes


@dataclass(frozen=True, slots=True)
class Ask:
    """What a worker can take: for how long, and how many of each pool are done at once (one, where it is not told).

    `without` are assets that it cannot do. `has_pools` is whether the project has any: whoever asks waits for others then.
    """

    worker: str
    seconds: float
    pools: Mapping[str, int] = field(default_factory=dict)
    has_pools: bool = False
    without: Collection[str] = ()


class TaskQueue(Protocol):
    """The queue of the one run that goes on. What it holds can be lost: what counts is in the ledger.

    Errors are `StorageError`s; `LeaseLost` where a task has gone to somebody else.
    """

    def open(self) -> None:
        """A new run begins: whatever waits, and whatever is being done, is of runs that are over."""

    def put(self, run_id: str, run_token: int, tasks: Sequence[Queued]) -> None:
        """Tasks that can be begun."""

    def claim(self, ask: Ask) -> Claim | None:
        """The first that this worker can do, the most important first; None where there is none."""

    def renew(self, ask: Ask, assets: Collection[str]) -> frozenset[tuple[str, int]]:
        """What of these this worker does, it goes on doing for so long; assets and tokens of those that are still its own."""

    def give_back(self, claim: Claim) -> None:
        """Let somebody else do it; it does not count as begun."""

    def record(self, claim: Claim, done: Done, *, silently: bool) -> None:
        """It has ended: what is to be remembered of it (nothing, for `silently`), in one transaction with that."""

    def ended(self, run_id: str, heard: Collection[str]) -> tuple[Task, ...]:
        """Tasks that have ended. Of those heard of already there is no need to tell again."""

    def given_up(self, run_id: str) -> tuple[str, ...]:
        """Assets whose workers were lost each time; they are taken out of the queue."""

    def close(self, run_id: str) -> None:
        """The run is over: nothing of it is to be begun, and who still does something of it does it in vain."""

    def size(self) -> int:
        """How many tasks wait or are being done."""
