"""SQL models of kind by_time: the rows of whole intervals are replaced, all that are due in one commit."""

import json
from dataclasses import dataclass, replace
from functools import partial

from jusante.core import interval
from jusante.core.interval import Span
from jusante.core.model import SqlModel
from jusante.core.names import quote, quote_table
from jusante.management.publish import Draft, Published
from jusante.management.quality import Audit
from jusante.ports.engine import Session
from jusante.ports.table_store import Table
from jusante.transformation.build import Built, Job, Workshop, views_of
from jusante.transformation.incremental.due import Due, Timed, from_nothing, made, of_another_version, since
from jusante.transformation.incremental.filters import from_on, lies_in, type_of
from jusante.transformation.incremental.tracing import traced

KEY = "jusante.intervals"
"""Under which a snapshot's summary says which of its intervals are done."""
FILE_BYTES = 40 * 1024 * 1024
"""A file is written anew if one of its rows is touched. So rows lie in the order of time, in files that are not large; they
are larger than those that `maintain` makes one of."""
_TOUCHED = "__touched.rows"
_LIES_IN = "__lies_in"


@dataclass(frozen=True, slots=True)
class Work:
    """A model by time, its inputs in a session, the table as it is (None: there is none, or none that can be kept)."""

    job: Job
    query: Timed
    read: dict[str, Table]
    current: Table | None
    due: Due

    @property
    def waiting(self) -> tuple[Span, ...]:
        """The intervals to be made."""
        return interval.waiting(self.due.coverage)


def build(workshop: Workshop, job: Job) -> Built:
    """Make all intervals that are due, and publish them in one commit."""
    with workshop.engine.session() as session:
        work = looked_at(workshop, job, session)
        spans = work.waiting
        if work.current and not spans and not work.due.timeless:
            same = Published(work.current, Audit((), 0), 0, 0)
            return Built(same, work.read, intervals=work.due.coverage, told="no interval is touched by it")
        profile = session.profile()
        published = workshop.publisher.publish(session, draft(workshop, work, session, spans, whole=_is_whole(work)))
        coverage = made(work.due.coverage, spans, job.version)
        plan = profile[0] if profile else None
        return Built(published, work.read, profile=plan, intervals=coverage, made=spans, told=_told(work, spans))


def looked_at(workshop: Workshop, job: Job, session: Session) -> Work:
    """See which intervals are due. The session has the inputs, as they are now, under their names."""
    definition = job.asset.definition
    assert isinstance(definition, SqlModel)
    read = workshop.show(session, job.asset)
    query = timed(job, definition, session)
    current, standing = workshop.tables.get(job.asset.id), job.standing
    if current is None or standing is None or not standing.intervals:
        return Work(job, query, read, None, from_nothing(session, query))
    if standing.version != job.version:
        due = of_another_version(session, query, standing)
        return Work(job, query, read, current if _has_same_columns(session, query, current) else None, due)
    trace = partial(traced, query.written, (query.time,), views_of(workshop.graph, job.asset.id))
    return Work(job, query, read, current, since(session, query, standing, read, workshop.tables.at, trace))


def timed(job: Job, definition: SqlModel, session: Session) -> Timed:
    """The model's query by time, from its `start` on. Raises QueryRefused where its time is none."""
    header, name = definition.header, job.asset.id
    assert header.time
    written = definition.query.sql
    kind = type_of(session.schema(written), header.time, header.unit, name)
    if not header.start:
        return Timed(written, header.time, kind, header.unit, written)
    since = interval.parse(header.start)
    sql = f"select * from (\n{written}\n) as whole where {from_on(header.time, kind, since)}"
    return Timed(sql, header.time, kind, header.unit, written, since)


def draft(  # what, of which work, how
    workshop: Workshop, work: Work, session: Session, spans: tuple[Span, ...], *, whole: bool, sql: str = ""
) -> Draft:
    """What is to be published: these intervals' rows in place of those there. `sql` gives them, where they lie ready."""
    job, query = work.job, work.query
    coverage = made(work.due.coverage, spans, job.version)
    plain = workshop.draft(job, query.sql, work.read)
    summary = {**plain.summary, KEY: json.dumps([each.as_list() for each in coverage])}
    if whole or work.current is None:
        made_of = sql or query.sql
        rows = f"select * from (\n{made_of}\n) as whole order by {quote(query.time)}"
        return replace(plain, sql=rows, summary=summary, file_bytes=FILE_BYTES)
    inside = lies_in(query.time, query.kind, spans, query.unit)
    remove = _files(session, work.current, inside)
    session.add(_TOUCHED, replace(work.current.plan, files=remove))
    rows = sql or rows_of(query, spans)
    stays = f"select * from {quote_table(_TOUCHED)} as t where not {inside}"
    rows = (
        f"select * from ({stays} union all by name {rows}) as all_rows order by {quote(query.time)}" if remove else rows
    )
    again = f"({inside} or t.{quote(query.time)} is null)"
    newest = lies_in(query.time, query.kind, spans[-1:], query.unit)
    return replace(plain, sql=rows, remove=remove, summary=summary, file_bytes=FILE_BYTES, again=again, new_rows=newest)


def rows_of(query: Timed, spans: tuple[Span, ...]) -> str:
    """A query for the rows of these intervals, and for those without a time, which the audit refuses."""
    inside = lies_in(query.time, query.kind, spans, query.unit)
    return f"select * from (\n{query.sql}\n) as made where {inside} or made.{quote(query.time)} is null"


def _files(session: Session, current: Table, inside: str) -> tuple[str, ...]:
    """The files of the table that hold rows of these intervals."""
    session.add(_TOUCHED, replace(current.plan, file_column=_LIES_IN))
    found = session.rows(f"select distinct t.{_LIES_IN} from {quote_table(_TOUCHED)} as t where {inside}")
    return tuple(sorted(row[0] for row in found))


def _is_whole(work: Work) -> bool:
    """Whether all intervals are made: then no row of before is looked at."""
    return work.current is None or not interval.done(work.due.coverage)


def _has_same_columns(session: Session, query: Timed, current: Table) -> bool:
    """Whether rows of another version can stand beside those of this one."""
    before, now = ([(c.name, c.type) for c in schema] for schema in (current.schema, session.schema(query.sql)))
    return before == now


def _told(work: Work, spans: tuple[Span, ...]) -> str:
    """What was made, in words."""
    number, every = interval.count(spans), interval.count(each.span for each in work.due.coverage)
    unit = work.query.unit
    which = f": {interval.told(spans[0], unit)}" if len(spans) == 1 else ""
    why = f" ({work.due.why})" if work.due.why else ""
    return f"{number:,} of {every:,} {unit}{'s' if every != 1 else ''} made{which}{why}"
