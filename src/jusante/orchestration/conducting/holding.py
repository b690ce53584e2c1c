"""Until when what is held stays as it is: for a column until what it reads is made anew, for a budget until the month is over."""

import datetime as dt
from collections.abc import Mapping

from jusante.errors import OverBudget
from jusante.orchestration.conducting.laws import Law
from jusante.orchestration.conducting.traces import NOTHING, Trace


def dear_since(trace: Trace) -> dt.datetime | None:
    """When its budget held or refused it; None where nothing of the kind was last."""
    if trace.held is not None:
        return trace.held if trace.is_dear else None
    return trace.failed if trace.code == OverBudget.code else None


def is_still_held(law: Law, traces: Mapping[str, Trace], up_since: dt.datetime, now: dt.datetime) -> bool:
    """Whether what held an asset last holds it still, as far as can be known without trying."""
    trace = traces.get(law.asset, NOTHING)
    if trace.held is None or up_since > trace.held:  # the files were read anew since, and may say something else
        return False
    if trace.is_dear:
        return next_month(trace.held) > now
    made = (traces.get(name, NOTHING).made for name in law.inputs)
    return not any(time and time > trace.held for time in made)


def next_month(moment: dt.datetime) -> dt.datetime:
    """When the month of a moment is over, in UTC: budgets are for months."""
    first = moment.astimezone(dt.UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + dt.timedelta(days=31)).replace(day=1)
