"""When what failed is tried again: later each time, and only where trying again may help."""

import datetime as dt

from jusante.errors import is_retryable
from jusante.orchestration.conducting.laws import Law
from jusante.orchestration.conducting.traces import Trace

PASSING = {"J203"}
"""Errors that are over when the hour is: a source that wants to be left alone."""
PERHAPS = {"J410", "J430"}
"""Errors of the project's own code, and of what took too long: tried again where retries are told."""


def may_pass(code: str, law: Law) -> bool:
    """Whether trying again may help."""
    return is_retryable(code) or code in PASSING or (law.insists and code in PERHAPS)


def pause_after(law: Law, failures: int, code: str) -> dt.timedelta | None:
    """How long to wait after so many failures, the last of which had this code; None where it is not tried again."""
    if not 0 < failures < law.attempts or not may_pass(code, law):
        return None
    doubled: dt.timedelta = law.wait * 2 ** (failures - 1)
    return min(doubled, law.longest)


def next_try(law: Law, trace: Trace) -> dt.datetime | None:
    """When an asset that failed is tried again; None where it is not, or did not fail."""
    pause = pause_after(law, trace.failures, trace.code)
    return trace.failed + pause if trace.failed is not None and pause is not None else None
