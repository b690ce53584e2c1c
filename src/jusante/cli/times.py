"""Moments and lengths of time as options give them."""

import datetime as dt

from jusante.errors import UsageError


def moment(text: str, option: str) -> dt.datetime:
    """`2027-01-31 07:00`, in UTC where it names no other offset. Raises UsageError for another form."""
    try:
        found = dt.datetime.fromisoformat(text)
        return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(str(error), where=option, fix=f"{option} '2027-01-31 07:00'") from None


def now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)
