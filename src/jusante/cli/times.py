"""Moments and lengths of time as options give them."""

import datetime as dt
import re
from collections.abc import Callable

from jusante.errors import UsageError


def moment(text: str, option: str) -> dt.datetime:
    """`2027-01-31 07:00`, in UTC where it names no other offset. Raises UsageError for another form."""
    try:
        found = dt.datetime.fromisoformat(text)
        return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no time", where=option, fix=f"{option} '2027-01-31 07:00'") from None


def meant(text: str, option: str, now: dt.datetime) -> dt.datetime:
    """The moment that an option means: `3h` from now, a day, a time. Raises UsageError where it means none."""
    return _found(text, option, f"{option} 3h, 2d, or 2027-01-31T07:00", lambda length: now + length)


def since(text: str, now: dt.datetime) -> dt.datetime:
    """The moment in the past that `--since` means: `7d` ago, a day, a time. Raises UsageError where it means none."""
    fix = "--since 7d, or a day: --since 2026-11-01"
    found = _found(text, "--since", fix, lambda length: now - length)
    if found >= now:
        raise UsageError(f"{text} is not in the past", where="--since", fix=fix)
    return found


def coming(text: str, now: dt.datetime) -> dt.datetime:
    """The moment to come that `--until` means: `3h` from now, a day, a time. Raises UsageError where it means none."""
    fix = "--until 3h, 2d, or 2027-01-31T07:00"
    found = _found(text, "--until", fix, lambda length: now + length)
    if found <= now:
        raise UsageError(f"{text} is not in the future", where="--until", fix=fix)
    return found


def _found(text: str, option: str, fix: str, from_now: Callable[[dt.timedelta], dt.datetime]) -> dt.datetime:
    from jusante.core import duration

    try:
        return from_now(duration.parse(text)) if re.fullmatch(r"\d+ ?\w", text) else moment(text, option)
    except ValueError as error:
        raise UsageError(str(error), where=option, fix=fix) from None
    except UsageError:
        raise UsageError(f"{text!r} is no time", where=option, fix=fix) from None


def now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)
