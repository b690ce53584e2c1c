"""By when something has to be there: `07:00 America/Sao_Paulo`, every day, on the clock on the wall."""

import re

from jusante.core.cron import BadSchedule, Cron, known_zone

_FORM = re.compile(r"(\d{1,2}):(\d{2})(?:\s+(\S+))?")


def parse(text: str) -> Cron:
    """A deadline as the times at which it falls due. Raises BadSchedule; a zone must be told: in whose morning?"""
    found = _FORM.fullmatch(text.strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise BadSchedule(
            "form", f"{text!r} is not a time of day and a time zone", "hour, minute, zone: 07:00 America/Sao_Paulo"
        )
    if not found[3]:
        fix = f"write whose clock it is by: {text.strip()} UTC, {text.strip()} America/Sao_Paulo"
        raise BadSchedule("form", f"the deadline {text!r} has no time zone", fix)
    return Cron(f"{int(found[2])} {int(found[1])} * * *", known_zone(found[3]))
