"""A model by time made in batches, each a commit of its own: built side by side, committed one after the other.

What is committed says so itself, so after a kill the rest is made and nothing twice. Readers see the batches come; where
the definition changed, rows of the old and of the new one stand side by side until the last batch is there.
"""

import datetime as dt
import math
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from jusante.core import interval
from jusante.core.interval import Covered, Span
from jusante.core.names import quote_table
from jusante.core.words import counted
from jusante.errors import QueryRefused
from jusante.management.publish import Published, stage_into
from jusante.management.quality import Audit
from jusante.ports.engine import Session
from jusante.ports.relation import FilePlan
from jusante.transformation.build import Built, Job, Workshop
from jusante.transformation.incremental.by_time import Work, draft, looked_at, rows_of
from jusante.transformation.incremental.due import made

BATCHES = 10
"""In so many batches what is due is made, unless somebody says how many intervals a batch is to have."""
_BUILT = "__built.rows"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that has been published: the intervals, how many of them there are to do in all, what it took."""

    asset: str
    span: Span
    name: str
    of: int
    rows: int
    seconds: float
    published: Published
    coverage: tuple[Covered, ...]
    inputs: dict[str, int]


@dataclass(frozen=True, slots=True)
class Backfill:
    """What is to be backfilled, and how. `first` and `end` bound it; `anew`: also what is done already.

    `most` is how many intervals a batch has at the most; `committed` hears of each batch as soon as it is published.
    """

    committed: Callable[[Batch], None]
    first: dt.datetime | None = None
    end: dt.datetime | None = None
    parallel: int = 2
    most: int | None = None
    anew: bool = False

    def among(self, work: Work) -> tuple[Span, ...]:
        """The intervals to be made, of those that a table has or should have."""
        coverage = work.due.coverage
        spans = interval.joined(each.span for each in coverage) if self.anew else work.waiting
        unit = work.query.unit
        first = interval.number(self.first, unit) if self.first else None
        end = interval.number(self.end, unit) if self.end else None
        bounds = Span(
            min((span.first for span in spans), default=0) if first is None else first,
            max((span.end for span in spans), default=0) if end is None else end,
        )
        return interval.both(spans, [bounds])

    def batches(self, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        """The spans that are committed one by one."""
        most = self.most or max(1, math.ceil(interval.count(spans) / BATCHES))
        return tuple(interval.batches(spans, most))


def build(workshop: Workshop, job: Job, wish: Backfill) -> Built:
    """Make what is wished for, batch by batch."""
    with workshop.engine.session() as session:
        work = looked_at(workshop, job, session)
        spans = wish.among(work)
        _refuse_mixed(work, workshop, spans)
        if work.current and not spans:
            same = Published(work.current, Audit((), 0), 0, 0)
            return Built(same, work.read, intervals=work.due.coverage, told="no interval is left to be made")
        return _in_batches(workshop, work, session, wish, spans)


def _refuse_mixed(work: Work, workshop: Workshop, spans: tuple[Span, ...]) -> None:
    """Refuse to put rows of other columns beside those that are there."""
    name = work.job.asset.id
    if work.current is None and workshop.tables.get(name) is not None and interval.minus(work.waiting, spans):
        what = "its columns are other ones now, so that old rows cannot stand beside new ones"
        raise QueryRefused(what, where=name, fix=f"make all of it: jusante run {name}")


def _in_batches(workshop: Workshop, work: Work, session: Session, wish: Backfill, spans: tuple[Span, ...]) -> Built:
    name, rows, last = work.job.asset.id, 0, None
    is_mixed = work.current is not None or workshop.tables.get(name) is None
    batches = wish.batches(spans) if is_mixed and spans else ()
    for number, (span, plan, began) in enumerate(_built(workshop, work, wish, batches or (None,))):
        part = (span,) if span else spans
        session.add(_BUILT, plan)
        ready = draft(workshop, work, session, part, whole=False, sql=f"select * from {quote_table(_BUILT)}")
        last = workshop.publisher.publish(session, replace(ready, part=f"batch{number}"))
        workshop.tables.put(last.table)
        work = replace(
            work, current=last.table, due=replace(work.due, coverage=made(work.due.coverage, part, work.job.version))
        )
        rows += plan.rows
        if span:
            wish.committed(_batch(work, span, interval.count(spans), plan.rows, time.monotonic() - began, last))
    assert last
    commits = counted(max(len(batches), 1), "commit")
    told = f"{counted(interval.count(spans), work.query.unit)} made in {commits}"
    published = Published(last.table, last.audit, rows, last.rows_aside)
    return Built(published, work.read, intervals=work.due.coverage, told=told)


def _batch(  # all that there is to tell of it
    work: Work, span: Span, of: int, rows: int, seconds: float, published: Published
) -> Batch:
    inputs = {name: table.data_id for name, table in work.read.items()}
    name = interval.told(span, work.query.unit)
    return Batch(work.job.asset.id, span, name, of, rows, seconds, published, work.due.coverage, inputs)


def _built(
    workshop: Workshop, work: Work, wish: Backfill, batches: tuple[Span | None, ...]
) -> Iterator[tuple[Span | None, FilePlan, float]]:
    """The batches in their order, at most `parallel` of them in the making or waiting; None is all of it."""
    left = deque(enumerate(batches))
    running: deque[tuple[int, Span | None, float, Future[FilePlan]]] = deque()
    folder = workshop.scratch(work.job.asset.id)
    with ThreadPoolExecutor(wish.parallel, thread_name_prefix="backfill") as pool:
        while left or running:
            while left and len(running) < wish.parallel:
                number, span = left.popleft()
                future = pool.submit(_stage, workshop, work, span, f"{folder}/{number}")
                running.append((number, span, time.monotonic(), future))
            number, span, began, future = running.popleft()
            yield span, future.result(), began
            shutil.rmtree(f"{folder}/{number}", ignore_errors=True)


def _stage(workshop: Workshop, work: Work, span: Span | None, folder: str) -> FilePlan:
    """The rows of a batch, in files that only this run knows."""
    with workshop.engine.session() as session:
        workshop.show(session, work.job.asset)
        return stage_into(session, rows_of(work.query, (span,)) if span else work.query.sql, folder, None)
