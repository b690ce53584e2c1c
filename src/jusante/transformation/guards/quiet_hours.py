"""J167: a table that is read as a whole more often than its source's quiet hours last."""

import datetime as dt
import re
from collections.abc import Iterator

from jusante.core import duration
from jusante.core.asset import Asset, Ingested
from jusante.transformation.guards.subject import Found

_HOURS = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


def full_read_in_quiet_hours(asset: Asset) -> Iterator[Found]:
    """A full load that is due, for certain, in hours in which its source may not be asked."""
    if not isinstance(asset.definition, Ingested):
        return
    limits, ingest = asset.definition.source.limits, asset.definition.table.ingest
    quiet = _length(limits.not_during)
    if quiet is None or ingest.mode != "full" or not ingest.every:
        return
    try:
        every = duration.parse(ingest.every)
    except ValueError:
        return
    if every <= quiet:
        yield Found(
            "J167",
            f"{asset.id} is read as a whole every {ingest.every}, and its source is not to be asked {limits.not_during}",
            1,
            "load it incrementally, by a cursor, or less often",
        )


def _length(hours: str | None) -> dt.timedelta | None:
    found = _HOURS.match(hours or "")
    if not found:
        return None
    start, end = (dt.timedelta(hours=int(found[n]), minutes=int(found[n + 1])) for n in (1, 3))
    return (end - start) % dt.timedelta(days=1)
