"""What an audit found, as the ledger keeps it: each check by its name, and in how many rows it did not hold. No value."""

import datetime as dt

from jusante.core.event import Event
from jusante.management.quality.audit import Audit, Result
from jusante.management.quality.words import title

CHECKED = "audit.checked"
DIMENSIONS = ("accurate", "complete", "timely", "findable", "defined")
"""What quality is measured by: values are right, nothing is missing, it is there in time, people find it, it is what it is
said to be."""
_OF_KINDS = {
    "not_null": "complete",
    "row_count": "complete",
    "freshness": "timely",
    "accepted_values": "accurate",
    "range": "accurate",
    "positive": "accurate",
    "pattern": "accurate",
    "relationships": "accurate",
    "sql": "accurate",
    "unique": "defined",
}


def checked(asset: str, run_id: str, at: dt.datetime, audit: Audit, rows_aside: int = 0) -> tuple[Event, ...]:
    """The entry of the ledger; none where nothing was checked."""
    if not audit.results and not rows_aside:
        return ()
    checks = [_as_dict(result) for result in audit.results]
    return (Event(CHECKED, at, run_id, asset, {"rows": audit.rows, "aside": rows_aside, "checks": checks}),)


def _as_dict(result: Result) -> dict[str, object]:
    check = result.check
    return {
        "check": title(check),
        "dimension": _OF_KINDS[check.kind],
        "passed": result.passed,
        "failed_rows": result.failed_rows,
    }
