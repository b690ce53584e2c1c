"""SQL models of kind by_key: the rows of the keys that are touched are replaced; a key whose rows all went, goes."""

from dataclasses import replace

from jusante.core.model import SqlModel
from jusante.core.names import quote, quote_table
from jusante.core.words import counted
from jusante.errors import EngineError
from jusante.management.publish import Draft, Published
from jusante.management.quality import Audit
from jusante.ports.engine import Session, Target
from jusante.ports.table_store import Table
from jusante.transformation.build import Built, Job, Workshop, views_of
from jusante.transformation.incremental import history
from jusante.transformation.incremental.changes import Untraceable, changes_since, each_changed
from jusante.transformation.incremental.tracing import traced

_TOUCHED, _KEYS, _LIES_IN = "__touched.rows", "__keys", "__lies_in"


def build(workshop: Workshop, job: Job) -> Built:
    """Make the rows of all keys that are touched, and publish them in one commit."""
    definition = job.asset.definition
    assert isinstance(definition, SqlModel)
    if definition.header.history:
        return history.build(workshop, job)
    folder = workshop.scratch(job.asset.id)
    with workshop.engine.session() as session:
        read = workshop.show(session, job.asset)
        plain = workshop.draft(job, definition.query.sql, read)
        current, standing = workshop.tables.get(job.asset.id), job.standing
        if current is None or standing is None or standing.version != job.version:
            return Built(workshop.publisher.publish(session, plain), read)
        try:
            changes = changes_since(standing, read, workshop.tables.at)
            trace = traced(definition.query.sql, plain.key, views_of(workshop.graph, job.asset.id))
            parts = []
            for name in each_changed(session, trace, changes):
                staged = session.stage(f"select distinct * from (\n{trace.sql}\n)", Target(f"{folder}/{name}", {}, 0))
                session.add(f"{_KEYS}.{name}", staged)
                parts.append((f"{_KEYS}.{name}", staged.rows))
        except (Untraceable, EngineError) as problem:
            why = str(problem) if isinstance(problem, Untraceable) else "its key cannot be asked for by itself"
            return Built(workshop.publisher.publish(session, plain), read, told=f"all keys, since {why}")
        if not any(rows for _, rows in parts):
            return Built(Published(current, Audit((), 0), 0, 0), read, told="no key is touched by it")
        keys = " union ".join(f"select * from {quote_table(name)}" for name, _ in parts)
        number = session.rows(f"select count(*) from ({keys})")[0][0]
        published = workshop.publisher.publish(session, _replacing(session, plain, current, keys))
        return Built(published, read, told=f"{counted(number, 'key')} made")


def _replacing(session: Session, plain: Draft, current: Table, keys: str) -> Draft:
    """The rows of these keys, as the query gives them now, in place of those there are."""
    touched = _among("t", plain.key, keys)
    session.add(_TOUCHED, replace(current.plan, file_column=_LIES_IN))
    found = session.rows(f"select distinct t.{_LIES_IN} from {quote_table(_TOUCHED)} as t where {touched}")
    remove = tuple(sorted(row[0] for row in found))
    session.add(_TOUCHED, replace(current.plan, files=remove))
    unfilled = " or ".join(f"t.{quote(name)} is null" for name in plain.key)  # the audit refuses them
    rows = f"select * from (\n{plain.sql}\n) as t where {touched} or {unfilled}"
    stays = f"select * from {quote_table(_TOUCHED)} as t where not coalesce({touched}, false)"
    sql = f"{stays} union all by name {rows}" if remove else rows
    return replace(plain, sql=sql, remove=remove, again=f"({touched} or {unfilled})")


def _among(alias: str, key: tuple[str, ...], keys: str) -> str:
    """SQL that is true for rows of these keys."""
    same = " and ".join(f"{alias}.{quote(name)} = k.{quote(name)}" for name in key)
    return f"exists (select 1 from ({keys}) as k where {same})"
