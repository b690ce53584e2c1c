"""What `jusante check` finds."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a project, where (file:line), and the fix. `code` is stable; texts are not."""

    code: str
    severity: Severity
    what: str
    where: str
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        """The problem as `--json` prints it."""
        return {"code": self.code, "severity": self.severity, "what": self.what, "where": self.where, "fix": self.fix}
