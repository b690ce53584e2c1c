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


def next_try(law: Law, trace: Trace) -> dt.datetime | None:
    """When an asset that failed is tried again; None where it is not, or did not fail."""
    if trace.failed is None or not 0 < trace.failures < law.attempts or not may_pass(trace.code, law):
        return None
    doubled: dt.timedelta = law.wait * 2 ** (trace.failures - 1)
    return trace.failed + min(doubled, law.longest)
