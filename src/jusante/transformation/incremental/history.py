"""SQL models by key with `history: true`: each key's row as it is, and as it was, from when to when (SCD 2).

A row is valid from `valid_from` up to, and without, `valid_to`; the one that `is_current` has no end. What is compared is the
query's result with the current rows: a row that changed ends and another begins at the same moment, a row whose key went
ends, and what is as it was is left alone. A history cannot be made anew, so nothing ever does that.
"""

import datetime as dt
from dataclasses import dataclass, replace

from jusante.core.literals import literal
from jusante.core.model import HISTORY, SqlModel
from jusante.core.names import quote, quote_table
from jusante.core.schema import Schema, widens
from jusante.core.words import counted
from jusante.errors import AuditFailed, QueryRefused
from jusante.management.publish import Draft, Published
from jusante.management.quality import Audit
from jusante.ports.engine import Session, Target
from jusante.ports.table_store import Table
from jusante.transformation.build import Built, Job, Workshop

_NOW, _BEFORE, _TOUCHED, _LIES_IN = "__now.rows", "__before.rows", "__touched.rows", "__lies_in"
_TICK = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One comparison: the columns that are compared, the key, the table as it is, and the moment of the change."""

    columns: tuple[str, ...]
    key: tuple[str, ...]
    current: Table
    at: dt.datetime


def build(workshop: Workshop, job: Job) -> Built:
    """Compare what the query gives with the current rows, and publish what began and what ended."""
    definition = job.asset.definition
    assert isinstance(definition, SqlModel)
    assert job.at
    with workshop.engine.session() as session:
        read = workshop.show(session, job.asset)
        plain = workshop.draft(job, definition.query.sql, read)
        staged = session.stage(plain.sql, Target(f"{workshop.scratch(job.asset.id)}/now", {}, 0))
        session.add(_NOW, staged)
        _refuse_unclear(session, plain, staged.schema)
        current = workshop.tables.get(job.asset.id)
        if current is None or not all(current.schema.find(name) for name in HISTORY):
            first = replace(plain, sql=_begun(f"select * from {quote_table(_NOW)}", job.at))
            return Built(workshop.publisher.publish(session, first), read)
        _refuse_other_types(current, staged.schema)
        session.add(_BEFORE, replace(current.plan, file_column=_LIES_IN))
        turn = _Turn(staged.schema.names, plain.key, current, _moment(session, job.at))
        began, ended = (
            session.rows(f"select count(*) from ({sql})")[0][0] for sql in (_beginning(turn), _ending(turn))
        )
        if not began and not ended:
            return Built(Published(current, Audit((), 0), 0, 0), read, told="no row changed")
        published = workshop.publisher.publish(session, _changed(session, plain, turn))
        return Built(published, read, told=f"{counted(began, 'row')} began, {counted(ended, 'row')} ended")


def _refuse_unclear(session: Session, draft: Draft, schema: Schema) -> None:
    """Refuse a result of which two rows have one key, or whose columns are called as those of the history."""
    if taken := next((name for name in HISTORY if schema.find(name)), ""):
        raise QueryRefused(f"its history has a column {taken} already", where=draft.name, fix=f"call {taken} otherwise")
    key = ", ".join(quote(name) for name in draft.key)
    twice = session.rows(f"select count(*) from (select 1 from {quote_table(_NOW)} group by {key} having count(*) > 1)")
    if twice[0][0]:
        what = (
            f"{counted(twice[0][0], 'key')} in more than one row, so that no history can be told. Nothing was published"
        )
        raise AuditFailed(what, where=draft.name, fix="a row for each grain, or a longer grain")


def _refuse_other_types(current: Table, given: Schema) -> None:
    """Refuse a column that became something else: under its name and new type, no value of before could be read."""
    for column in current.schema:
        now = given.find(column.name)
        if now and not widens(column.type, now.type):
            what = f"{column.name} was of type {column.type} and is of type {now.type} now: its history cannot go on"
            raise QueryRefused(what, where=current.name, fix=f"cast it to {column.type}, or give it another name")


def _moment(session: Session, at: dt.datetime) -> dt.datetime:
    """Now, or just after the last change that there was, should a clock have gone back."""
    last = session.rows(f"select greatest(max(valid_from), max(valid_to)) from {quote_table(_BEFORE)}")[0][0]
    return max(at, last + _TICK) if last else at


def _begun(sql: str, at: dt.datetime) -> str:
    moment = literal(at)
    return f"select *, {moment} as valid_from, cast(null as timestamptz) as valid_to, true as is_current from ({sql})"


def _listed(turn: _Turn, *, before: bool) -> str:
    """The compared columns; those that the table did not have yet were empty."""
    return ", ".join(
        quote(name) if not before or turn.current.schema.find(name) else f"null as {quote(name)}"
        for name in turn.columns
    )


def _beginning(turn: _Turn) -> str:
    """Rows of now that are no current row."""
    before = f"select {_listed(turn, before=True)} from {quote_table(_BEFORE)} where is_current"
    return f"select {_listed(turn, before=False)} from {quote_table(_NOW)} except all {before}"


def _ending(turn: _Turn) -> str:
    """The keys of current rows that are no row of now."""
    before = f"select {_listed(turn, before=True)} from {quote_table(_BEFORE)} where is_current"
    key = ", ".join(quote(name) for name in turn.key)
    return f"select {key} from ({before} except all select {_listed(turn, before=False)} from {quote_table(_NOW)})"


def _changed(session: Session, plain: Draft, turn: _Turn) -> Draft:
    """The rows that end, with their end, and those that begin; the rest of the files they lie in comes along.

    What is no current row begins each time: so is what was set aside, which is why it is replaced there.
    """
    same = " and ".join(f"t.{quote(name)} = e.{quote(name)}" for name in turn.key)
    ends = f"(t.is_current and exists (select 1 from ({_ending(turn)}) as e where {same}))"
    found = session.rows(f"select distinct t.{_LIES_IN} from {quote_table(_BEFORE)} as t where {ends}")
    remove = tuple(sorted(row[0] for row in found))
    begun = _begun(_beginning(turn), turn.at)
    if not remove:
        return replace(plain, sql=begun, remove=(), again="true")
    session.add(_TOUCHED, replace(turn.current.plan, files=remove))
    moment = literal(turn.at)
    kept = (
        f"select t.* replace (case when {ends} then {moment} else t.valid_to end as valid_to, "
        f"case when {ends} then false else t.is_current end as is_current) from {quote_table(_TOUCHED)} as t"
    )
    return replace(plain, sql=f"{kept} union all by name {begun}", remove=remove, again="true")
