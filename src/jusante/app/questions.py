"""What was asked through the gate: who read which columns of which tables, and what it took.

A question is answered whether the ledger can be written or not, and no slower for it: it is put down as one line of a
file, and taken into the ledger by the next command that writes there. Its text is nowhere, only a digest of it without
the values that stand in it.
"""

import contextlib
import datetime as dt
import getpass
import hashlib
import json
import os
import re
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from jusante.app.system import System
from jusante.architecture.cost.metering import Meter
from jusante.core.asset import Asset
from jusante.core.event import Event
from jusante.serving.gate import Answer
from jusante.transformation.sql_analysis import column_names

ASKED, TAKEN = "question.asked", "questions.taken"
REMEMBERED_BATCHES = 100
"""So many files back it is known which were taken in: one that a crash left is looked at by the next command."""
MOST_BYTES = 64_000_000
"""So much is kept of questions that the ledger does not know yet; beyond it they are answered and not counted."""
_VALUES = re.compile(r"'(?:[^']|'')*'|\b\d[\w.]*")


def note(system: System, answer: Answer, now: dt.datetime) -> None:
    """Put a question down. Where nothing can be written, nothing is: who may only read may ask all the same."""
    with contextlib.suppress(OSError):
        line = json.dumps(told(answer, now), separators=(",", ":"))
        with _opened(_spool(system)) as file:
            if os.fstat(file.fileno()).st_size < MOST_BYTES:
                file.write(line.encode() + b"\n")


def told(answer: Answer, now: dt.datetime) -> dict[str, Any]:
    """What is kept of a question."""
    named = {name.lower() for name in column_names(answer.query.sql)}
    columns = {
        name: [column for column in table.schema.names if "*" in named or column.lower() in named]
        for name, table in answer.read.items()
    }
    return {
        "at": now.isoformat(),
        "asset": None,
        "by": asker(),
        "reads": list(answer.query.reads),
        "columns": columns,
        "shape": hashlib.sha256(_VALUES.sub("?", answer.query.canonical).encode()).hexdigest()[:16],
        "seconds": answer.seconds,
        "cpu_seconds": answer.cpu_seconds,
        "bytes_scanned": answer.bytes_scanned,
        "bytes_out": answer.table.nbytes,
        "rows_out": answer.table.num_rows,
    }


@contextmanager
def rendering(system: System, asset: Asset, now: dt.datetime) -> Iterator[None]:
    """Tell the ledger of a dashboard that is rendered outside of a run: it has read what it is made of."""
    with Meter().working() as spent:
        yield
    said = {"by": asker(), "reads": list(asset.inputs), "columns": {}, "shape": ""}
    took = {"cpu_seconds": spent.cpu_seconds, "bytes_scanned": 0, "bytes_out": 0, "rows_out": 0}
    system.metadata.tell([Event(ASKED, now, asset=asset.id, payload={**said, **took})])


def asker() -> str:
    """Who asks, as the ledger names whoever does something."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except OSError:  # a user without a name, as in some containers
        return f"somebody@{socket.gethostname()}"


def take_in(system: System) -> int:
    """Tell the ledger of questions that were put down; how many. Each is told once, also after a crash in between."""
    spool = _spool(system)
    waiting = sorted(spool.parent.glob(f"{spool.name}.*"))
    with contextlib.suppress(OSError):
        if spool.exists():
            taken = spool.with_name(f"{spool.name}.{secrets.token_hex(8)}")
            with _opened(spool):  # nobody writes a line while the file gets another name
                spool.rename(taken)
            waiting.append(taken)
    return sum(_take(system, path) for path in waiting)


def _take(system: System, path: Path) -> int:
    batch = path.suffix[1:]
    with contextlib.suppress(OSError), _opened(path) as file:
        known = {event.payload["batch"] for event in system.metadata.latest(TAKEN, REMEMBERED_BATCHES)}
        events = [_event(json.loads(line)) for line in _lines(file)] if batch not in known else []
        if events:
            system.metadata.tell([*events, Event(TAKEN, events[-1].at, payload={"batch": batch})])
        path.unlink(missing_ok=True)
        return len(events)
    return 0


def _event(line: dict[str, Any]) -> Event:
    payload = {name: value for name, value in line.items() if name not in {"at", "asset"}}
    return Event(ASKED, dt.datetime.fromisoformat(line["at"]), asset=line["asset"], payload=payload)


def _lines(file: IO[bytes]) -> Iterator[str]:
    """The whole lines; one that a crash cut off is left out."""
    file.seek(0)
    return (line.decode() for line in file if line.endswith(b"\n"))


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """A file to append to, for one process at a time, that still bears its name."""
    while True:
        with path.open("a+b") as file:
            _lock(file)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    yield file
                    return


def _lock(file: IO[bytes]) -> None:
    """Wait until nobody else holds the file; closing it lets go. Windows has no such lock: a line may be lost there."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)


def _spool(system: System) -> Path:
    return system.settings.state / "questions"
