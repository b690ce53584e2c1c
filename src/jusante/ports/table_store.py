"""Where tables rest: files and snapshots, published by one commit at a time."""

import datetime as dt
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from jusante.core.schema import Schema
from jusante.ports.relation import FilePlan


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it stands. `pointer` names this very state; `snapshot_id` its current snapshot.

    `ids` are the field ids by dotted path, nested ones included; `summary` is what the snapshot's commit said of itself.
    """

    name: str
    pointer: str
    snapshot_id: int
    plan: FilePlan
    ids: Mapping[str, int]
    last_id: int
    summary: Mapping[str, str]

    @property
    def schema(self) -> Schema:
        """The columns, each with its field id."""
        return self.plan.schema

    @property
    def data_id(self) -> int:
        """The snapshot whose rows these are: compacting makes a new snapshot of the same rows."""
        return int(self.summary.get("jusante.same-as", self.snapshot_id))


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit changes. It is refused if the table's snapshot is no longer `expected` (None: no table yet).

    `add` are staged files. `remove` are files of the table that they stand for: all of them for a table built anew.
    `keys` are columns that identify a row, for engines that use them. `summary` travels in the snapshot.
    """

    name: str
    add: FilePlan
    schema: Schema
    remove: tuple[str, ...] = ()
    expected: int | None = None
    summary: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One published state of a table. `rows`, `files` and `bytes` are all that it has; some of them were `added` by its commit."""

    id: int
    at: dt.datetime
    operation: str
    rows: int
    files: int
    bytes: int
    summary: Mapping[str, str]
    is_current: bool
    added_rows: int = 0
    added_bytes: int = 0

    @property
    def is_same_rows(self) -> bool:
        """Whether it has no other rows than the one before: files were compacted, or a person erased."""
        return "jusante.same-as" in self.summary


@dataclass(frozen=True, slots=True)
class Swept:
    """What maintenance of one table did."""

    name: str
    files_before: int
    files_after: int
    snapshots_expired: int
    orphans_removed: int
    bytes_freed: int


EVERY_TABLE = "*"
"""In place of a table's name: the fence around all of them."""


class TableStore(Protocol):
    """A lakehouse. Errors are `StorageError`s; `CommitConflict` when somebody else committed first."""

    def pointers(self) -> Mapping[str, str]:
        """The pointer of every table, by one query. A table whose pointer is unchanged is unchanged."""

    def table(self, name: str, pointer: str | None = None) -> Table | None:
        """A table as it stands, None where there is none. With a pointer it is the state of that pointer."""

    def at(self, name: str, data_id: int) -> Table | None:
        """A table with the rows of that snapshot (see `Table.data_id`), None where it can no longer be read.

        It is for reading: its pointer is the current one.
        """

    def staging(self, name: str, run_id: str) -> str:
        """The folder into which a run stages files of a table. It lies where the files will stay."""

    def commit(self, commit: Commit) -> Table:
        """Publish staged files in one step: readers see all of it or nothing."""

    def unstage(self, name: str, run_id: str) -> None:
        """Remove what a run staged for a table and did not publish. Published files are kept."""

    def history(self, name: str) -> tuple[Snapshot, ...]:
        """The snapshots that can still be read, oldest first."""

    def rollback(self, name: str, snapshot_id: int) -> Table:
        """Make an earlier snapshot the current one."""

    def fence(self, name: str, token: int) -> None:
        """Refuse, from now on, what others publish of a table (`*`: of any) who have told a lower token; this process's own
        token is this one. Raises LeaseLost where somebody has told it before, or a higher one.
        """

    def fence_height(self, name: str) -> int:
        """The highest token that anybody has told of a table (`*`: of all), whatever became of the memory it came from; 0 for none."""

    def unfence(self, name: str) -> None:
        """This process has no token for this table any more; what the fence refuses to others stays refused."""

    def fenced(self, tokens: Mapping[str, int]) -> AbstractContextManager[None]:
        """Raise these fences (see `fence`); what this thread stages and publishes in the block, it does by these tokens."""

    def drop(self, name: str) -> None:
        """Remove a table and its files."""

    def resting(self, name: str) -> tuple[int, int]:
        """How many bytes lie at rest for a table, with all snapshots that are kept and all that is not swept; in how many files."""

    def maintain(self, name: str, keep: dt.timedelta, *, older_than: dt.datetime) -> Swept:
        """Expire snapshots older than `keep`, and remove files that none of the rest needs, written before `older_than`."""
