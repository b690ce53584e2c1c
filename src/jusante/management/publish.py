"""Audit before publish: stage, check, and only then one commit that makes it visible.

A failed audit publishes nothing: readers keep the last good snapshot. Rows that a check sets aside go to
`<table>__quarantine`, which is committed first; where the second commit does not follow, the first is taken back
(`management.quarantine`, `orchestration.recovery`).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from jusante.architecture.failure import point
from jusante.core.check import Check
from jusante.core.event import Event
from jusante.core.evolution import kept_ids, merged
from jusante.core.names import QUARANTINE, quote_table
from jusante.errors import AuditFailed
from jusante.management.quality import Audit, Hiding, Result, aside_sql, audit, keep_sql, nothing_hidden
from jusante.management.quarantine import marked, marks, rejected, without_owed
from jusante.ports.engine import Reject, Session, Target
from jusante.ports.relation import FilePlan
from jusante.ports.table_store import Commit, Table, TableStore

STAGED = "__staged"
WHOLE = "__whole"
KEPT = "__kept"
ASIDE = "__aside"
_WHOLE_TABLE = {"unique", "row_count", "freshness", "sql"}


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be published of one table.

    `sql` gives the rows to add. `remove` are the current files they stand for (None: all, the table is built anew).
    `hidden` tells columns whose values no message may show. `rejects` are rows that could not even be read.
    `examine` looks at what was staged once it has passed the audit; if it raises, nothing is published.
    `look` says what the ledger is to be told of it then. `new_rows` is a condition for the rows that are new, where others
    lie with them. `part` tells drafts of one table in one run apart. `file_bytes` is about how large its files may become.
    `again` is SQL that is true for rows `t` of the quarantine that stand in `sql` again, if they are as they were.
    """

    name: str
    sql: str
    run_id: str
    current: Table | None
    remove: tuple[str, ...] | None = None
    checks: tuple[Check, ...] = ()
    key: tuple[str, ...] = ()
    hidden: Hiding = nothing_hidden
    rejects: tuple[Reject, ...] = ()
    summary: Mapping[str, str] = field(default_factory=dict)
    examine: Callable[[Session, FilePlan], None] | None = None
    look: "Look | None" = None
    new_rows: str = ""
    part: str = ""
    file_bytes: int | None = None
    again: str = ""

    @property
    def kept(self) -> FilePlan | None:
        """The current files that stay."""
        if self.current is None or self.remove is None:
            return None
        files = tuple(file for file in self.current.plan.files if file not in self.remove)
        return replace(self.current.plan, files=files) if files else None


Look = Callable[[Session, Draft, FilePlan], Event | None]
"""Looks at what was staged of a draft, and says what the ledger is to be told of it; None where that is nothing."""


@dataclass(frozen=True, slots=True)
class Published:
    """What came of a draft: the table as it is now, what the audit said, how many rows were added and set aside.

    `bytes_added` are those of the files that were published; the quarantine counts by itself. `seen` is what the
    ledger is to be told of its rows.
    """

    table: Table
    audit: Audit
    rows_added: int
    rows_aside: int
    bytes_added: int = 0
    seen: Event | None = None


