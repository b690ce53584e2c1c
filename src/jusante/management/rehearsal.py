"""Publishing for nobody: rows are staged as a publish would stage them, and stay in a folder that is thrown away."""

from pathlib import Path

from jusante.core.names import quote_table
from jusante.management.publish import Draft, Published, Publisher, stage_into
from jusante.management.quality import Audit, keep_sql
from jusante.ports.engine import Session
from jusante.ports.relation import FilePlan
from jusante.ports.table_store import Table

_ALL = "__rehearsed.rows"


class Rehearsal(Publisher):
    """A publisher that publishes nothing. `staged` are the files of the last draft; rows that a check sets aside are not
    among them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.staged: FilePlan | None = None

    def publish(self, session: Session, draft: Draft) -> Published:
        """Stage what a publish would show."""
        checks = tuple(check for check in draft.checks if check.quarantine)
        folder = str(self._folder / draft.name.replace("/", "%2F"))
        staged = stage_into(session, draft.sql, f"{folder}-all", None)
        if checks:
            session.add(_ALL, staged)
            staged = stage_into(session, keep_sql(quote_table(_ALL), checks), f"{folder}-kept", None)
        self.staged = staged
        table = Table(draft.name, "", 0, staged, {}, 0, draft.summary)
        return Published(table, Audit((), staged.rows), staged.rows, 0)
