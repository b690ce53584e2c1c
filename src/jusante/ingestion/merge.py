"""How rows that arrived become part of a table: copy-on-write, by the files that they touch.

Which rows of the table do they stand for? Those of the same key; or, for files, those of the same file; or, with
neither, those from the cursor on. So late rows, ties on the cursor and repeated deliveries change nothing twice.
"""

from dataclasses import dataclass, replace

from jusante.core.cursor import Cursor
from jusante.core.literals import literal
from jusante.core.names import quote, quote_table
from jusante.core.schema import Schema
from jusante.ports.engine import Session
from jusante.ports.table_store import Table

CURRENT = "__current.rows"
TOUCHED = "__touched.rows"
DISTINCT = "__distinct.rows"
_LIES_IN = "__lies_in"


@dataclass(frozen=True, slots=True)
class Incoming:
    """Rows that arrived, as a relation. `order` are the columns by which the last of several rows with one key is told."""

    relation: str
    columns: Schema
    key: tuple[str, ...]
    order: tuple[str, ...]
    replaces: tuple[str, ...]
    since: Cursor | None


@dataclass(frozen=True, slots=True)
class Merged:
    """The rows to publish, the files that they stand for (None: all), and how many rows gave way to a later one."""

    sql: str
    remove: tuple[str, ...] | None
    superseded: int


def anew(session: Session, incoming: Incoming) -> Merged:
    """The table is what arrived and nothing else."""
    superseded = _distinct(session, incoming)
    return Merged(f"select * from {quote_table(DISTINCT)}", None, superseded)


def into(session: Session, incoming: Incoming, current: Table) -> Merged | None:
    """The table with what arrived in it; None where all of that was in it already."""
    superseded = _distinct(session, incoming)
    session.add(CURRENT, replace(current.plan, file_column=_LIES_IN))
    common = [column.name for column in incoming.columns if current.schema.find(column.name)]
    replaced = _replaced(incoming)
    if common == list(incoming.columns.names) and not _differs(session, common, replaced):
        return None
    remove = _files(session, replaced)
    session.add(TOUCHED, replace(current.plan, files=remove))
    stays = f"select * from {quote_table(TOUCHED)} as t where not coalesce({replaced}, false)"
    return Merged(f"{stays} union all by name select * from {quote_table(DISTINCT)}", remove, superseded)


def _distinct(session: Session, incoming: Incoming) -> int:
    """Make DISTINCT the rows that arrived, one for each key, the last; how many gave way."""
    rows, key = quote_table(incoming.relation), ", ".join(quote(name) for name in incoming.key)
    if not key:
        session.add_view(DISTINCT, f"select * from {rows}")
        return 0
    filled = " and ".join(f"{quote(name)} is not null" for name in incoming.key)
    extra = session.rows(
        f"select coalesce(sum(n - 1), 0)::bigint from (select count(*) as n from {rows} where {filled} group by {key})"
    )[0][0]
    if not extra:
        session.add_view(DISTINCT, f"select * from {rows}")
        return 0
    # The row's hash makes the choice among equals the same each time.
    order = ", ".join([f"{quote(name)} desc nulls last" for name in incoming.order] + ["hash(r)"])
    session.add_view(
        DISTINCT,
        f"select * from {rows} as r qualify not ({filled}) or row_number() over (partition by {key} order by {order}) = 1",
    )
    return int(extra)


def _replaced(incoming: Incoming) -> str:
    """SQL that is true for the rows `t` of the table that what arrived stands for."""
    if incoming.key or incoming.replaces:
        identities = [names for names in (incoming.replaces, incoming.key) if names]
        return "(" + " or ".join(_matches(names) for names in identities) + ")"
    assert incoming.since is not None, "rows that come without key, file or cursor cannot be merged"
    column = f"t.{quote(incoming.since.column)}"
    return f"({column} >= {literal(incoming.since.value)} or {column} is null)"


def _matches(names: tuple[str, ...]) -> str:
    left = ", ".join(f"t.{quote(name)}" for name in names)
    right = ", ".join(quote(name) for name in names)
    return (
        f"({left}) in (select ({right}) from {quote_table(DISTINCT)})"
        if len(names) > 1
        else (f"{left} in (select {right} from {quote_table(DISTINCT)})")
    )


def _differs(session: Session, columns: list[str], replaced: str) -> bool:
    """Whether what arrived differs, as a bag of rows, from the rows of the table that it stands for."""
    listed = ", ".join(quote(name) for name in columns)
    arrived = f"select {listed} from {quote_table(DISTINCT)}"
    there = f"select {listed} from {quote_table(CURRENT)} as t where {replaced}"
    counts = session.rows(
        f"select (select count(*) from ({arrived} except all {there})), (select count(*) from ({there} except all {arrived}))"
    )
    return any(counts[0])


def _files(session: Session, replaced: str) -> tuple[str, ...]:
    """The files of the table that hold rows which give way."""
    found = session.rows(f"select distinct t.{_LIES_IN} from {quote_table(CURRENT)} as t where {replaced}")
    return tuple(sorted(row[0] for row in found))
