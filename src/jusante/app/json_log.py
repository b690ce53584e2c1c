"""What goes on as one JSON object a line, with the ids of run, task and asset; also what libraries warn of.

No secret and no value is in a line: of an error it has the code, and `jusante logs RUN` tells the rest to whoever may know.
"""

import datetime as dt
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from pydantic import BaseModel

from jusante.app.conductor import Notice
from jusante.app.report import Report
from jusante.core.environment import Project
from jusante.core.run import Run, Task
from jusante.core.secret import Secret
from jusante.engineering.project.references import PASSWORD_IN_URL
from jusante.ports import notifier

FIELDS: Mapping[str, str] = {
    "time": "when, in UTC (ISO 8601)",
    "level": "info, warning or error; critical where a library says so",
    "event": "what it is: `run.started`, `task.started`, `task.succeeded`, `task.failed`, `task.held`, `task.skipped`, `run.ended`; "
    "of `up` also `up`, `next`, `never.made`, `stopping`, `down`, `listen`, `clock.back`, `trigger.fired`, `trigger.missed`, "
    "`deadline.at_risk`, `deadline.missed`, `run.waits`, `run.failed`, `probe.failed`, `storage.failed`; "
    "of `worker` also `worker.up`, `worker.down`, `task.began`, `task.refused`, `lease.lost`; "
    "`notice` for what owners are told on the console; `log` for what a library says",
    "message": "the same in words",
    "run": "the run's id, as in `jusante runs`",
    "task": "one try of a run at an asset: `RUN/ASSET`",
    "asset": "the asset's id",
    "action": "ingest, build, check, serve or skip",
    "status": "how a task or run ended",
    "seconds": "how long it took",
    "rows_in": "rows read",
    "rows_out": "rows written",
    "snapshot": "the snapshot that was published",
    "code": "the error's code",
    "kind": "why something is due: clock, condition, target, news, retry, again",
    "due": "the time of a deadline",
    "ticks": "how many times of a clock were left",
    "url": "where `up` answers",
    "assets": "how many assets `up` looks after",
    "to": "the owner whom a notice is for",
    "logger": "the library's logger, where a library says it",
}
"""The fields of a line. The first four are in each, the others where they are known."""
SHORTEST_SECRET = 4
LONGEST_MESSAGE = 2_000
_LEVELS = {"failed": "error", "held": "warning", "missed": "warning", "at_risk": "warning", "waits": "warning"}
_LEVELS |= {"refused": "warning", "lost": "warning"}
_ENDED = {"task.succeeded", "task.failed", "task.held", "task.skipped"}
_KEPT = ("kind", "due", "ticks", "url", "assets")


