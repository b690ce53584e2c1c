"""When somebody wants to be left alone: `09:00-11:00 America/Sao_Paulo`.

Where the clock on the wall is set, the hours begin when it first shows their beginning, and end when it shows their end for the
last time; an end that it is set over is the moment at which it is set.
"""

import datetime as dt
import re
import zoneinfo

from jusante.core.cron import passing

_FORM = re.compile(r"(\d{1,2}):(\d{2}) ?- ?(\d{1,2}):(\d{2})(?: +(\S+))?")


def until(not_during: str, now: dt.datetime) -> dt.datetime | None:
    """When the quiet hours that hold now are over, in their zone; None outside of them. Hours may cross midnight; UTC by default.

    Raises ValueError for a text of another form, zoneinfo.ZoneInfoNotFoundError for an unknown zone.
    """
    found = _FORM.fullmatch(not_during.strip())
    if not found:
        raise ValueError(f"{not_during!r} is not of the form 09:00-11:00 America/Sao_Paulo")
    zone = zoneinfo.ZoneInfo(found[5] or "UTC")
    today = now.astimezone(zone).date()
    begin, end = dt.time(int(found[1]), int(found[2])), dt.time(int(found[3]) % 24, int(found[4]))
    for day in (today - dt.timedelta(days=1), today):
        last_day = day if begin < end else day + dt.timedelta(days=1)
        stop = _last_passing(dt.datetime.combine(last_day, end), zone)
        if passing(dt.datetime.combine(day, begin), zone) <= now < stop:
            return stop.astimezone(zone)
    return None


def _last_passing(wall: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """When a clock on the wall shows a time for the last time, or a later one where it is set over it."""
    return max(passing(wall, zone), wall.replace(tzinfo=zone, fold=1).astimezone(dt.UTC))
