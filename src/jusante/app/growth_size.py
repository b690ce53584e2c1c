"""By how much a join inflates, on the data as they are published now: bounded in time, and in memory by the engine."""

import threading

from jusante.app.system import System
from jusante.errors import EngineError, StorageError
from jusante.management.lake import show
from jusante.ports.engine import Session
from jusante.transformation.guards import Found
from jusante.transformation.row_growth.relation import Blame
from jusante.transformation.row_growth.sizing import (
    LEAST_KEYS,
    SHARES,
    WHOLE_ROWS,
    Size,
    can_size,
    size_of,
    sizing_sql,
)

SECONDS = 10.0


def size(system: System, found: Found, seconds: float = SECONDS) -> Size | None:
    """The size of what a guard has found. None where there are no data yet, it cannot be counted so, or it takes too long."""
    blame = found.blame
    if blame is None or not can_size(blame):
        return None
    values = found.values if all(_is_own(value, blame) for value in found.values) else ()
    tables = system.tables()
    with system.engine.session() as session:
        watch = threading.Timer(seconds, session.cancel)
        watch.start()
        try:
            shown = show(session, _sides(blame), system.graph, tables)
            rows = max((table.plan.rows for table in shown.values()), default=0)
            return _counted(session, blame, values, SHARES if rows > WHOLE_ROWS else SHARES[-1:])
        except (EngineError, StorageError):
            return None
        finally:
            watch.cancel()


def _is_own(value: str, blame: Blame) -> bool:
    """Whether an expression is made of columns of the repeated side alone, as those of a sum that it inflates mostly are."""
    own = f"{blame.repeated_alias}."
    return value.count(".") == value.count(own) > 0


def _sides(blame: Blame) -> tuple[str, ...]:
    return tuple(name for name in (blame.repeated_table, blame.by_table) if name)


def _counted(session: Session, blame: Blame, values: tuple[str, ...], shares: tuple[int, ...]) -> Size | None:
    types = [[_type(session, table or "", column) for table, column in _ends(blame, pair)] for pair in blame.on]
    same = all(one == other for one, other in types)
    found = None
    for percent in shares:
        found = size_of(session.rows(sizing_sql(blame, values, percent, same_types=same)), percent)
        if found and found.keys >= LEAST_KEYS:
            return found
    return found


def _ends(blame: Blame, pair: tuple[str, str]) -> tuple[tuple[str | None, str], ...]:
    return ((blame.repeated_table, pair[0]), (blame.by_table, pair[1]))


def _type(session: Session, table: str, column: str) -> str | None:
    from jusante.core.names import quote_table

    found = session.schema(f"select * from {quote_table(table)}").find(column)
    return found.type if found else None
