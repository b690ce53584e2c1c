"""Named points at which a run can be killed, so that what a crash leaves behind is tested and not hoped for.

`JUSANTE_KILL_AT=after_commit` kills the process the first time it comes there; `after_commit:sales.orders` only for that
asset; `after_commit::3` the third time. Without the variable a point costs one comparison.
"""

import os
import signal
import threading
from typing import Literal, get_args

RunPoint = Literal["before_stage", "after_stage", "after_audit", "after_commit", "after_cursor"]
AsidePoint = Literal["after_aside"]
ErasurePoint = Literal["after_burial", "after_forgetting", "after_rewrite", "after_sweep"]
POINTS: tuple[RunPoint, ...] = get_args(RunPoint)
ERASURE_POINTS: tuple[ErasurePoint, ...] = get_args(ErasurePoint)

_wish = os.environ.get("JUSANTE_KILL_AT", "")
_lock = threading.Lock()
_passed = 0


def point(name: RunPoint | AsidePoint | ErasurePoint, asset: str) -> None:
    """Die here, at once and without a farewell, if that is what the environment asks for."""
    if _wish and _is_here(name, asset):
        os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


def _is_here(name: RunPoint | AsidePoint | ErasurePoint, asset: str) -> bool:
    global _passed  # noqa: PLW0603  # one count a process is the very thing that is wanted
    wanted, _, rest = _wish.partition(":")
    only, _, times = rest.rpartition(":") if rest.count(":") else (rest, "", "")
    if wanted != name or (only and only != asset):
        return False
    with _lock:
        _passed += 1
        return _passed == int(times or 1)
