"""SQL models of kind append: the rows made of what is new in their one input are added; those there stay as they are."""

from collections.abc import Mapping
from dataclasses import replace

from jusante.core.model import SqlModel
from jusante.core.words import counted
from jusante.errors import QueryRefused
from jusante.management.publish import Published
from jusante.management.quality import Audit
from jusante.ports.engine import Session
from jusante.ports.table_store import Table
from jusante.transformation.build import Built, Job, Standing, Workshop, views_of
from jusante.transformation.incremental.changes import Untraceable, changes_since, put_parts, rows_that_came
from jusante.transformation.incremental.tracing import why_more_than_rows


def build(workshop: Workshop, job: Job) -> Built:
    """Add what is new. All is built where there is nothing yet, or where the definition changed."""
    definition = job.asset.definition
    assert isinstance(definition, SqlModel)
    sql = definition.query.sql
    if why := why_more_than_rows(sql, views_of(workshop.graph, job.asset.id)):
        raise QueryRefused(f"rows cannot be added to it one by one: {why}", where=job.asset.id, fix=FIX)
    with workshop.engine.session() as session:
        read = workshop.show(session, job.asset)
        current, standing = workshop.tables.get(job.asset.id), job.standing
        if current is None or standing is None or standing.version != job.version:
            published = workshop.publisher.publish(session, workshop.draft(job, sql, read))
            return Built(published, read)
        if not _is_new(workshop, job, session, read, standing):
            return Built(Published(current, Audit((), 0), 0, 0), read, told="no row is new")
        draft = replace(workshop.draft(job, sql, read), remove=())
        published = workshop.publisher.publish(session, draft)
        return Built(published, read, told=f"{counted(published.rows_added, 'row')} added")


FIX = "make it kind: full, or by_key with a grain, or by_time"


def _is_new(workshop: Workshop, job: Job, session: Session, read: Mapping[str, Table], standing: Standing) -> bool:
    """Leave in the session only the rows of the input that are new; whether there are any."""
    try:
        changes = changes_since(standing, read, workshop.tables.at)
    except Untraceable as problem:
        fix = f"jusante run {job.asset.id} --anew builds all of it from what its input holds now"
        raise QueryRefused(f"what is new cannot be told: {problem}", where=job.asset.id, fix=fix) from None
    for name, change in changes.items():
        put_parts(session, name, change)
        session.add_view(name, rows_that_came(name))
        return bool(session.rows(f"select 1 from ({rows_that_came(name)}) limit 1"))
    return False
