"""The composition root: settings in, a wired system out. Nothing else knows which adapter stands behind which port.

`Lake` is the face of a project: run it, ask it. What can be known of a project beside that has a module each, of
functions on its `System`. Each is imported when it is first used: to look something up takes no engine.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jusante.app.checking import check
    from jusante.app.lake import Lake
    from jusante.app.report import Report
    from jusante.app.system import connector_kinds

__all__ = ["Lake", "Report", "check", "connector_kinds"]
_HOMES = {"Lake": "lake", "Report": "report", "check": "checking", "connector_kinds": "system"}


def __getattr__(name: str) -> Any:
    """What is asked of this package, from the module that it lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