class Publisher:
    """The one way into the lakehouse."""

    def __init__(self, store: TableStore, clock: Callable[[], dt.datetime]) -> None:
        self._store = store
        self._clock = clock

    def publish(self, session: Session, draft: Draft) -> Published:
        """Stage, audit and commit. Raises AuditFailed with nothing published; whatever fails, the staged files go."""
        point("before_stage", draft.name)
        try:
            return self._publish(session, draft)
        except Exception:
            self._store.unstage(draft.name, draft.run_id)
            raise

    def _publish(self, session: Session, draft: Draft) -> Published:
        staged = self._stage(session, draft, draft.sql)
        point("after_stage", draft.name)
        found = self._audit(session, draft, staged)
        bad = tuple(result for result in found.results if not result.passed)
        aside = tuple(result for result in bad if result.check.quarantine)
        blocking = tuple(result for result in bad if result.check.severity == "block" and not result.check.quarantine)
        if blocking:
            raise audit_failed(draft.name, blocking, found)
        if draft.examine:
            draft.examine(session, staged)
        seen = draft.look(session, draft, staged) if draft.look else None
        point("after_audit", draft.name)
        rows_aside = self._set_aside(session, draft, aside)
        if aside:
            checks = tuple(result.check for result in aside)
            staged = self._stage(session, draft, keep_sql(_sql_name(STAGED, draft.name), checks), "kept")
        table = self._commit(draft, staged)
        point("after_commit", draft.name)
        if aside:
            self._store.unstage(draft.name, draft.run_id)  # what was staged before rows were set aside
        return Published(table, found, staged.rows, rows_aside, staged.bytes, seen)

    def _stage(self, session: Session, draft: Draft, sql: str, part: str = "") -> FilePlan:
        folder = self._store.staging(draft.name, draft.run_id)
        place = "/".join(name for name in (folder, draft.part, part) if name)
        return stage_into(session, sql, place, draft.current, draft.file_bytes)

    def _audit(self, session: Session, draft: Draft, staged: FilePlan) -> Audit:
        session.add(f"{STAGED}.{draft.name}", staged)
        rows = tuple(check for check in draft.checks if check.kind not in _WHOLE_TABLE)
        whole = tuple(check for check in draft.checks if check.kind in _WHOLE_TABLE)
        staged_name = _sql_name(STAGED, draft.name)
        now = self._clock()
        found = audit(session, staged_name, rows, staged.schema, now, draft.key, draft.hidden)
        if not whole:
            return found
        if draft.kept:
            session.add(f"{KEPT}.{draft.name}", draft.kept)
            union = f"select * from {_sql_name(KEPT, draft.name)} union all by name select * from {staged_name}"
            session.add_view(f"{WHOLE}.{draft.name}", union)
            staged_name = _sql_name(WHOLE, draft.name)
        more = audit(session, staged_name, whole, staged.schema, now, draft.key, draft.hidden)
        return Audit(found.results + more.results, max(found.rows, more.rows))

    def _commit(self, draft: Draft, staged: FilePlan) -> Table:
        current = draft.current
        anew = current is None or draft.remove is None
        assert anew or current is not None
        commit = Commit(
            name=draft.name,
            add=staged,
            schema=staged.schema if current is None or anew else merged(current.schema, staged.schema),
            remove=(current.plan.files if draft.remove is None else draft.remove) if current else (),
            expected=current.snapshot_id if current else None,
            summary={"jusante.run": draft.run_id, **draft.summary},
        )
        return self._store.commit(commit)

    # -- quarantine --------------------------------------------------------------------------------------------------

    def _set_aside(self, session: Session, draft: Draft, failed: tuple[Result, ...]) -> int:
        """Put failing and unreadable rows into the quarantine table; a table built anew starts its quarantine anew."""
        current = without_owed(self._store, draft.name, draft.current)
        stays = self._stays(session, draft, current)
        is_replaced = current is not None and stays < current.plan.rows
        if not failed and not draft.rejects and not is_replaced:
            return 0
        name = draft.name + QUARANTINE
        sql = self._aside_sql(draft, failed)
        if is_replaced and stays:
            kept = f"select t.* from {_sql_name(ASIDE, draft.name)} as t where not coalesce({draft.again}, false)"
            sql = f"{kept} union all by name {sql}"
        folder = f"{self._store.staging(name, draft.run_id)}/{self._clock():%H%M%S%f}"  # what was taken back still lies there
        staged = stage_into(session, sql, folder, current)
        anew = current is None or draft.remove is None
        schema = staged.schema if current is None or anew else merged(current.schema, staged.schema)
        remove = current.plan.files if current and is_replaced else ()
        expected = current.snapshot_id if current else None
        summary = {"jusante.run": draft.run_id, **marks(draft.current, current)}
        self._store.commit(Commit(name, staged, schema, remove, expected, summary))
        point("after_aside", draft.name)
        return staged.rows - (stays if is_replaced else 0)

    def _stays(self, session: Session, draft: Draft, current: Table | None) -> int:
        """How many of the rows set aside before stay there."""
        if current is None or draft.remove is None:
            return 0
        if not draft.again or not current.plan.rows:
            return current.plan.rows
        session.add(f"{ASIDE}.{draft.name}", current.plan)
        query = f"select count(*) from {_sql_name(ASIDE, draft.name)} as t where not coalesce({draft.again}, false)"
        return int(session.rows(query)[0][0])

    def _aside_sql(self, draft: Draft, failed: tuple[Result, ...]) -> str:
        staged, now = _sql_name(STAGED, draft.name), self._clock()
        checks = tuple(result.check for result in failed)
        failing = aside_sql(staged, checks) if checks else f"select *, '' as _check from {staged} where false"
        sql = marked(failing, draft.run_id, now)
        return f"{sql} union all by name {rejected(draft.rejects, draft.run_id, now)}" if draft.rejects else sql


def stage_into(
    session: Session, sql: str, folder: str, current: Table | None, file_bytes: int | None = None
) -> FilePlan:
    """Stage a query's rows with the field ids that the table's columns have, as far as their types allow."""
    if current is None:
        return session.stage(sql, Target(folder, {}, 0, file_bytes))
    ids = kept_ids(current.ids, current.schema, session.schema(sql))
    return session.stage(sql, Target(folder, ids, current.last_id, file_bytes))


def audit_failed(name: str, failed: tuple[Result, ...], found: Audit) -> AuditFailed:
    """The error that tells which checks failed, in words, and what can be done; it bears what all checks `found`."""
    messages = "; ".join(result.message for result in failed)
    fix = "correct the rows at their source, or set `severity: warn` or `quarantine: true` on the check"
    error = AuditFailed(f"{messages}. Nothing was published: readers keep the last good snapshot", where=name, fix=fix)
    error.audit = found
    return error


def _sql_name(space: str, name: str) -> str:
    return quote_table(f"{space}.{name}")
