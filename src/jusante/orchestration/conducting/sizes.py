"""How much is new, and whether that is enough: rows or bytes, at a source or in the tables above."""

from collections.abc import Sequence
from dataclasses import dataclass

from jusante.core.trigger import Condition
from jusante.core.words import counted, sized
from jusante.orchestration.conducting.decision import Probe
from jusante.ports.table_store import Snapshot


@dataclass(frozen=True, slots=True)
class Amount:
    """Rows, and the bytes they take in the lakehouse."""

    rows: int = 0
    bytes: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.rows + other.rows, self.bytes + other.bytes)

    def of(self, rows: int) -> "Amount":
        """So many rows like these; with as many bytes as rows, where there are none to compare with."""
        return Amount(rows, rows * self.bytes // self.rows if self.rows else rows)


def came_since(history: Sequence[Snapshot], base: int | None) -> Amount:
    """What was written to a table after this snapshot; all it has, where that is not kept any more, or never was read."""
    known = [snapshot.id for snapshot in history]
    if base not in known:
        current = next((snapshot for snapshot in history if snapshot.is_current), None)
        return Amount(current.rows, current.bytes) if current else Amount()
    after = [snapshot for snapshot in history[known.index(base) + 1 :] if not snapshot.is_same_rows]
    return Amount(sum(each.added_rows for each in after), sum(each.added_bytes for each in after))


def reached(condition: Condition, amount: Amount, where: str, since: str) -> Probe:
    """Whether so much is new. It holds once, and again for each further time that so much has come `since`."""
    is_bytes = condition.bytes is not None
    found, least = amount.bytes if is_bytes else amount.rows, condition.least
    new = f"{sized(found)} new" if is_bytes else counted(found, "new row")
    return Probe(f"{since} {condition.kind} {found // least}", found >= least, f"{new} {where}")