class JsonLog:
    """Writes the lines. Each is written whole, whichever thread it comes from; a stream that is gone is written to no more."""

    def __init__(self, stream: TextIO, secrets: Iterable[Secret], clock: Callable[[], dt.datetime]) -> None:
        self._stream = stream
        self._secrets = [secret for secret in secrets if len(secret.reveal()) >= SHORTEST_SECRET]
        self._clock = clock
        self._lock = threading.Lock()
        self.run_id: str | None = None

    def line(self, event: str, message: str, *, level: str = "", **known: Any) -> None:
        """Write one line. `known` are fields; those that are None are left out."""
        given = {"run": self.run_id, **known}
        unknown = given.keys() - FIELDS.keys()
        assert not unknown, unknown
        fields = {
            "time": self._clock().isoformat(timespec="milliseconds"),
            "level": level or _LEVELS.get(event.rpartition(".")[2], "info"),
            "event": event,
            "message": self._scrubbed(message)[:LONGEST_MESSAGE],
            **{name: value for name, value in given.items() if value is not None},
        }
        text = json.dumps(fields, default=str, ensure_ascii=False)
        try:
            with self._lock:
                self._stream.write(text + "\n")
                self._stream.flush()
        except (OSError, ValueError):  # nobody reads it any more: no reason to end a run
            return

    def _scrubbed(self, message: str) -> str:
        for secret in self._secrets:
            message = secret.scrub(message)
        return message

    # -- a run -------------------------------------------------------------------------------------------------------

    def begun(self, run: Run) -> None:
        """A run has begun."""
        self.run_id = run.run_id
        self.line("run.started", run.command.strip())

    def __call__(self, asset: str, task: Task | None) -> None:
        """A task has begun, or ended."""
        about = {"task": f"{self.run_id}/{asset}", "asset": asset}
        if task is None:
            self.line("task.started", asset, **about)
            return
        code = (task.error or {}).get("code")
        self.line(
            f"task.{task.status}",
            f"{asset} {task.status}" + (f" with {code}" if code else ""),
            **about,
            action=task.action,
            status=task.status,
            seconds=task.seconds,
            rows_in=task.rows_in,
            rows_out=task.rows_out,
            snapshot=task.snapshot_id,
            code=code,
        )

    def ended(self, report: Report) -> None:
        """A run has ended."""
        level = {"succeeded": "info", "partial": "warning"}.get(report.status, "error")
        what = f"{report.run_id} {report.status}"
        self.line("run.ended", what, level=level, run=report.run_id, status=report.status, seconds=report.seconds)
        self.run_id = None

    # -- what `up` and `worker` tell ---------------------------------------------------------------------------------------------

    def notice(self, notice: Notice) -> None:
        """Something that the conductor or a worker tells."""
        about = notice.about
        run, asset = about.get("run"), about.get("asset")
        code = (about.get("error") or {}).get("code")
        said = f"{asset or 'this'} failed with {code}" if code else notice.what
        if notice.event in _ENDED:
            said = f"{asset} {notice.event.partition('.')[2]}" + (f" with {code}" if code else "")
        task = f"{run}/{asset}" if run and asset else None
        kept: dict[str, Any] = {name: about.get(name) for name in _KEPT}
        self.line(notice.event, said, run=run, task=task, asset=asset, code=code, **kept)


class LogNotifier:
    """The console's notices, where the console is a log: a line each."""

    def __init__(self, log: JsonLog) -> None:
        self._log = log

    def tell(self, notices: tuple[notifier.Notice, ...]) -> None:
        """Write them all."""
        for notice in notices:
            lines = [line.strip() for line in notice.text.splitlines() if line not in notice.subject]
            self._log.line("notice", "\n".join([notice.subject, *lines]), to=notice.to)

    def close(self) -> None:
        """The log goes on."""


class _Handler(logging.Handler):
    """What libraries log, as lines."""

    def __init__(self, log: JsonLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            said = record.getMessage()
        except Exception:  # noqa: BLE001  # somebody else's words, which do not fit their own pattern
            said = str(record.msg)
        self._log.line("log", said, level=record.levelname.lower(), logger=record.name)


@contextmanager
def json_log(project: Project, stream: TextIO) -> Iterator[JsonLog]:
    """A log on that stream; while the block runs, what libraries log and warn of goes there, too."""
    log = JsonLog(stream, secrets_of(project), lambda: dt.datetime.now(dt.UTC))
    handler = _Handler(log)
    logging.getLogger().addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        yield log
    finally:
        logging.captureWarnings(capture=False)
        logging.getLogger().removeHandler(handler)


def secrets_of(project: Project) -> Iterator[Secret]:
    """All secrets that a project refers to, and the passwords in them."""
    for secret in _found([project.environment, *project.sources.values()]):
        yield secret
        if password := PASSWORD_IN_URL.search(secret.reveal()):
            yield Secret(password[1])


def _found(value: Any) -> Iterator[Secret]:
    match value:
        case Secret():
            yield value
        case BaseModel():
            for name in type(value).model_fields:
                yield from _found(getattr(value, name))
        case Mapping():
            for each in value.values():
                yield from _found(each)
        case list() | tuple():
            for each in value:
                yield from _found(each)
