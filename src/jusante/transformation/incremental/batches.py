"""A model by time made in batches, each a commit of its own: built side by side, committed one after the other.

What is committed says so itself, so after a kill the rest is made and nothing twice. Readers see the batches come; where
the definition changed, rows of the old and of the new one stand side by side until the last batch is there.
"""

import datetime as dt
import math
import shlex
import shutil
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from jusante.core import interval
from jusante.core.interval import Covered, Span, Unit
from jusante.core.model import SqlModel
from jusante.core.names import quote_table
from jusante.core.words import counted
from jusante.errors import Cancelled, JusanteError, QueryRefused, Stopped
from jusante.management.publish import Published, stage_into
from jusante.management.quality import Audit
from jusante.ports.relation import FilePlan
from jusante.transformation.build import Built, Job, Workshop
from jusante.transformation.incremental.by_time import Work, draft, looked_at, rows_of
from jusante.transformation.incremental.due import made

BATCHES = 10
"""In so many batches what is due is made, unless somebody says how many intervals a batch is to have."""
_BUILT = "__built.rows"
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that has been published: the intervals, how many of them there are to do in all, what it took.

    `rest` is the command that makes what is left after it; empty where nothing is.
    """

    asset: str
    span: Span
    name: str
    of: int
    rows: int
    seconds: float
    published: Published
    coverage: tuple[Covered, ...]
    inputs: dict[str, int]
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Hitch:
    """A part of a backfill that failed in passing: how often it was tried, of how many times, and when it is tried again."""

    asset: str
    part: str
    tries: int
    attempts: int
    seconds: float
    code: str
    what: str


class Tries(Protocol):
    """How the parts of a backfill are tried: how long each may take, and how often."""

    def of(self, part: str, work: Callable[[], _Made]) -> _Made:
        """What comes of it, in this thread. Raises what the last try raised."""

    def stop(self) -> None:
        """Stop those that are being tried in other threads: nobody needs them any more."""


def _unheard(hitch: Hitch) -> None:
    """Nobody listens."""
    del hitch


@dataclass(frozen=True, slots=True)
class Backfill:
    """What is to be backfilled, and how. `first` and `end` bound it; `anew`: also what is done already.

    `most` is how many intervals a batch has at the most; `committed` hears of each batch as soon as it is published,
    `troubled` of each that is tried again.
    """

    committed: Callable[[Batch], None]
    first: dt.datetime | None = None
    end: dt.datetime | None = None
    parallel: int = 2
    most: int | None = None
    anew: bool = False
    troubled: Callable[[Hitch], None] = _unheard

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

    def command(self, name: str, unit: Unit, first: int | None) -> str:
        """The command that makes what is left of a model; `first` is the first interval that is, where any was made."""

        def named(at: dt.datetime) -> str:
            return interval.name(interval.number(at, unit), unit)

        bounds = [interval.name(first, unit) if first is not None and (self.anew or self.first) else ""]
        bounds = [bounds[0] or (named(self.first) if self.first else ""), named(self.end) if self.end else ""]
        words = ["jusante", "backfill", name]
        for option, bound in zip(("--from", "--to"), bounds, strict=True):
            words += [option, bound] if bound else []
        return shlex.join([*words, *(["--anew"] if self.anew else [])])


def build(workshop: Workshop, job: Job, wish: Backfill, tries: Tries) -> Built:
    """Make what is wished for, batch by batch. Whatever is raised says how to go on; what is committed stays."""
    making = _Making(workshop, job, wish, tries)
    try:
        return making.built()
    except JusanteError as error:
        error.fix = making.how_to_go_on(error)
        raise


class _Making:
    """One model's backfill: how far it has come."""

    def __init__(self, workshop: Workshop, job: Job, wish: Backfill, tries: Tries) -> None:
        assert isinstance(job.asset.definition, SqlModel)
        self._workshop = workshop
        self._job = job
        self._wish = wish
        self._tries = tries
        self._unit = job.asset.definition.header.unit
        self._spans: tuple[Span, ...] = ()
        self._made = 0
        self._rest = wish.command(job.asset.id, self._unit, None)

    def how_to_go_on(self, error: JusanteError) -> str:
        """What is to be done after an error: about it, unless it was only told to stop, and to make the rest."""
        is_stopped = isinstance(error, Stopped | Cancelled)
        if not (self._spans or is_stopped):
            return error.fix
        of = counted(interval.count(self._spans), self._unit)
        stay = "is made and stays" if self._made == 1 else "are made and stay"
        kept = f"{self._made:,} of {of} {stay}" if self._made else ""
        return "; ".join(filter(None, ("" if is_stopped else error.fix, kept, f"{self._rest} makes the rest")))

    def built(self) -> Built:
        """Make it."""
        work = self._tries.of("looking", self._looked_at)
        spans = self._wish.among(work)
        _refuse_mixed(work, self._workshop, spans)
        if work.current and not spans:
            same = Published(work.current, Audit((), 0), 0, 0)
            return Built(same, work.read, intervals=work.due.coverage, told="no interval is left to be made")
        self._spans = spans
        return self._in_batches(work)

    def _looked_at(self) -> Work:
        with self._workshop.engine.session() as session:
            return looked_at(self._workshop, self._job, session)

    def _in_batches(self, work: Work) -> Built:
        name, rows, last = self._job.asset.id, 0, None
        is_mixed = work.current is not None or self._workshop.tables.get(name) is None
        batches = self._wish.batches(self._spans) if is_mixed and self._spans else ()
        with closing(self._staged(work, batches or (None,))) as staged:
            for number, (span, plan, began) in enumerate(staged):
                part = (span,) if span else self._spans
                last = self._published(work, part, plan, number)
                due = replace(work.due, coverage=made(work.due.coverage, part, self._job.version))
                work = replace(work, current=last.table, due=due)
                rows += plan.rows
                self._came_to(part, batches[number + 1 :])
                if span:
                    self._wish.committed(self._batch(work, span, plan.rows, time.monotonic() - began, last))
        assert last
        commits = counted(max(len(batches), 1), "commit")
        told = f"{counted(interval.count(self._spans), self._unit)} made in {commits}"
        published = Published(last.table, last.audit, rows, last.rows_aside)
        return Built(published, work.read, intervals=work.due.coverage, told=told)

    def _came_to(self, part: tuple[Span, ...], left: tuple[Span, ...]) -> None:
        """These are made, and those are left."""
        self._made += interval.count(part)
        self._rest = self._wish.command(self._job.asset.id, self._unit, left[0].first if left else None)

    def _published(self, work: Work, part: tuple[Span, ...], plan: FilePlan, number: int) -> Published:
        """A batch whose rows lie ready, audited and committed."""

        def publish() -> Published:
            with self._workshop.engine.session() as session:
                self._workshop.show(session, self._job.asset)
                session.add(_BUILT, plan)
                rows = f"select * from {quote_table(_BUILT)}"
                ready = draft(self._workshop, work, session, part, whole=False, sql=rows)
                return self._workshop.publisher.publish(session, replace(ready, part=f"batch{number}"))

        published = self._tries.of(_named(part, self._unit), publish)
        self._workshop.tables.put(published.table)
        return published

    def _batch(self, work: Work, span: Span, rows: int, seconds: float, published: Published) -> Batch:
        inputs = {name: table.data_id for name, table in work.read.items()}
        of, name = interval.count(self._spans), interval.told(span, self._unit)
        rest = self._rest if self._made < of else ""
        return Batch(self._job.asset.id, span, name, of, rows, seconds, published, work.due.coverage, inputs, rest)

    def _staged(
        self, work: Work, batches: tuple[Span | None, ...]
    ) -> Generator[tuple[Span | None, FilePlan, float], None, None]:
        """The batches in their order, at most `parallel` of them in the making or waiting; None is all of it."""
        left = deque(enumerate(batches))
        running: deque[tuple[int, Span | None, float, Future[FilePlan]]] = deque()
        folder = self._workshop.scratch(self._job.asset.id)
        with ThreadPoolExecutor(self._wish.parallel, thread_name_prefix="backfill") as pool:
            try:
                while left or running:
                    while left and len(running) < self._wish.parallel:
                        number, span = left.popleft()
                        future = pool.submit(self._stage, work, span, f"{folder}/{number}")
                        running.append((number, span, time.monotonic(), future))
                    number, span, began, future = running[0]
                    yield span, future.result(), began
                    running.popleft()
                    shutil.rmtree(f"{folder}/{number}", ignore_errors=True)
            finally:
                if running:
                    self._tries.stop()
        shutil.rmtree(folder, ignore_errors=True)

    def _stage(self, work: Work, span: Span | None, folder: str) -> FilePlan:
        """The rows of a batch, in files that only this run knows."""

        def stage() -> FilePlan:
            shutil.rmtree(folder, ignore_errors=True)  # what a try before this one has left
            with self._workshop.engine.session() as session:
                self._workshop.show(session, self._job.asset)
                sql = rows_of(work.query, (span,)) if span else work.query.sql
                return stage_into(session, sql, folder, None)

        return self._tries.of(_named((span,) if span else self._spans, self._unit), stage)


def _named(spans: tuple[Span, ...], unit: Unit) -> str:
    return ", ".join(interval.told(span, unit) for span in spans)


def _refuse_mixed(work: Work, workshop: Workshop, spans: tuple[Span, ...]) -> None:
    """Refuse to put rows of other columns beside those that are there."""
    name = work.job.asset.id
    if work.current is None and workshop.tables.get(name) is not None and interval.minus(work.waiting, spans):
        what = "its columns are other ones now, so that old rows cannot stand beside new ones"
        raise QueryRefused(what, where=name, fix=f"make all of it: jusante run {name}")
