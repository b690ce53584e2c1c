"""The function of a Python model: loaded afresh from its file, and called."""

import importlib.util
import os
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jusante.errors import StepFailed

if TYPE_CHECKING:
    import pyarrow as pa

_imports = threading.Lock()
_users: Counter[str] = Counter()
"""How many models of a folder are running: their modules are forgotten when none is."""


def call(folder: Path, file: str, function: str, arguments: "dict[str, pa.Table]") -> "pa.RecordBatchReader":
    """Load a model's file, which is relative to the folder, afresh and call its function.

    Raises StepFailed with the file and line where it went wrong.
    """
    import pyarrow as pa

    path = folder / file
    try:
        with _importable(folder, path.parent):
            result = getattr(_module(path), function)(**arguments)
    except Exception as error:
        if os.environ.get("JUSANTE_TRACEBACK"):  # only where it is asked for: it may quote values
            traceback.print_exception(error, file=sys.stderr)
        raise StepFailed(
            f"{type(error).__name__}: {error}",
            where=_line(error, folder, file),
            fix="with JUSANTE_TRACEBACK=1 the same command shows the whole traceback",
            unquoted=type(error).__name__,
        ) from error
    if not hasattr(result, "__arrow_c_stream__"):
        raise StepFailed(f"{function} returned a {type(result).__name__}", where=file, fix="return a pyarrow.Table")
    return pa.RecordBatchReader.from_stream(result)


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"jusante_model_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def _importable(*folders: Path) -> Iterator[None]:
    """The project's own modules can be imported by the model, and are forgotten afterwards: they may change."""
    added = [str(folder) for folder in folders]
    with _imports:
        sys.path[:0] = added
        _users[added[0]] += 1
    try:
        yield
    finally:
        with _imports:
            for folder in added:
                sys.path.remove(folder)
            _users[added[0]] -= 1
            if not _users[added[0]]:
                _forget(added[0])


def _forget(folder: str) -> None:
    # A copy of the whole is one step; a list of its items is not, and others import meanwhile.
    for name, module in sys.modules.copy().items():
        if (getattr(module, "__file__", None) or "").startswith(folder + os.sep):
            sys.modules.pop(name, None)


def _line(error: Exception, folder: Path, file: str) -> str:
    """The last line of the project in a traceback."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(folder))]
    if not frames:
        return file
    return f"{Path(frames[-1].filename).relative_to(folder).as_posix()}:{frames[-1].lineno}"
