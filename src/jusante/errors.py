"""All errors that leave jusante, each with a code, what happened, where, and the fix.

```
JusanteError
├── UsageError             J001  the command was called wrongly                     exit 2
├── ProjectInvalid         J100  the project's files have problems (all of them)    exit 2
├── SourceError            J200  a source refused, or sent what cannot be read      exit 1
│   ├── SourceUnavailable  J201  down, slow or dropped midway: worth another try    exit 1, retryable
│   ├── SourceDenied       J202  wrong credentials or missing rights                exit 1
│   ├── SourceHeld         J203  limits say: not now                                exit 1
│   │   └── SourceUndecided J204  may be personal data, and nobody has decided       exit 1
│   └── SourceChanged      J210  its shape changed, and the policy says hold        exit 1
│       └── DataChanged    J211  its data changed, and the policy says hold         exit 1
├── StorageError           J300  a table or file could not be written or read       exit 1
│   ├── StorageFull        J301  the disk is full                                   exit 1
│   ├── CommitConflict     J302  somebody else committed first                      exit 1, retryable
│   ├── LeaseLost          J303  another process has taken over meanwhile           exit 1, retryable
│   ├── DatabaseGone       J304  a database of the project cannot be reached        exit 1, retryable
│   └── NoData             J305  a table that is to be read was never made          exit 1
├── EngineError            J400  a query could not be run                           exit 1
├── StepFailed             J410  a Python model or shell step failed                exit 1
├── QueryRefused           J420  a query would give wrong numbers, a guard says      exit 2
├── OverBudget           J425  a budget would be passed, and refuses                exit 3
├── TimedOut               J430  it took longer than it may, and was stopped        exit 1
├── Stopped                J431  it was stopped by request                          exit 1, retryable
├── OutOfMemory            J432  it took more memory than it may, and was stopped   exit 1
├── Cancelled              J433  somebody has cancelled it                          exit 1
├── WorkerLost             J434  each worker that began it was lost                 exit 1
├── AuditFailed            J500  a blocking check failed; nothing was published     exit 1
├── ProjectBusy            J600  another run holds the project                      exit 1, retryable
├── ExtraMissing           J700  an optional part is not installed                  exit 2
└── NotAllowed             J800  data would come where it may not                   exit 3
```
"""

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar


class JusanteError(Exception):
    """An error told to a person: `what` happened, `where` (file:line, table.column, row), and how to `fix` it.

    `unquoted` says what happened in other words, where `what` may quote a value: for those who may not see it.
    """

    code: ClassVar[str] = "J000"
    exit_status: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, what: str, *, where: str = "", fix: str = "", unquoted: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix
        self.unquoted = unquoted

    def __str__(self) -> str:
        lines = [f"{self.code} {self.what}"]
        lines += [f"  at   {self.where}"] if self.where else []
        lines += [f"  fix  {self.fix}"] if self.fix else []
        return "\n".join(lines)

    def at(self, where: str) -> "JusanteError":
        """The same error with `where` filled in, when the place was not known further down."""
        if not self.where:
            self.where = where
        return self

    def without_values(self, why: str) -> "JusanteError":
        """The same error, with no word that may quote a value; `why` says for what reason."""
        if self.unquoted:
            self.what = f"{self.unquoted}; more is not shown, because {why}"
            self.unquoted = ""
        return self

    def as_dict(self) -> dict[str, str]:
        """The four words of it, as `--json` prints them."""
        return {"code": self.code, "what": self.what, "where": self.where, "fix": self.fix}


class UsageError(JusanteError):
    """The command was called wrongly."""

    code = "J001"
    exit_status = 2


class ProjectInvalid(JusanteError):
    """The project's files have problems; `core.problem.Problem` lists each."""

    code = "J100"
    exit_status = 2


class SourceError(JusanteError):
    """A source refused a read, or sent what cannot be understood. Retrying does not help."""

    code = "J200"


class SourceUnavailable(SourceError):
    """A source is down, too slow or dropped the connection midway. Retrying may help."""

    code = "J201"
    retryable = True

    retry_after_seconds: float | None = None
    """How long the source asked us to wait, where it did."""
    tried: int = 1
    """How often it has been tried already: a connector that tries again by itself says so."""


class SourceDenied(SourceError):
    """A source did not accept the credentials, or they lack a right."""

    code = "J202"


class SourceHeld(SourceError):
    """The source's own limits (quiet hours) say: not now."""

    code = "J203"


