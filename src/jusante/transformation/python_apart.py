"""A Python model's function in a process of its own, which can be stopped: what it gets and gives lies in Arrow files.

`python -m jusante.transformation.python_apart` is that process: it reads a `Call` from its standard input, as JSON. What
the function prints goes where it would go without one.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jusante.core.model import PythonModel
from jusante.core.names import quote_table
from jusante.errors import StepFailed
from jusante.ports.engine import Session
from jusante.transformation.python_function import call
from jusante.transformation.watching import Limits, watched

if TYPE_CHECKING:
    import pyarrow as pa

LOOK_SECONDS = 1.0
"""How often the process looks whether the one that has begun it is still there: nobody else would end it."""
FAILED = 3
"""The status of a process whose function failed, and that has written down why."""


@dataclass(frozen=True, slots=True)
class Call:
    """What to call, the file of each of its parameters, and where its rows go, or the words for what went wrong.

    `caller` is the process that waits for them.
    """

    folder: str
    file: str
    function: str
    inputs: dict[str, str]
    rows: str
    failure: str
    caller: int


def called_apart(
    folder: Path, model: PythonModel, place: Path, session: Session, limits: Limits
) -> "pa.RecordBatchReader":
    """Call a model's function in another process; `place` is a folder for the files, which the caller removes.

    Raises StepFailed with the file and line where it went wrong, and what `watched` raises.
    """
    import pyarrow as pa

    place.mkdir(parents=True, exist_ok=True)
    inputs = {
        parameter: str(_written(session, name, place / f"{parameter}.arrow"))
        for parameter, name in model.inputs.items()
    }
    rows, failure = place / "__rows.arrow", place / "__failure.json"
    what = Call(str(folder), model.file, model.function, inputs, str(rows), str(failure), os.getpid())
    process = subprocess.Popen(  # noqa: S603  # this very Python, and no shell
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=_printed(),
        start_new_session=True,
    )
    assert process.stdin
    with contextlib.suppress(BrokenPipeError), process.stdin as stdin:  # its status tells that it has ended at once
        stdin.write(json.dumps(asdict(what)).encode())
    status = watched(process, limits, session, model.file)
    if status == FAILED:
        raise StepFailed(**json.loads(failure.read_text()))
    if status:
        raise StepFailed(f"its process ended with status {status}", where=model.file, fix="run the function by hand")
    return pa.ipc.open_stream(pa.memory_map(str(rows)))


def _printed() -> int:
    """Where it prints: there where a function that is called here does, on standard error where that is no file."""
    try:
        return sys.stdout.fileno()
    except (OSError, ValueError):
        return 2


def _written(session: Session, table: str, path: Path) -> Path:
    import pyarrow as pa

    reader = session.reader(f"select * from {quote_table(table)}")
    with pa.ipc.new_file(str(path), reader.schema) as file:
        for batch in reader:
            file.write_batch(batch)
    return path


def _end_with(caller: int) -> None:
    """End when the caller is no more: it was killed, and another run makes what this one was to make."""
    while os.getppid() == caller:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


def _do(what: Call) -> int:
    """Call the function and write down what comes of it; the status to end with."""
    import pyarrow as pa

    threading.Thread(target=_end_with, args=(what.caller,), daemon=True).start()
    try:
        tables = {name: pa.ipc.open_file(pa.memory_map(path)).read_all() for name, path in what.inputs.items()}
        reader = call(Path(what.folder), what.file, what.function, tables)
        with pa.ipc.new_stream(what.rows, reader.schema) as stream:
            for batch in reader:
                stream.write_batch(batch)
    except StepFailed as error:
        said = {"what": error.what, "where": error.where, "fix": error.fix, "unquoted": error.unquoted}
        Path(what.failure).write_text(json.dumps(said))
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(_do(Call(**json.load(sys.stdin))))
