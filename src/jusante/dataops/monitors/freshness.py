"""A table that nothing new has come into for much longer than usual, though its source answers."""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from jusante.core import duration
from jusante.dataops.monitors.robust import usual_limit

LEARNT = 8
"""So many gaps have to be known before anything is said."""
LEAST = dt.timedelta(hours=1)
ROOM = 1.25
"""A gap this much longer than the longest that ever began on this day of the week is not a weekend."""


def too_quiet(loads: Sequence[dt.datetime], now: dt.datetime) -> str | None:
    """What to say of a table; None where it is usual. `loads` are when something new came, oldest first.

    A day of the week has gaps of its own: what comes on working days is quiet from Friday to Monday.
    """
    gaps = [(start, (end - start).total_seconds()) for start, end in pairwise(loads)]
    if len(gaps) < LEARNT:
        return None
    limit = usual_limit([gap for _, gap in gaps], times=3.0, least=LEAST.total_seconds())
    of_the_day = [gap for start, gap in gaps if start.weekday() == loads[-1].weekday()]
    limit = max([limit, *(ROOM * gap for gap in of_the_day)])
    quiet = (now - loads[-1]).total_seconds()
    if quiet <= limit:
        return None
    usual = duration.words(dt.timedelta(seconds=median(gap for _, gap in gaps)))
    return f"nothing new came for {duration.words(now - loads[-1])}; usual is something every {usual}"