class SourceUndecided(SourceHeld):
    """A column that a table cannot be loaded without may hold personal data, and nobody has said whether it does."""

    code = "J204"


class SourceChanged(SourceError):
    """A source's shape changed, the table's drift policy says hold, and nothing of the table can be loaded meanwhile."""

    code = "J210"
    holds: Sequence[Any] = ()
    """What waits for a decision (`core.holds.Hold`)."""


class DataChanged(SourceChanged):
    """A source's data are not what they were and the table's policy `drift: {data: hold}` says hold."""

    code = "J211"


class StorageError(JusanteError):
    """A table or file could not be written or read."""

    code = "J300"


class StorageFull(StorageError):
    """The disk under the warehouse is full."""

    code = "J301"


class CommitConflict(StorageError):
    """Somebody else committed to the table since it was read."""

    code = "J302"
    retryable = True


class LeaseLost(StorageError):
    """Another process has taken over, since this one was silent for too long; what it did is not published."""

    code = "J303"
    retryable = True


class DatabaseGone(StorageError):
    """The metadata database or the catalogue's does not answer, or has cut the connection off. It may come back."""

    code = "J304"
    retryable = True


class NoData(StorageError):
    """A table that is to be read was never made, or is made elsewhere."""

    code = "J305"


class EngineError(JusanteError):
    """The engine could not run a query."""

    code = "J400"


class StepFailed(JusanteError):
    """A Python model raised, or a shell step ended with another status than 0."""

    code = "J410"


class QueryRefused(JusanteError):
    """A guard refuses a query before it is run: its numbers would be wrong."""

    code = "J420"
    exit_status = 2


class OverBudget(JusanteError):
    """A budget refuses a run before anything is done: it would cost more than it may."""

    code = "J425"
    exit_status = 3


class TimedOut(JusanteError):
    """A task took longer than its `timeout`, and was stopped; nothing was published."""

    code = "J430"


class Stopped(JusanteError):
    """A task was stopped by request; nothing was published."""

    code = "J431"
    retryable = True


class OutOfMemory(JusanteError):
    """The code of a task took more than its `memory`, and was stopped; nothing was published."""

    code = "J432"


class Cancelled(JusanteError):
    """Somebody has cancelled a task while it was done; nothing was published. It is not tried again by itself."""

    code = "J433"


class WorkerLost(JusanteError):
    """Each worker that began a task ended, or fell silent, before the task did."""

    code = "J434"


class AuditFailed(JusanteError):
    """A blocking check failed on what was staged; nothing was published."""

    code = "J500"
    audit: Any = None
    """What all checks found (`management.quality.Audit`), where it is known."""


class ProjectBusy(JusanteError):
    """Another run holds the project."""

    code = "J600"
    retryable = True
    holder: str = ""
    """Who, where that is known."""


class ExtraMissing(JusanteError):
    """A part that is installed only on request is needed."""

    code = "J700"
    exit_status = 2


class NotAllowed(JusanteError):
    """Data would come to somebody, or some place, that may not have them."""

    code = "J800"
    exit_status = 3


def is_retryable(code: str) -> bool:
    """Whether an error of this code may pass by itself."""
    return code in _retryable(JusanteError)


def _retryable(error: type[JusanteError]) -> set[str]:
    below = set().union(*(_retryable(kind) for kind in error.__subclasses__()))
    return below | {error.code} if error.retryable else below


def storage_error(error: OSError, where: str) -> StorageError:
    """What the file system refused, in our words."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        fix = "free some space, then run again: nothing was lost"
        return StorageFull("the disk is full", where=where, fix=fix)
    place = Path(str(error.filename or where))
    missing = [folder for folder in place.parents if not folder.exists()]
    if error.errno == errno.ENOENT and missing:
        return StorageError(f"there is no folder {missing[0]}", where=where, fix="make it, or name another one")
    what = (error.strerror or str(error)).lower()
    fix = _WAYS_OUT.get(error.errno or 0, "make the folder writable for this user")
    return StorageError(what, where=str(place), fix=fix)


_WAYS_OUT = {
    errno.ENOENT: "name another one: nothing can be made there",
    errno.ENOTDIR: "name another one: a part of it is a file",
    errno.EEXIST: "name another one, or take away what is there",
    errno.EISDIR: "name a file: this is a folder",
    errno.EROFS: "make the folder writable, or name another one",
}
