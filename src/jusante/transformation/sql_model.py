"""SQL models: a query whose result is a table, or a view."""

import datetime as dt
from functools import partial

from jusante.core.model import SqlModel
from jusante.core.names import quote_table
from jusante.management.publish import audit_failed
from jusante.management.quality import audit
from jusante.transformation.build import Built, Job, Workshop, checks_of
from jusante.transformation.incremental import append, by_key, by_time

_INCREMENTAL = {"by_time": by_time.build, "by_key": by_key.build, "append": append.build}


def build(workshop: Workshop, job: Job) -> Built:
    """Run the model's query and publish what it gives."""
    assert isinstance(job.asset.definition, SqlModel)
    if special := _INCREMENTAL.get(job.asset.definition.header.kind):
        return special(workshop, job)
    with workshop.engine.session() as session:
        read = workshop.show(session, job.asset)
        profile = session.profile()
        published = workshop.publisher.publish(session, workshop.draft(job, job.asset.definition.query.sql, read))
        return Built(published, read, profile=profile[0] if profile else None)


def check_view(workshop: Workshop, job: Job, now: dt.datetime) -> Built:
    """Prove that a view's query runs and that its checks hold. Raises AuditFailed."""
    definition = job.asset.definition
    assert isinstance(definition, SqlModel)
    with workshop.engine.session() as session:
        read = workshop.show(session, job.asset)
        session.add_view(job.asset.id, definition.query.sql)
        name = quote_table(job.asset.id)
        schema = session.schema(f"select * from {name}")
        checks = checks_of(job.asset)
        hidden = partial(workshop.hidden, job.asset)
        found = audit(session, name, checks, schema, now, job.asset.grain, hidden) if checks else None
    failed = tuple(result for result in found.results if not result.passed) if found else ()
    blocking = tuple(result for result in failed if result.check.severity == "block")
    if found and blocking:
        raise audit_failed(job.asset.id, blocking, found)
    return Built(None, read, tuple(result.message for result in failed), audit=found)
