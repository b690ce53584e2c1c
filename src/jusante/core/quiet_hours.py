"""When somebody wants to be left alone: `09:00-11:00 America/Sao_Paulo`."""

import datetime as dt
import re
import zoneinfo

_FORM = re.compile(r"(\d{1,2}):(\d{2}) ?- ?(\d{1,2}):(\d{2})(?: +(\S+))?")


def until(not_during: str, now: dt.datetime) -> dt.datetime | None:
    """When the quiet hours that hold now are over; None outside of them. Hours may cross midnight; UTC by default.

    Raises ValueError for a text of another form, zoneinfo.ZoneInfoNotFoundError for an unknown zone.
    """
    found = _FORM.fullmatch(not_during.strip())
    if not found:
        raise ValueError(f"{not_during!r} is not of the form 09:00-11:00 America/Sao_Paulo")
    local = now.astimezone(zoneinfo.ZoneInfo(found[5] or "UTC"))
    begin, end = dt.time(int(found[1]), int(found[2])), dt.time(int(found[3]) % 24, int(found[4]))
    for day in (local.date() - dt.timedelta(days=1), local.date()):
        start = dt.datetime.combine(day, begin, local.tzinfo)
        stop = dt.datetime.combine(day if begin < end else day + dt.timedelta(days=1), end, local.tzinfo)
        if start <= local < stop:
            return stop
    return None
