"""The composition root: settings in, a wired system out. Nothing else knows which adapter stands behind which port.

`Lake` is the face of a project: run it, ask it. What can be known of a project beside that has a module each, of
functions on its `System`.
"""

from jusante.app.checking import check
from jusante.app.lake import Lake
from jusante.app.report import Report
from jusante.app.system import connector_kinds

__all__ = ["Lake", "Report", "check", "connector_kinds"]
